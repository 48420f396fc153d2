/**
 * What the keyboard does from anywhere on the page, and the sheet that lists it.
 *
 * Alt with Shift is what browsers leave to pages (the access keys of HTML); with Control and Alt people type
 * characters, and screen readers have their own keys there. On a Mac, Option types characters and Control is free.
 * Not among the letters: A, B, C, I, P, T, W, X and Z, which Chrome or Edge take with Alt and Shift.
 */
import { inTurn, newConversation, newTemporary, reach } from "./conversations_by_key.js";
import { dialog, element } from "./elements.js";
import { shortcuts as texts } from "./facts.js";

const isMac = /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform);
/** Kept so that it lasts, like the language: whoever speaks to the computer may type a "?" without meaning to. */
const COOKIE = "question-mark";
const ONE_YEAR = 365 * 24 * 3600;

const find = (selector) => document.querySelector(selector);
const press = (selector) => [...document.querySelectorAll(selector)].at(-1)?.click();

/** By letter, in the order of the sheet: the name of its text, and what it does. */
const COMMANDS = {
  n: ["new", newConversation],
  o: ["temporary", newTemporary],
  f: ["list", reach],
  j: ["next", () => inTurn(1)],
  k: ["previous", () => inTurn(-1)],
  m: ["write", () => find("#box textarea")?.focus()],
  s: ["stop", () => document.documentElement.dataset.running === "yes" && press("#stop")],
  r: ["copy", () => press("#chat .bot-row .actions .copy")],
  h: ["help", toggle],
};

function letterOf({ key, code }) {
  // With another script's keyboard the key's place counts.
  return (/^[a-z]$/i.test(key) ? key : code.replace("Key", "")).toLowerCase();
}

function isChord(event) {
  const { altKey, ctrlKey, metaKey, shiftKey } = event;
  if (!shiftKey || metaKey || event.getModifierState("AltGraph")) return false;
  return isMac ? ctrlKey && !altKey : altKey && !ctrlKey;
}

function isTyped({ target }) {
  return target.isContentEditable || target.matches?.("input, textarea, select, [role=combobox], [role=listbox] *");
}

function onKey(event) {
  if (event.isComposing || event.defaultPrevented) return;
  const [, act] = (isChord(event) && COMMANDS[letterOf(event)]) || [];
  const asks = event.key === "?" && !event.ctrlKey && !event.metaKey && !isTyped(event) && opensByMark();
  if (!act && !asks) return;
  // While the sheet is open, all else is out of reach.
  if (sheet()?.open && act !== toggle && !asks) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!event.repeat) (act ?? toggle)();
}

function opensByMark() {
  return !document.cookie.split("; ").includes(`${COOKIE}=off`);
}

function setMark(isOn) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${COOKIE}=${isOn ? "on" : "off"}; Path=/; Max-Age=${ONE_YEAR}; SameSite=Lax${secure}`;
}

// The sheet.

function sheet() {
  return find("#help");
}

function toggle() {
  const open = sheet() ?? made();
  if (open.open) return open.close();
  open.querySelector("input").checked = opensByMark();
  open.showModal();
}

function made() {
  const heading = element("h2", { id: "help-heading", textContent: texts.heading });
  const close = element("button", { type: "button", textContent: texts.close });
  const list = element("dl", {}, ...Object.entries(COMMANDS).flatMap(([letter, [name]]) => row(letter, texts[name])));
  const mark = element("input", { type: "checkbox", id: "help-mark" });
  const label = element("label", {}, mark, texts.mark);
  const help = dialog(heading, heading, list, ...inBox(), label, close);
  help.id = "help";
  mark.addEventListener("change", () => setMark(mark.checked));
  close.addEventListener("click", () => help.close());
  help.addEventListener("click", (event) => event.target === help && help.close());
  return help;
}

function row(letter, name) {
  const modifiers = isMac ? [texts.control, texts.shift] : [texts.alt, texts.shift];
  return [element("dt", { textContent: name }), keys(...modifiers, letter.toUpperCase())];
}

/** What the box and a question that is being changed do with keys. */
function inBox() {
  const heading = element("h3", { textContent: texts.in_box });
  const change = isMac ? texts.command : texts.ctrl;
  const lines = [
    [texts.send, [texts.enter]],
    [texts.line, [texts.shift, texts.enter]],
    [texts.send_edited, [change, texts.enter]],
    [texts.leave_edited, [texts.escape]],
  ].flatMap(([name, names]) => [element("dt", { textContent: name }), keys(...names)]);
  return [heading, element("dl", {}, ...lines)];
}

function keys(...names) {
  const pressed = names.flatMap((name, at) => [...(at ? ["\u2009+\u2009"] : []), element("kbd", { textContent: name })]);
  return element("dd", {}, ...pressed);
}

addEventListener("keydown", onKey, true);
addEventListener("click", (event) => event.target.closest?.("#shortcuts") && toggle());
