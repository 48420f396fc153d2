/** The list of conversations for whoever has no mouse: reached, gone through, begun anew. */

const LINKS = "#conversations a[href*='?c=']";

const find = (selector) => document.querySelector(selector);

export function newConversation() {
  find("#new")?.click();
}

export function newTemporary() {
  find("#temporary")?.click();
}

/** Put the keyboard into the list, which may be out of sight. */
export function reach() {
  const target = find("#conversations input[type=search]") ?? find(`${LINKS}:is(.current, [aria-current])`)
    ?? find(LINKS) ?? find("#new");
  if (!isInSight(target)) find(".sidebar .toggle-button")?.click();
  requestAnimationFrame(() => target?.focus()); // not before the sidebar is there
}

/** Open the conversation below the open one in the list, or above it; from a new one, the first. */
export function inTurn(step) {
  const links = [...document.querySelectorAll(LINKS)].filter((link) => !link.closest("[hidden], .hidden"));
  const open = links.findIndex((link) => link.matches(".current, [aria-current]"));
  links[open + step]?.click();
}

function isInSight(element) {
  const { left, right } = element.getBoundingClientRect();
  return element.checkVisibility({ visibilityProperty: true }) && right > 0 && left < innerWidth;
}
