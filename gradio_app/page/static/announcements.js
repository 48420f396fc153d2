/**
 * What a screen reader says of answers: that one begins, what it waits for, how it ended. Gradio would have each word
 * of it said as it comes (`mended.js` takes that away); who wants to hear it reads it when it is there.
 */
import { words } from "./facts.js";

/** One that follows at once must not take the place of one that is not said yet. */
const KEPT = 2;

// It has to be on the page before anything is written into it.
const region = document.createElement("div");
region.id = "spoken";
region.setAttribute("role", "status");
region.setAttribute("aria-atomic", "false"); // or what was said before is said again
document.body.append(region);

let isFollowing = false;
let waits = "";

/** Have a sentence said when the screen reader has time for it. */
export function speak(sentence) {
  const line = document.createElement("p");
  line.textContent = sentence;
  region.append(line);
  while (region.children.length > KEPT) region.firstChild.remove();
}

/** An answer is being written, or is not any more; once for each answer, however often this is called. */
export function followed(isBeingWritten) {
  if (isBeingWritten && !isFollowing) speak(words.begins);
  isFollowing = isBeingWritten;
  waits = "";
}

function look() {
  if (!isFollowing) return;
  const now = document.querySelector("#chat .notice.waits")?.textContent ?? "";
  if (now && now !== waits) speak(now);
  waits = now || waits;
}

function onCopied(changes) {
  const isNew = ({ target, oldValue }) =>
    target.matches("#chat .copied") && !(oldValue ?? "").split(" ").includes("copied");
  if (changes.some(isNew)) speak(words.copied);
}

new MutationObserver(look).observe(document.documentElement, { subtree: true, childList: true });
const classes = { subtree: true, attributes: true, attributeFilter: ["class"], attributeOldValue: true };
new MutationObserver(onCopied).observe(document.documentElement, classes);
