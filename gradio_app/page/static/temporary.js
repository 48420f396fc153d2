/** The page of a temporary conversation, which ends with it: `style.css` hides there what cannot be without storing. */
import { isTemporary, owner } from "./facts.js";

function leave() {
  const query = new URLSearchParams(location.search);
  fetch(`/temporary?conversation=${query.get("c") ?? query.get("new")}`, {
    method: "DELETE",
    headers: { "x-page-owner": owner },
    keepalive: true,
  }).catch(() => {}); // it then ends by itself
}

if (isTemporary) {
  document.documentElement.dataset.temporary = "yes";
  addEventListener("pagehide", leave);
  // A browser may have kept the page that was left: what it shows may be gone.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
