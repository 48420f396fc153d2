/** What is typed and not sent, kept at the server: one draft for each conversation. */
import { isTemporary, mostKept, owner } from "./facts.js";

const SAVE_MS = 1000;
/** The most that a browser sends for a page that is going away. */
const KEEPALIVE_BYTES = 60_000;

let unsent = () => "";
let files = () => [];
let conversation = "";
let saved = " ";
let timer = 0;

/** Say where to ask for the text that is to be kept, and for the ids of the files beside it. */
export function keepFrom(source, fileSource) {
  unsent = source;
  files = fileSource;
  conversation = addressed();
}

/** The text has changed: save it soon. */
export function changed() {
  if (!timer) timer = setTimeout(() => save().catch(() => {}), SAVE_MS);
}

/** The page is another conversation's from now on. */
export function moved() {
  conversation = addressed();
  saved = null;
  changed();
}

/**
 * Save what there is now, changed or not.
 *
 * Returns the status of the answer, and whether all of the text was kept; rejects when there is no answer.
 */
export async function save({ leaving = false } = {}) {
  clearTimeout(timer);
  timer = 0;
  const text = unsent();
  const now = state();
  const body = new TextEncoder().encode(text);
  const answer = await fetch(`/draft?conversation=${conversation}&files=${files().join(",")}`, {
    method: "PUT",
    headers: { "content-type": "text/plain; charset=utf-8", "x-page-owner": owner },
    body,
    keepalive: leaving && body.length < KEEPALIVE_BYTES,
  });
  if (answer.ok) saved = now;
  return { status: answer.status, whole: [...text].length <= mostKept };
}

/** Whether something would be lost with the page. */
export function isSaved() {
  return state() === saved;
}

function state() {
  return `${files().join()} ${unsent()}`;
}

function addressed() {
  const query = new URLSearchParams(location.search);
  return query.get("c") ?? query.get("new") ?? "";
}

function leave() {
  if (!isSaved() && !isTemporary) save({ leaving: true }).catch(() => {});
}

addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
