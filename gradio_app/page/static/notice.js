/** One sentence over the box, until it is closed or another one takes its place. */
import { words } from "./facts.js";

let shown = null;
let shownKind = "";

/** Show a sentence; `kind` is what it is about, `link` a pair of address and text that opens a tab. */
export function say(sentence, kind = "", link = null) {
  hush();
  const composer = document.querySelector("#composer");
  if (!sentence || !composer) return;
  shown = document.createElement("div");
  shown.id = "notice";
  shown.setAttribute("role", "alert");
  const text = document.createElement("p");
  text.textContent = sentence;
  if (link) text.append(" ", opening(...link));
  shown.append(text, closing());
  shownKind = kind;
  composer.before(shown);
}

/** Take the sentence away; with a kind, only if it is about that. */
export function hush(kind = "") {
  if (kind && kind !== shownKind) return;
  shown?.remove();
  shown = null;
  shownKind = "";
}

/** Whether a sentence about this is shown. */
export function says(kind) {
  return shown !== null && shownKind === kind;
}

function opening(address, name) {
  const link = document.createElement("a");
  link.href = address;
  link.target = "_blank";
  link.textContent = name;
  return link;
}

function closing() {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", words.close);
  button.textContent = "×";
  button.addEventListener("click", () => hush());
  return button;
}
