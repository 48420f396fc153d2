/** Elements that our scripts make, text by text: nothing that anybody wrote is read as HTML. */

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** A dialog of ours on the page, closed, with what is in it; `heading` names it. */
export function dialog(heading, ...content) {
  const made = element("dialog", { className: "ours" }, ...content);
  made.setAttribute("aria-labelledby", heading.id);
  document.querySelector(".gradio-container").append(made); // where the theme's colors are
  return made;
}
