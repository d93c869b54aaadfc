// @ts-check
// Views of the page, which the address names, and the pictures' progress.
import { all, maybe } from "./dom.js";
import { ask } from "./server.js";
import { state } from "./state.js";

const VIEWS = ["studio", "designer", "pictures", "usage", "account", "operator"];
const POLL_MS = 1500;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let polling;

/** Show the view that the address names, and return its name. */
export function openView() {
  const asked = location.hash.slice(1), before = document.body.dataset.view;
  const view = VIEWS.includes(asked) ? asked : "studio";
  document.body.dataset.view = view;
  markNav();
  if (before && before !== view) {
    scrollTo({ top: 0 });
    if (view !== "studio" && view !== "designer") ask("look", { view, most: state.most });
  }
  return view;
}

export function markNav() {
  for (const link of all("header.top nav a")) {
    if (link.dataset.view === document.body.dataset.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

const isOpen = () => maybe("#piece-pictures [data-open=true]") !== null;

/** Poll while pictures are being made. */
export function schedule() {
  clearTimeout(polling);
  if (isOpen()) polling = setTimeout(poll, POLL_MS);
}

/** Ask for the pictures' progress, less often while the page is hidden. */
export function poll() {
  if (!document.hidden) ask("poll", { most: state.most });
  clearTimeout(polling);
  // An answer without changes triggers no update, so the next poll is scheduled without waiting for one.
  if (isOpen()) polling = setTimeout(poll, document.hidden ? 4 * POLL_MS : POLL_MS);
}
