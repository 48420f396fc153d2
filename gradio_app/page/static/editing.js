/** A question is changed where it stands: its text as it was typed, two buttons, and nothing else moves. */
import { askInstead } from "./box.js";
import { words } from "./facts.js";
import { source } from "./messages.js";

function pressed(label, action) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.addEventListener("click", action);
  return button;
}

async function edit(button) {
  const bubble = button.closest(".user.message");
  const turn = button.value;
  if (bubble.querySelector(":scope > .editor")) return;
  const field = document.createElement("textarea");
  field.value = await source(turn, "question");
  field.setAttribute("aria-label", words.edit);
  const editor = document.createElement("div");
  editor.className = "editor";
  const close = () => {
    editor.remove();
    button.focus();
  };
  const send = () => {
    if (askInstead(turn, field.value)) close();
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) send();
  });
  editor.append(field, pressed(words.cancel_edit, close), pressed(words.send_edited, send));
  bubble.append(editor);
  field.focus();
}

addEventListener("click", (event) => {
  const button = event.target.closest?.("#chat .actions .edit");
  if (button) edit(button).catch(() => {});
});
