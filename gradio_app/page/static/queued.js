/**
 * A message that waits for the end of an answer, shown over the box. It waits in this page alone, so no two of
 * them send it; at the server it is part of the draft, which the page gives back after a reload.
 */
import { speak } from "./announcements.js";
import { element } from "./elements.js";
import { filled, words } from "./facts.js";

/** {text, files}, or nothing. */
let waiting = null;

/** What waits. */
export function queued() {
  return waiting;
}

/** Have a message wait, in place of the one before; `onBack` is called by who wants it in the box again. */
export function wait(message, onBack) {
  waiting = message;
  const said = message.text.trim() || message.files.map((file) => file.name).join(", ");
  const back = element("button", { type: "button", textContent: words.queue_back });
  back.addEventListener("click", onBack);
  const line = element(
    "div",
    { id: "queued" },
    element("strong", { textContent: words.queued }),
    element("p", { dir: "auto", textContent: said, title: said }),
    back,
  );
  line.setAttribute("role", "group");
  line.setAttribute("aria-label", words.queued);
  document.querySelector("#queued")?.remove();
  document.querySelector("#composer").before(line);
  speak(filled(words.queue_waits, { text: said }));
}

/** Take what waits. */
export function takeQueued() {
  const message = waiting;
  waiting = null;
  document.querySelector("#queued")?.remove();
  return message;
}
