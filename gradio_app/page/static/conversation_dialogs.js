/** What is asked before a conversation is changed: its new title, its folder, whether it is to go. */
import { dialog, element } from "./elements.js";
import { filled, list as texts } from "./facts.js";

const QUESTIONS = { rename, move, share, delete: remove };

/**
 * Ask what a row's menu entry needs to know, if it needs anything.
 *
 * Returns the fields that the change is made of, or nothing when it was called off.
 */
export async function ask(name, row, folders) {
  return QUESTIONS[name] ? QUESTIONS[name](row, folders) : { action: name };
}

async function rename(row) {
  const input = element("input", { value: row.title, maxLength: 200, required: true, dir: "auto" });
  const isSaved = await answered(texts.rename, [labeled(texts.title, input)], texts.save);
  return isSaved && input.value.trim() ? { action: "save", title: input.value } : null;
}

async function move(row, folders) {
  const choice = element(
    "select",
    {},
    element("option", { value: "", textContent: texts.no_folder }),
    ...folders.map(({ id, name }) => element("option", { value: id, textContent: name })),
  );
  choice.value = row.folder;
  const fresh = element("input", { maxLength: 80, autocomplete: "off" });
  const fields = [labeled(texts.folder, choice), labeled(texts.new_folder, fresh)];
  const isSaved = await answered(texts.move, fields, texts.save);
  return isSaved ? { action: "move", folder: choice.value, new_folder: fresh.value } : null;
}

async function share(row) {
  const why = element("p", { textContent: filled(texts.share_why, { title: row.title }) });
  return (await answered(texts.share, [why], texts.share_really)) ? { action: "share" } : null;
}

async function remove(row) {
  const why = element("p", { textContent: filled(texts.delete_why, { title: row.title }) });
  const isSure = await answered(texts.delete, [why], texts.delete_really, "danger");
  return isSure ? { action: "delete", sure: "1" } : null;
}

/** A dialog with a heading and some content; whether it was answered and not called off. */
function answered(heading, content, yes, kind = "") {
  const title = element("h2", { id: "dialog-heading", textContent: heading });
  const cancel = element("button", { type: "button", textContent: texts.cancel });
  const submit = element("button", { type: "submit", textContent: yes, className: kind || "primary" });
  const form = element("form", { method: "dialog" }, title, ...content, submit, cancel);
  const asked = dialog(title, form);
  cancel.addEventListener("click", () => asked.close());
  let isAnswered = false;
  form.addEventListener("submit", () => (isAnswered = true));
  asked.showModal();
  (asked.querySelector("input, select") ?? cancel).focus();
  return new Promise((resolve) => {
    asked.addEventListener("close", () => {
      asked.remove();
      resolve(isAnswered);
    });
  });
}

function labeled(name, field) {
  return element("label", {}, element("span", { textContent: name }), field);
}
