/**
 * Copying a message, a piece of code or a table. Gradio's own buttons would take the HTML that the server made of
 * a text, and leave blanks away.
 */
import { words } from "./facts.js";
import { source } from "./messages.js";

const SHOWN_MS = 2000;
/** What is no part of what an answer says. */
const OURS = ".heard, button";

/** Copy texts by their types. Some browsers let a page write only at once on a click: they take promises. */
async function copy(button, texts) {
  const blobs = Object.entries(texts).map(([type, text]) => [
    type,
    Promise.resolve(text).then((each) => new Blob([each], { type })),
  ]);
  await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
  const name = button.title;
  button.classList.add("copied");
  button.title = words.copied;
  setTimeout(() => {
    button.classList.remove("copied");
    button.title = name;
  }, SHOWN_MS);
}

// The browser, too, ends the last line of code with a line end that is not part of it.
function code(button) {
  return button.parentElement.querySelector("code").textContent.replace(/\n$/, "");
}

/** The code in a fence that is longer than any in it, with its language as the page knows it. */
function fenced(button) {
  const text = code(button);
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  const [, language = ""] = /language-([\w+-]+)/.exec(button.parentElement.querySelector("pre").outerHTML) ?? [];
  return `${fence}${language}\n${text}\n${fence}\n`;
}

/** A table as spreadsheets take it: HTML without any of our classes, and lines of cells between tabs. */
function table(button) {
  const rows = [...button.parentElement.querySelectorAll("tr")].map((row) => [...row.cells]);
  const said = (cell) => cell.innerText.replace(/\s+/g, " ").trim();
  const bare = document.createElement("table");
  for (const row of rows) {
    const copied = bare.insertRow();
    for (const cell of row) copied.append(Object.assign(document.createElement(cell.tagName), { textContent: said(cell) }));
  }
  return {
    "text/html": bare.outerHTML,
    "text/plain": rows.map((row) => row.map(said).join("\t")).join("\n"),
  };
}

/** A part of an answer as one reads it: only what is on the page has line ends. */
function read(part, chat) {
  const shown = part.cloneNode(true);
  for (const ours of shown.querySelectorAll(OURS)) ours.remove();
  shown.classList.add("read");
  chat.append(shown);
  const text = shown.innerText.replace(/\n{3,}/g, "\n\n").trim();
  shown.remove();
  return text;
}

function whole(button) {
  const parts = [...button.closest(".bot-row").querySelectorAll(".written, .typed, pre")];
  const outer = parts.filter((part) => !parts.some((other) => other !== part && other.contains(part)));
  return outer.map((part) => read(part, button.closest("#chat"))).join("\n\n");
}

function texts(button) {
  if (button.matches(".copy_table")) return table(button);
  if (button.matches(".copy_fenced")) return { "text/plain": fenced(button) };
  if (button.matches(".copy_code_button")) return { "text/plain": code(button) };
  if (button.matches(".as-text")) return { "text/plain": whole(button) };
  return { "text/plain": source(button.value, button.closest(".user-row") ? "question" : "answer") };
}

function onClick(event) {
  const button = event.target.closest?.("#chat :is(.copy_code_button, .copy_fenced, .copy_table, .actions .copy, .as-text)");
  if (!button) return;
  event.stopImmediatePropagation();
  event.preventDefault();
  if (button.classList.contains("copied")) return;
  copy(button, texts(button)).catch(() => button.classList.remove("copied"));
}

function button(kind, name) {
  return Object.assign(document.createElement("button"), { type: "button", className: kind, title: name });
}

/** Buttons beside code and at tables: Gradio puts new HTML in their place while an answer grows. */
function complete() {
  for (const one of document.querySelectorAll("#chat .copy_code_button")) {
    if (!one.parentElement.querySelector(".copy_fenced")) one.after(button("copy_fenced", words.copy_fenced));
  }
  for (const one of document.querySelectorAll("#chat .table:not(:has(> .copy_table))")) {
    one.prepend(button("copy_table", words.copy_table));
  }
}

new MutationObserver(complete).observe(document.documentElement, { subtree: true, childList: true });
addEventListener("click", onClick, true);
