/** Messages as they were written, and their names for a screen reader. */
import { words } from "./facts.js";

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
