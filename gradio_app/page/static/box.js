/**
 * The box to write in. Its text is ours: the server gives texts back but never sets the box, so that what
 * was typed meanwhile stays. A question is taken out of the box when it is sent, and put back if it is refused.
 */
import { followed, speak } from "./announcements.js";
import { connection, guard, isLost } from "./connection.js";
import { changed, isSaved, keepFrom, moved, save } from "./drafts.js";
import { filled, most, mostKept, words } from "./facts.js";
import { fileIds, giveFiles, hasFiles, known, mustWait, onFiles, takeFiles } from "./files.js";
import { hush, say, says } from "./notice.js";
import { queued, takeQueued, wait } from "./queued.js";
import { reach } from "./search.js";

/** What is being asked, {id, text, files, body of the request}, until the server has said what became of it. */
let outgoing = null;
let isRunning = false;
/** Whether a click on "send" is our own. */
let isOurs = false;
let lastHeard = "";

const find = (selector) => document.querySelector(selector);
const box = () => find("#box textarea");

function put(field, text) {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true })); // or Gradio does not know of it
}

/** A text that was given back, before what was typed since; nothing twice. */
export function merged(given, typed) {
  if (!typed.trim() || typed === given) return given;
  if (!given.trim() || typed.startsWith(`${given}\n\n`)) return typed;
  return `${given}\n\n${typed}`;
}

function give(text) {
  const field = box();
  const whole = merged(text, field.value);
  if (whole === field.value) return;
  const fromEnd = field.value.length - field.selectionEnd;
  put(field, whole);
  field.setSelectionRange(whole.length - fromEnd, whole.length - fromEnd);
}

function run(running) {
  isRunning = running;
  document.documentElement.dataset.running = running ? "yes" : "no";
  if (!running) hush("busy");
}

/** A fresh name for whatever is asked next. */
function renew() {
  const id = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0"));
  put(find("#ask-id textarea, #ask-id input"), id.join(""));
  return id.join("");
}

/** Whether something can be asked now; if not, says why. */
function mayAsk() {
  if (isLost()) look();
  else if (isRunning || outgoing) say(words.busy, "busy");
  else return true;
  return false;
}

/** From now on something is being asked, which can be stopped; text and files go back if it is refused. */
function begin(text, files = []) {
  outgoing = { id: renew(), text, files };
  hush();
  run(true);
}

/**
 * Send a text by pressing one of Gradio's buttons; whether it could be sent. `take` takes it from where it stands
 * and returns the files that go with it.
 */
function send(text, button, take = () => []) {
  if (!mayAsk()) return false;
  const count = [...text].length;
  if (count > most) return void say(filled(words.too_long, { count, most }), "too_long");
  begin(text, take());
  put(find("#question textarea"), text);
  put(find("#ask-files textarea, #ask-files input"), outgoing.files.map((file) => file.id).join(","));
  isOurs = true;
  find(button).click();
  isOurs = false;
  return true;
}

/** The box has changed, or what is attached: `style.css` shows by it what can be pressed. */
function typed() {
  document.documentElement.dataset.typed = isEmpty(box().value) && !hasFiles() ? "no" : "yes";
  changed();
}

function isEmpty(text) {
  return !text.replace(/[\s\p{Cf}]/gu, "");
}

/** What stands in the box goes out of it; its files are returned. */
function takeFromBox() {
  const files = takeFiles();
  put(box(), "");
  return files;
}

function submit() {
  const text = box().value.toWellFormed?.() ?? box().value;
  if ((isEmpty(text) && !hasFiles()) || mustWait()) return;
  if (isRunning && !isLost()) queue(text);
  else send(text, "#send", takeFromBox);
}

/** While an answer is written, one message waits for its end; what is sent meanwhile becomes part of it. */
function queue(typed) {
  const text = merged(queued()?.text ?? "", typed);
  const count = [...text].length;
  if (count > most) return void say(filled(words.too_long, { count, most }), "too_long");
  hush();
  wait({ text, files: [...(queued()?.files ?? []), ...takeFromBox()] }, () => {
    unqueue();
    box().focus();
  });
  changed();
}

/** What waits goes back into the box. */
function unqueue() {
  const { text, files } = takeQueued();
  give(text);
  giveFiles(files);
  changed();
}

/** An answer has ended: what waits is sent, or goes back into the box where the answer is not whole. */
function dequeue(isWhole) {
  if (!queued() || isRunning || outgoing) return;
  if (isWhole && send(queued().text, "#send", () => takeQueued().files)) return;
  unqueue();
  if (!isWhole) say(words.queue_ended, "queued");
}

function wish(wanted) {
  put(find("#wish textarea, #wish input"), JSON.stringify(wanted));
}

/** Ask another version of a turn's question, with those of its files that stay; whether it could be sent. */
export function askInstead(turn, text, kept) {
  if (isEmpty(text)) return void say(words.empty_edit, "refused");
  wish({ deed: "edit", turn });
  put(find("#kept-files textarea, #kept-files input"), kept.join(","));
  return send(text.toWellFormed?.() ?? text, "#change");
}

/** Ask a turn's question once more of a model, for this time; whether it could be sent. */
export function askAgain(turn, model) {
  wish({ deed: "again", turn, model });
  return send("", "#change");
}

/** Have the last answer go on, with the model that began it if that is known; whether it could be sent. */
export function goOn(turn, model) {
  wish({ deed: "go on", turn, model });
  return send("", "#change");
}

/** Show another version of a turn's question, with what followed it. */
export function show(turn, version) {
  if (!mayAsk()) return;
  hush();
  wish({ deed: "show", turn, version });
  find("#choose").click();
}

/** Have the model read word for word again what a summary tells of, which goes up to this turn. */
export function takeBack(turn) {
  if (!mayAsk()) return;
  hush();
  wish({ deed: "take back", turn });
  find("#choose").click();
}

function settle(taken) {
  const { text, files } = outgoing;
  outgoing = null;
  if (!taken) {
    // It was written to follow what was refused: it goes back, too, and stands behind it.
    if (queued()) unqueue();
    give(text);
    giveFiles(files);
  }
  changed();
}

function hear(told) {
  if (outgoing && told.asked === outgoing.id) settle(told.taken);
  if (told.address) {
    history.replaceState(history.state, "", told.address);
    moved();
  }
  if (told.give) give(told.give);
  if (told.files?.length) giveFiles(told.files.map(known));
  if ("running" in told) {
    run(told.running);
    followed(told.running);
  }
  if (told.said) speak(told.said);
  if (told.notice) say(told.notice, "refused");
  if (told.scroll) scroll(told.scroll);
  if (told.turn) reach(told.turn);
  if (told.running) find("#follow").click();
  else if ("running" in told && !outgoing) renew();
  if ("whole" in told) dequeue(told.whole);
}

function scroll(where) {
  const turns = find("#chat [role=log]");
  // Gradio shows them in the next frame, and then scrolls by itself.
  setTimeout(() => turns?.scrollTo(0, where === "end" ? turns.scrollHeight : 0), 400);
}

function read() {
  const said = find("#news")?.textContent.trim() ?? "";
  if (said === lastHeard || !said || !box()) return;
  lastHeard = said;
  hear(JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(said), (byte) => byte.charCodeAt(0)))));
}

/** Save the text, and say in words why the page has to wait; whether it may be reloaded. */
async function look() {
  let answer;
  const isEmpty = !unsent() && !unsentFiles().length;
  try {
    // With nothing to lose only the session is looked at; saving nothing would drop another tab's draft.
    answer = isEmpty ? await fetch(`/draft${location.search}`) : await save();
  } catch {
    if (!says("lost")) say(words.lost, "lost");
    return false;
  }
  const ended = () => say(words.ended, "ended", ["/login", words.sign_in]);
  if (answer.status === 401 && isEmpty && document.activeElement !== box()) return true;
  if (answer.status === 401) says("ended") || ended();
  else if (answer.status === 409) says("somebody_else") || say(words.somebody_else, "somebody_else");
  else if (answer.status >= 400) says("lost") || say(words.lost, "lost");
  else if (answer.whole === false) says("not_kept") || say(filled(words.not_kept, { most: mostKept }), "not_kept");
  else return true;
  return false;
}

function unsent() {
  return merged(outgoing?.text ?? "", merged(queued()?.text ?? "", box()?.value ?? ""));
}

function unsentFiles() {
  const held = [...(outgoing?.files ?? []), ...(queued()?.files ?? [])];
  return [...held.map((file) => file.id), ...fileIds()];
}

function onKey(event) {
  const isEnter = event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
  if (event.target !== box() || !isEnter) return;
  event.preventDefault(); // Gradio sends nothing by itself: nothing of it follows "submit"
  submit();
}

/** Whether a click asks by itself: the last question once more, or an example. Gradio then sends it. */
function asks(element) {
  const button = element.closest?.("#chat :is(.example, .message-buttons button)");
  return button && (button.matches(".example") || button.title === words.retry);
}

function onClick(event) {
  if (isOurs) return;
  if (asks(event.target)) {
    if (mayAsk()) return begin("");
  } else if (event.target.closest?.("#send")) submit();
  else return;
  event.stopImmediatePropagation();
  event.preventDefault();
}

/** The first request that names what is being asked asks it; what stops it names it, too. */
function onSent({ detail }) {
  if (outgoing && !outgoing.body && detail.body?.includes?.(outgoing.id)) outgoing.body = detail.body;
}

function onFailed({ detail }) {
  const { body, sentence, isShown } = detail;
  const isOutgoing = outgoing?.body && outgoing.body === body;
  if (isOutgoing) {
    settle(false);
    run(false);
  }
  if (!isLost() && !isShown) say(sentence || (isOutgoing ? words.failed : words.failed_event), "refused");
}

keepFrom(unsent, unsentFiles);
onFiles(typed, submit);
guard.mayReload = look;
connection.addEventListener("sent", onSent);
connection.addEventListener("failed", onFailed);
connection.addEventListener("lost", () => void look());
addEventListener("keydown", onKey, true);
addEventListener("click", onClick, true);
addEventListener("input", (event) => event.target === box() && typed(), true);
new MutationObserver(read).observe(document.documentElement, { subtree: true, childList: true, characterData: true });
