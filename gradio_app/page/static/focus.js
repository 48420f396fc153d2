/** The keyboard is always somewhere: when what it was on goes away, it goes to the box. */

/** What had the keyboard, unless a person took it away with the mouse or a finger. */
let last = null;

function isGone(element) {
  return !element.isConnected || !element.checkVisibility({ visibilityProperty: true });
}

function keep() {
  if (!last || document.activeElement !== document.body || !isGone(last)) return;
  last = null;
  // On a telephone the box would bring its keyboard up.
  const isTouched = matchMedia("(hover: none) and (pointer: coarse)").matches;
  document.querySelector(isTouched ? "#chat .bubble-wrap" : "#box textarea")?.focus({ preventScroll: true });
}

addEventListener("focusin", ({ target }) => (last = target));
addEventListener("pointerdown", () => (last = null), true);
// Not told of by an event: browsers differ in what they say of an element that is taken out with the keyboard on it.
const seen = { subtree: true, childList: true, attributes: true, attributeFilter: ["class", "hidden", "data-running"] };
new MutationObserver(() => last && isGone(last) && requestAnimationFrame(keep)).observe(document.documentElement, seen);
