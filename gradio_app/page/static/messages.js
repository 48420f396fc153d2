/**
 * What a person does with messages: copy one or a piece of code, change a question. Gradio's own buttons would
 * take the HTML that the server made of a text, and leave blanks away.
 */
import { words } from "./facts.js";

const SHOWN_MS = 2000;

function conversation() {
  const query = new URLSearchParams(location.search);
  return query.get("c") ?? query.get("new") ?? "";
}

/** What a message was before it became HTML. */
export async function source(turn, which) {
  const query = new URLSearchParams({ conversation: conversation(), turn, which });
  const answer = await fetch(`/message?${query}`);
  if (!answer.ok) throw new Error(`no message: ${answer.status}`);
  return answer.text();
}

// Some browsers let a page write only at once when it is clicked: they take a promise of the text.
function write(text) {
  const blob = text.then((each) => new Blob([each], { type: "text/plain" }));
  return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
}

async function copy(button, text) {
  await write(text);
  const name = button.title;
  button.classList.add("copied");
  button.title = words.copied;
  setTimeout(() => {
    button.classList.remove("copied");
    button.title = name;
  }, SHOWN_MS);
}

function onClick(event) {
  const button = event.target.closest?.("#chat :is(.copy_code_button, .actions .copy)");
  if (!button) return;
  event.stopImmediatePropagation();
  event.preventDefault();
  if (button.classList.contains("copied")) return;
  copy(button, button.value ? source(button.value, which(button)) : Promise.resolve(code(button))).catch(() => {
    button.classList.remove("copied");
  });
}

function which(button) {
  return button.closest(".user-row") ? "question" : "answer";
}

// The browser, too, ends the last line of code with a line end that is not part of it.
function code(button) {
  return button.parentElement.querySelector("code").textContent.replace(/\n$/, "");
}

/** Gradio names a message by its whole HTML, and its own button in English only. */
function named(root) {
  for (const message of root.querySelectorAll("#chat [data-testid][aria-label]")) message.removeAttribute("aria-label");
  for (const button of root.querySelectorAll("#chat .copy_code_button")) {
    if (button.title !== words.copied && button.title !== words.copy_code) button.title = words.copy_code;
  }
  // What scrolls by itself can be scrolled with the keyboard, too.
  for (const wide of root.querySelectorAll("#chat :is(pre, .formula.block):not([tabindex])")) wide.tabIndex = 0;
}

const seen = { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-label"] };
new MutationObserver(() => named(document)).observe(document.documentElement, seen);
addEventListener("click", onClick, true);
