/** Thumbs up and down on answers: given at once, with a reason for who likes to give one. */
import { speak } from "./announcements.js";
import { dialog, element } from "./elements.js";
import { owner, thumbs as texts } from "./facts.js";
import { say } from "./notice.js";

const BUTTON = "#chat .actions .thumb";

function address(turn) {
  const query = new URLSearchParams(location.search);
  return `/thumb?${new URLSearchParams({ conversation: query.get("c") ?? query.get("new") ?? "", turn })}`;
}

/** Give a thumb, or with nothing take it back; whether that was done, and if not, it is said. */
async function send(turn, thumb) {
  try {
    const answer = await fetch(address(turn), {
      method: thumb ? "PUT" : "DELETE",
      headers: { "x-page-owner": owner },
      body: thumb ? new URLSearchParams(thumb) : undefined,
    });
    if (answer.ok) return true;
  } catch {
    // Said below, like any other failure.
  }
  say(texts.failed, "thumb");
  return false;
}

/** What was given, or null for nothing; throws where that is not known, for it would be written over. */
async function given(turn) {
  const answer = await fetch(address(turn));
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`no thumb: ${answer.status}`);
  return answer.json();
}

/** Which of an answer's two thumbs is given, for the eye and for a screen reader. */
function mark(turn, way) {
  for (const button of document.querySelectorAll(`${BUTTON}[value="${turn}"]`)) {
    button.classList.toggle("given", button.matches(`.${way || "none"}`));
  }
  tell();
}

/** The server's HTML says it by a class: Gradio takes other attributes away. */
function tell() {
  for (const button of document.querySelectorAll(BUTTON)) {
    const isGiven = String(button.matches(".given"));
    if (button.getAttribute("aria-pressed") !== isGiven) button.setAttribute("aria-pressed", isGiven);
  }
}

/** Ask for the reason; what is pressed: "keep", "take_back" or nothing, with the fields. */
function asked(before) {
  const heading = element("h2", { id: "thumb-heading", textContent: texts.heading });
  const reason = element("textarea", { rows: 4, maxLength: texts.most, value: before?.reason ?? "", dir: "auto" });
  const agreed = element("input", { type: "checkbox", checked: before?.agreed ?? false });
  const why = element("p", { id: "thumb-why", textContent: texts.why });
  reason.setAttribute("aria-describedby", why.id);
  const buttons = ["keep", "take_back", "close"].map((name) =>
    element("button", { type: "submit", value: name, textContent: texts[name], className: name === "keep" ? "primary" : "" }),
  );
  const form = element(
    "form",
    { method: "dialog" },
    heading,
    element("label", {}, element("span", { textContent: texts.reason }), reason),
    element("label", { className: "choice" }, agreed, texts.agreed),
    why,
    ...buttons,
  );
  const made = dialog(heading, form);
  made.showModal();
  reason.focus();
  return new Promise((resolve) => {
    made.addEventListener("close", () => {
      made.remove();
      resolve({ pressed: made.returnValue, reason: reason.value, agreed: agreed.checked ? "1" : "0" });
    });
  });
}

async function press(button) {
  const turn = button.value;
  const way = button.matches(".up") ? "up" : "down";
  const up = way === "up" ? "1" : "0";
  const before = await given(turn);
  const kept = { up, reason: before?.reason ?? "", agreed: before?.agreed ? "1" : "0" };
  const isNew = before?.up !== (way === "up");
  if (isNew && !(await send(turn, kept))) return;
  if (isNew) mark(turn, way);
  if (isNew) speak(texts.given);
  const { pressed, reason, agreed } = await asked(before);
  document.querySelector(`${BUTTON}.${way}[value="${turn}"]`)?.focus();
  if (pressed === "take_back") {
    if (!(await send(turn, null))) return;
    mark(turn, "");
    speak(texts.taken_back);
  } else if (pressed === "keep" && (reason !== kept.reason || agreed !== kept.agreed)) {
    if (await send(turn, { up, reason, agreed })) speak(texts.given);
  }
}

addEventListener("click", (event) => {
  const button = event.target.closest?.(BUTTON);
  if (button) press(button).catch(() => say(texts.failed, "thumb"));
});
new MutationObserver(tell).observe(document.documentElement, { subtree: true, childList: true });
