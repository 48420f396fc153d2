/** What the server has told us: `description.py`, whose script comes before all others. */
const found = window.asistente.facts;

/** Sentences in the page's language. */
export const words = found.words;
/** Names of what the keyboard does, and of its keys. */
export const shortcuts = found.shortcuts;
/** What the list of conversations says. */
export const list = found.list;
/** What is asked when an answer gets a thumb, and how long a reason may be. */
export const { thumbs } = found;
/** English names of Gradio's, and what they are in the page's language. */
export const names = found.names;
/** How many characters may be sent, and how many of them are kept as a draft. */
export const { most, mostKept } = found;
/** What may be attached: how many files, how many bytes of each, of an image how many, and pixels on a side. */
export const limits = found.files;
/** The models on offer, pairs of id and name. */
export const { models } = found;
/** Whose page this is. */
export const owner = document.querySelector("meta[name=owner]").content;
/** Whether the page is that of a conversation that is never stored: its id begins so. */
export const isTemporary = ["c", "new"].some((name) =>
  new URLSearchParams(location.search).get(name)?.startsWith(found.temporary),
);
export const language = document.documentElement.lang;

/** A sentence with names and whole numbers put into it, those as the language writes them. */
export function filled(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? String(value).replace(/\B(?=(\d{3})+$)/g, found.thousands) : value;
  });
}
