/** What the server wrote into the page for us: `served.py`. */
const found = JSON.parse(document.querySelector("meta[name=facts]").content);

/** Sentences in the page's language. */
export const words = found.words;
/** Names of what the keyboard does, and of its keys. */
export const shortcuts = found.shortcuts;
/** What the list of conversations says. */
export const list = found.list;
/** English names of Gradio's, and what they are in the page's language. */
export const names = found.names;
/** How many characters may be sent, and how many of them are kept as a draft. */
export const { most, mostKept } = found;
/** What may be attached: how many files, how many bytes of each, of an image how many, and pixels on a side. */
export const limits = found.files;
/** The models on offer, pairs of id and name. */
export const { models } = found;
/** Whose page this is. */
export const owner = found.owner;
export const language = document.documentElement.lang;

/** A sentence with names and whole numbers put into it, those as the language writes them. */
export function filled(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? String(value).replace(/\B(?=(\d{3})+$)/g, found.thousands) : value;
  });
}
