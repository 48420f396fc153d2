/** Taking a summary back, so that the model reads what it tells of word for word again. */
import { takeBack } from "./box.js";

addEventListener("click", (event) => {
  const button = event.target.closest?.("#chat .summed .take-back");
  if (button) takeBack(Number(button.value));
});
