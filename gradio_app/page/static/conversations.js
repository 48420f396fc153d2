/**
 * The list of conversations in the sidebar: the newest first, by day, more of them as one scrolls, a menu at each.
 * It is read from our own route and drawn here; where a conversation is opened it is a link like any other.
 */
import { ask } from "./conversation_dialogs.js";
import { moved, save } from "./drafts.js";
import { element } from "./elements.js";
import { filled, language, list as texts, owner } from "./facts.js";
import { say } from "./notice.js";

const DAY_MS = 24 * 3600 * 1000;
const MENU = ["rename", "pin", "move", "markdown", "json", "share", "delete"];
const FILES = ["markdown", "json"];
/** How long it is waited for a title, each time before the list is read anew. */
const TITLE_MS = [1500, 3000, 6000];

/** What the server has told: the pinned ones, the others by time, where they go on, the folders. */
let told = null;
let isLoading = false;
let drawn = "";

const current = () => {
  const query = new URLSearchParams(location.search);
  return query.get("c") ?? query.get("new") ?? "";
};

async function read(after = "") {
  const answer = await fetch(`/conversations/list?${new URLSearchParams({ after })}`, {
    headers: { accept: "application/json", "x-page-owner": owner },
  });
  if (!answer.ok) throw new Error(`no list: ${answer.status}`);
  return answer.json();
}

/** The list from its beginning as it is now; what was loaded further down stays. */
async function refresh() {
  let first;
  try {
    first = await read();
  } catch {
    return; // the next turn, or whoever comes back to the tab, has it read again
  }
  const last = first.rows.at(-1);
  const known = new Set([...first.rows, ...first.pinned].map((row) => row.id));
  const further = !first.following || !last ? []
    : (told?.rows ?? []).filter((row) => row.at <= last.at && !known.has(row.id));
  told = { ...first, rows: [...first.rows, ...further], following: further.length ? told.following : first.following };
  draw();
}

async function more() {
  if (isLoading || !told?.following) return;
  isLoading = true;
  try {
    const next = await read(told.following);
    const known = new Set(told.rows.map((row) => row.id));
    told.rows.push(...next.rows.filter((row) => !known.has(row.id)));
    told.following = next.following;
    draw();
  } catch {
    say(texts.not_loaded, "list");
  } finally {
    isLoading = false;
  }
}

// Drawing.

/** The heading under which a conversation stands, by the day in the browser's time zone. */
function period(at) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const time = at * 1000;
  if (time >= midnight) return texts.today;
  if (time >= midnight - DAY_MS) return texts.yesterday;
  if (time >= midnight - 7 * DAY_MS) return texts.week;
  return new Intl.DateTimeFormat(language, { month: "long", year: "numeric" }).format(time);
}

function groups() {
  const found = new Map(told.pinned.length ? [[texts.pinned, told.pinned]] : []);
  for (const row of told.rows) {
    const name = period(row.at);
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(row);
  }
  return [...found];
}

function drawRow(row) {
  const link = element("a", { href: row.address, textContent: row.title, title: row.title, dir: "auto" });
  if (row.id === current()) link.setAttribute("aria-current", "page");
  const button = element("button", { type: "button", className: "more", textContent: "⋯" });
  button.setAttribute("aria-label", filled(texts.menu, { title: row.title }));
  button.setAttribute("aria-haspopup", "menu");
  button.addEventListener("click", () => openMenu(button, row));
  const item = element("li", {}, link, button);
  item.dataset.id = row.id;
  return item;
}

function drawGroup([name, rows]) {
  return [element("h3", { textContent: name }), element("ul", {}, ...rows.map(drawRow))];
}

function draw() {
  const place = document.querySelector("#conversations");
  if (!place || !told) return;
  const state = JSON.stringify([told, current()]);
  if (state === drawn && place.querySelector("nav")) return;
  drawn = state;
  const nav = element("nav", {}, ...groups().flatMap(drawGroup));
  nav.setAttribute("aria-label", texts.name);
  if (told.following) nav.append(sentinel());
  else if (told.kept) nav.append(element("p", { className: "kept", textContent: told.kept }));
  const focus = focused(place);
  const old = place.querySelector(":scope > nav");
  if (old) old.replaceWith(nav);
  else place.append(nav);
  focus?.(nav);
}

/** Puts the keyboard where it was, once the list is drawn anew. */
function focused(place) {
  const row = document.activeElement?.closest?.("#conversations li");
  if (!row || !place.contains(row)) return null;
  const selector = document.activeElement.matches("a") ? "a" : "button";
  return (nav) => nav.querySelector(`li[data-id="${row.dataset.id}"] ${selector}`)?.focus({ preventScroll: true });
}

const watcher = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && more());

/** At the end of what is loaded; when it comes into sight, more is. */
function sentinel() {
  const button = element("button", { type: "button", className: "further", textContent: texts.further });
  button.addEventListener("click", more);
  watcher.disconnect();
  watcher.observe(button);
  return button;
}

// The menu of a row.

function openMenu(button, row) {
  document.querySelector("#row-menu")?.remove();
  const names = MENU.filter((name) => name !== "share" || told.shares);
  const menu = element("div", { id: "row-menu", popover: "auto" }, ...names.map((name) => entry(name, row, button)));
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", row.title);
  button.closest("#conversations").append(menu); // inside a landmark
  menu.addEventListener("keydown", onMenuKey);
  menu.addEventListener("toggle", ({ newState }) => {
    button.setAttribute("aria-expanded", newState === "open");
    if (newState === "closed") menu.remove();
  });
  menu.showPopover();
  const { left, right, top, bottom } = button.getBoundingClientRect();
  const below = bottom + menu.offsetHeight < innerHeight;
  menu.style.top = `${Math.max(4, below ? bottom : top - menu.offsetHeight)}px`;
  menu.style.left = `${Math.max(4, Math.min(left, innerWidth - menu.offsetWidth - 4, right))}px`;
  menu.firstChild.focus();
}

function entry(name, row, button) {
  const key = name === "pin" && row.pinned ? "unpin" : name;
  const made = element("button", { type: "button", textContent: texts[key], tabIndex: -1 });
  made.setAttribute("role", "menuitem");
  made.addEventListener("click", () => {
    document.querySelector("#row-menu")?.hidePopover();
    button.focus();
    choose(key, row);
  });
  return made;
}

function onMenuKey(event) {
  const entries = [...event.currentTarget.children];
  const at = entries.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined) return void (event.key === "Tab" && event.currentTarget.hidePopover());
  event.preventDefault();
  entries.at(to % entries.length).focus();
}

async function choose(name, row) {
  if (FILES.includes(name)) return download(name, row);
  const wish = await ask(name, row, told.folders);
  if (!wish) return;
  if (name === "share") return share({ ...wish, id: row.id });
  const answer = await change("/conversations/conversation", { ...wish, id: row.id });
  if (answer && name === "delete" && row.id === current()) return leave(answer.next);
  if (answer) replace(row.id, answer.row);
  await refresh();
}

/** Have the browser save a conversation as a file. */
function download(as, { id }) {
  const query = new URLSearchParams({ as, id });
  element("a", { href: `/conversations/export?${query}`, download: "" }).click();
}

/** Have a copy made, and go to the list of them. */
async function share(wish) {
  const answer = await change("/conversations/shares", wish);
  if (answer) location.assign(answer.next);
}

/** Put what the server says of a conversation in the place of what is shown of it, however far down that is. */
function replace(id, row) {
  for (const rows of [told.pinned, told.rows]) {
    const at = rows.findIndex((each) => each.id === id);
    if (at >= 0) rows.splice(at, 1, ...(row ? [row] : []));
  }
}

/** Have something changed; what the server answered, or nothing when it refused, which is said. */
async function change(path, values) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { accept: "application/json", "x-page-owner": owner },
      body: new URLSearchParams(values),
      keepalive: true, // also when another page is opened at once
    });
    const body = await answer.json();
    if (answer.ok) return body;
    say(body.detail ?? texts.not_changed, "list");
  } catch {
    say(texts.not_changed, "list");
  }
  return null;
}

/** The open conversation is gone: what is written in the box goes along to the page of a new one. */
async function leave(address) {
  history.replaceState(history.state, "", address);
  moved();
  await save().catch(() => {});
  location.reload();
}

/** After its first answer a conversation may get a title from the model, in its own time. */
async function titled() {
  for (const wait of TITLE_MS) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    const row = told?.rows.find((each) => each.id === current());
    if (!row || row.named || document.querySelectorAll("#chat .user-row").length > 1) return;
    await refresh();
  }
}

function turned(changes) {
  if (changes.every((change) => change.oldValue === null)) return; // the page opens, and the list was read
  refresh();
  // Not when the page opens: what has no title by then gets none.
  if (changes.some((change) => change.oldValue === "yes") && document.documentElement.dataset.running === "no") titled();
}

// When it is read anew: after each turn, and when somebody comes back to this tab.
new MutationObserver(turned).observe(document.documentElement, {
  attributeOldValue: true,
  attributeFilter: ["data-running"],
});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());
addEventListener("focus", () => refresh());
// Gradio makes the sidebar when it is ready, and anew when it likes.
new MutationObserver(() => {
  const place = document.querySelector("#conversations");
  if (place && told && !place.querySelector(":scope > nav")) draw();
}).observe(document.documentElement, { subtree: true, childList: true });
refresh();
