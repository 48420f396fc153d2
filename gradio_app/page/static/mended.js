/**
 * What Gradio's own components get wrong for who uses no mouse, does not see the page, or reads from right to left, put
 * right where they stand.
 */

const isNarrow = matchMedia("(max-width: 768px)"); // there open and closed change places, see style.css

const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

/** Written only if it changes something: this is called again for each change. */
function put(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function mend() {
  // Each word of an answer would be said as it comes; announcements.js says what there is to say.
  each("#chat [role=log]", (log) => {
    put(log, "aria-live", "off");
    put(log, "tabindex", "0"); // it scrolls
  });
  // A list of buttons, which are no items of a list; and each is called "Select example" in English.
  each("#chat .examples[role=list]", (examples) => put(examples, "role", "group"));
  each("#chat .example[aria-label]", (example) => example.removeAttribute("aria-label"));
  // "number input for" and "range slider for", which their roles say already.
  each(":is([data-testid=number-input], [data-testid=range-input])", (input) => {
    const label = input.closest(".block")?.querySelector("[data-testid=block-info]")?.textContent.trim();
    if (label) put(input, "aria-label", label);
  });
  // Buttons that open something and do not say whether it is open.
  each("button.label-wrap", (button) => put(button, "aria-expanded", String(button.matches(".open"))));
  each(".sidebar > .toggle-button", (button) => {
    put(button, "aria-expanded", String(button.parentElement.matches(".open") !== isNarrow.matches));
  });
  // A button inside of a button: what folds a message away with the mouse, and what closes it.
  each(".toast-header[role]", (header) => {
    header.removeAttribute("role");
    header.removeAttribute("tabindex");
  });
  // Every text is said to run from left to right, whatever it is written in.
  each(":is(#box textarea, #title input)", (field) => put(field, "dir", "auto"));
}

isNarrow.addEventListener("change", mend);
const seen = { subtree: true, childList: true, attributes: true };
const names = ["class", "role", "aria-label", "dir"];
new MutationObserver(mend).observe(document.documentElement, { ...seen, attributeFilter: names });
