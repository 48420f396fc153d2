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

/** The question's files, of which each can be left out: [what stands there, whose ids stay]. */
function choice(bubble) {
  const group = document.createElement("div");
  group.className = "files";
  const boxes = [...bubble.querySelectorAll(".files a")].map((link) => {
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true });
    box.value = new URL(link.href).searchParams.get("id");
    const label = document.createElement("label");
    label.append(box, link.querySelector(".name").textContent);
    group.append(label);
    return box;
  });
  return [group, () => boxes.filter((box) => box.checked).map((box) => box.value)];
}

async function edit(button) {
  const bubble = button.closest(".user.message");
  const turn = Number(button.value);
  if (bubble.querySelector(":scope > .editor")) return;
  const field = document.createElement("textarea");
  field.value = await source(turn, "question");
  field.setAttribute("aria-label", words.edit);
  const [files, kept] = choice(bubble);
  const editor = document.createElement("div");
  editor.className = "editor";
  const close = () => {
    editor.remove();
    button.focus();
  };
  const send = () => {
    if (askInstead(turn, field.value, kept())) close();
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) send();
  });
  editor.append(field, files, pressed(words.cancel_edit, close), pressed(words.send_edited, send));
  bubble.append(editor);
  field.focus();
}

addEventListener("click", (event) => {
  const button = event.target.closest?.("#chat .actions .edit");
  if (button) edit(button).catch(() => {});
});
