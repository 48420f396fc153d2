/**
 * One language on a page. Gradio asks the browser for its language and knows nothing of what the person chose;
 * some of its names are English in every language.
 */
import { language, names } from "./facts.js";

const asked = { language: { get: () => language }, languages: { get: () => [language] } };
Object.defineProperties(Navigator.prototype, asked);

const NAMED = ["aria-label", "title"];

function translate(root) {
  for (const attribute of NAMED) {
    const elements = [...root.querySelectorAll(`[${attribute}]`)];
    if (root.hasAttribute(attribute)) elements.push(root);
    for (const element of elements) {
      const name = names[element.getAttribute(attribute)];
      if (name) element.setAttribute(attribute, name);
    }
  }
}

if (Object.keys(names).length) {
  const observer = new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes") translate(target);
      for (const node of addedNodes) if (node instanceof Element) translate(node);
    }
  });
  const all = { subtree: true, childList: true, attributes: true, attributeFilter: NAMED };
  observer.observe(document.documentElement, all);
}
