/** A mark in an answer opens the passage that it is from, and puts the keyboard and the eye there. */

addEventListener("click", (event) => {
  const mark = event.target.closest?.("#chat button.cite");
  if (!mark) return;
  const source = mark.closest(".message")?.querySelectorAll(".source")[Number(mark.value)]
    ?? mark.closest(".message-row")?.querySelectorAll(".source")[Number(mark.value)];
  if (!source) return;
  event.preventDefault();
  source.open = true;
  source.querySelector("summary").focus();
  source.scrollIntoView({ block: "nearest" });
});
