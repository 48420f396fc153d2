/**
 * Instructions for a conversation are kept when their field is left: Gradio's event. A page that goes away tells
 * of no field that is left, so they are kept, too, as soon as whoever types them pauses; too many are not, which
 * is said where the field is left.
 */
const PAUSE_MS = 1000;
/** `OWN_CHARACTERS` of the server's. */
const MOST = 2000;
let typing = null;
let timer = 0;

function keep() {
  if (typing && [...typing.value.trim()].length <= MOST) typing.dispatchEvent(new FocusEvent("blur"));
}

addEventListener(
  "input",
  ({ target }) => {
    if (!target.matches?.("#instructions textarea")) return;
    typing = target;
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE_MS);
  },
  true,
);
addEventListener(
  "blur",
  ({ target }) => {
    if (target !== typing) return;
    typing = null;
    clearTimeout(timer);
  },
  true,
);
addEventListener("pagehide", keep);
document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && keep());
