/**
 * Search in the list of conversations: what is found stands in the place of the list while something is typed, each
 * with the place that matched, and opening it goes there.
 */
import { speak } from "./announcements.js";
import { element } from "./elements.js";
import { filled, list as texts, owner } from "./facts.js";

const TYPING_MS = 150;
/** Until what is not read yet is asked for once more. */
const BEHIND_MS = 1500;
/** Gradio shows the turns in the next frame, and then scrolls by itself. */
const SHOWN_MS = 400;

const input = element("input", { type: "search", id: "search", maxLength: 200, autocomplete: "off", dir: "auto" });
input.placeholder = texts.search;
input.setAttribute("aria-label", texts.search);
const found = element("section", { id: "found", hidden: true });
found.setAttribute("aria-label", texts.search_results);

let timer = 0;
let asking = null;

function wait(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(ask, milliseconds);
}

function show(...content) {
  const isSearching = content.length > 0;
  found.replaceChildren(...content);
  found.hidden = !isSearching;
  found.parentElement?.classList.toggle("searching", isSearching);
}

/** Ask for what is typed; for nothing, so that what is new is read before somebody has typed. */
async function ask() {
  asking?.abort();
  asking = new AbortController();
  const typed = input.value.trim();
  if (!typed) show();
  let told;
  try {
    const answer = await fetch(`/conversations/search?${new URLSearchParams({ q: typed })}`, {
      headers: { accept: "application/json", "x-page-owner": owner },
      signal: asking.signal,
    });
    if (!answer.ok) throw new Error(`no search: ${answer.status}`);
    told = await answer.json();
  } catch (error) {
    if (error.name !== "AbortError" && typed) show(sentence(texts.not_searched));
    return;
  }
  if (!typed || typed !== input.value.trim()) return;
  draw(told);
  if (told.behind) wait(BEHIND_MS);
}

function draw({ rows, behind }) {
  const count = rows.length;
  const told = count ? filled(texts.found, { count }) : texts.nothing_found;
  if (!behind) speak(told);
  const more = behind ? [sentence(texts.search_behind)] : [];
  show(...more, ...(count ? [element("ul", {}, ...rows.map(drawRow))] : behind ? [] : [sentence(told)]));
}

function drawRow({ address, title, snippet }) {
  const name = element("span", { className: "title", dir: "auto" }, ...pieces(title));
  const place = snippet.length ? [element("span", { className: "snippet", dir: "auto" }, ...pieces(snippet))] : [];
  return element("li", {}, element("a", { href: address }, name, ...place));
}

function pieces(all) {
  return all.map(([text, isFound]) => (isFound ? element("mark", { textContent: text }) : text));
}

function sentence(text) {
  return element("p", { textContent: text });
}

/** Put a turn that the page was opened at in sight, and its address back to the conversation's. */
export function reach(turn) {
  const query = new URLSearchParams(location.search);
  query.delete("turn");
  history.replaceState(history.state, "", `?${query}`);
  setTimeout(() => {
    const row = document.querySelector(`#chat .actions button[value="${turn}"]`)?.closest(".message-row");
    row?.scrollIntoView({ block: "start" });
    row?.classList.add("reached");
  }, SHOWN_MS);
}

function place() {
  const column = document.querySelector("#conversations");
  if (!column || column.contains(input)) return;
  column.append(input, found);
}

input.addEventListener("input", () => wait(TYPING_MS));
input.addEventListener("focus", () => input.value || ask(), { once: true });
input.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !input.value) return;
  event.stopPropagation(); // it closes nothing else
  input.value = "";
  ask();
});
// Gradio makes the sidebar when it is ready, and anew when it likes.
new MutationObserver(place).observe(document.documentElement, { subtree: true, childList: true });
place();
