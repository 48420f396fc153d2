/** What a person does with answers besides reading them: look at another version, try another model, go on. */
import { askAgain, goOn, show } from "./box.js";
import { models, words } from "./facts.js";

let menu = null;

function close() {
  const opener = menu?.previousElementSibling;
  menu?.remove();
  menu = null;
  opener?.focus();
}

function item([id, name], turn) {
  const choice = document.createElement("button");
  choice.type = "button";
  choice.setAttribute("role", "menuitem");
  choice.textContent = name;
  choice.addEventListener("click", (event) => {
    event.stopPropagation();
    close();
    askAgain(turn, id);
  });
  return choice;
}

/** The models to try again with, behind the button that opens them. */
function open(button) {
  menu = document.createElement("div");
  menu.className = "models";
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", words.try_with);
  menu.append(...models.map((model) => item(model, Number(button.value))));
  menu.addEventListener("keydown", onKey);
  button.after(menu);
  menu.firstElementChild.focus();
}

function onKey(event) {
  const items = [...menu.children];
  const at = items.indexOf(document.activeElement);
  const wanted = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") close();
  else if (wanted !== undefined) items.at(wanted % items.length).focus();
  else return;
  if (event.key !== "Tab") event.preventDefault();
}

addEventListener("click", (event) => {
  const button = event.target.closest?.("#chat .actions :is(.version, .again, .go-on)");
  if (menu && !menu.contains(event.target)) close();
  if (!button) return;
  const [turn, other] = button.value.split(/:(.*)/s);
  if (button.matches(".version")) show(Number(turn), Number(other));
  else if (button.matches(".again")) open(button);
  else goOn(Number(turn), models.some(([id]) => id === other) ? other : "");
});
