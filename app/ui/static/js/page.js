// @ts-check
// Entry of the page's scripts. Gradio's components call `show` and `connect`; app/ui/page.py says when.
import { leave, reveal } from "./account.js";
import { begin, drop } from "./designer/designer.js";
import { all, maybe, on, one } from "./dom.js";
import { busy, dismiss, notice } from "./messages.js";
import { ask, connect as reach } from "./server.js";
import { claim, newKey, recallOrder, state } from "./state.js";
import { accepted, applyOrder, sendOrder } from "./studio/chooser.js";
import { correct, correctPoints, showGarment, takeExample, upload } from "./studio/garment.js";
import { showReadings } from "./studio/readings.js";
import "./viewer/viewer.js";
import { markNav, openView, poll, schedule } from "./views.js";

let heard = 0;
recallOrder();

/**
 * Begin, once Gradio can be asked.
 * @param {import("./server.js").Trigger} trigger
 */
export function connect(trigger) {
  reach(trigger);
  ask("begin", { garment: state.order.garment });
  open();
}

/**
 * What is done with a piece that the server sent, beside showing it.
 * @type {Record<string, (element: HTMLElement) => void>}
 */
const shows = {
  header: () => {
    markNav();
    if (claim()) applyOrder();
    begin();
  },
  viewer: (element) => {
    state.said = JSON.parse(one("#sayings", element).textContent ?? "");
  },
  garments: (element) => {
    showGarment(element);
    showReadings(element);
  },
  chooser: applyOrder,
  pictures: schedule,
  bar: () => document.body.classList.add("has-bar"),
  designer: begin,
  account: (element) => reveal(element),
  signal: (element) => hear(element.textContent ?? ""),
};

/**
 * Take up a piece of the page that the server sent.
 * @param {string} name of app/ui/page.py
 * @param {HTMLElement} element
 */
export function show(name, element) {
  // The content security policy lets only scripts style single elements.
  for (const each of all("[data-style]", element)) each.style.cssText = each.dataset.style ?? "";
  shows[name]?.(element);
}

/**
 * Take up what the server says beside its pieces.
 * @param {string} text
 */
function hear(text) {
  if (!text.trim()) return;
  const signal = JSON.parse(text);
  if (signal.number === heard) return;
  heard = signal.number;
  busy(false);
  if (signal.say || signal.problem) notice(signal.say ?? signal.problem, Boolean(signal.problem));
  if (!signal.view) return;
  accepted();
  location.hash = signal.view;
  setTimeout(() => maybe(`#job-${signal.job}`)?.scrollIntoView({ block: "start" }), 60);
}

function open() {
  const view = openView();
  begin();
  if (view !== "account") leave();
}

/** @param {ParentNode} [but] a menu that stays open */
function closeMenus(but) {
  for (const menu of all("details.menu[open]")) if (menu !== but) menu.removeAttribute("open");
}

// ---- what the buttons of the server's pieces ask for
/** @type {Record<string, (button: HTMLButtonElement) => unknown>} */
const does = {
  example: takeExample,
  forget: ({ dataset: { sure } }) => confirm(sure) && ask("forget", { garment: state.order.garment }),
  points: correctPoints,
  "no-points": () => correct({ landmarks: {} }),
  order: (button) => {
    busy(true);
    sendOrder(button);
  },
  cancel: ({ dataset: { sure, id } }) => confirm(sure) && ask("cancel", { id, most: state.most }),
  "remove-job": ({ dataset: { sure, id } }) => confirm(sure) && ask("remove", { job: id, most: state.most }),
};
/** @type {Record<string, (fields: Record<string, FormDataEntryValue>, id: string | undefined) => void>} */
const sends = {
  grant: ({ units }, id) => ask("grant", { id, units: Number(units), key: newKey() }),
  create: (fields) => ask("create", fields),
  find: ({ find }) => ask("look", { view: "operator", find }),
};
on("click", "[data-ask]", (/** @type {HTMLButtonElement} */ button) => does[button.dataset.ask ?? ""](button));
on("submit", "form[data-form]", (/** @type {HTMLFormElement} */ form, event) => {
  const send = sends[form.dataset.form ?? ""];
  if (!send) return;
  event.preventDefault();
  send(Object.fromEntries(new FormData(form)), form.dataset.id);
  if (form.dataset.form !== "find") form.reset();
});
on("change", "[data-period]", ({ value: period }) => ask("look", { view: "usage", period }));
on("click", "button[data-more]", () => {
  state.most += 24;
  ask("poll", { most: state.most });
});
on("click", "#notice button", dismiss);
on("click", ".skip", (_, event) => {
  event.preventDefault();
  const main = one("#main");
  main.tabIndex = -1;
  main.focus();
});
on(
  "click",
  "*",
  (element) => closeMenus(element.closest("a") ? undefined : element.closest("details.menu") ?? undefined),
);
document.addEventListener("keydown", ({ key }) => key === "Escape" && closeMenus());

// ---- files that are dropped anywhere
for (const kind of /** @type {const} */ (["dragover", "dragleave", "drop"])) {
  document.addEventListener(kind, (event) => {
    const { dataTransfer, target } = event;
    if (!dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    for (const place of all(".drop")) place.classList.toggle("is-over", kind === "dragover");
    if (kind !== "drop") return;
    const place = target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest("[data-drop]")) : null;
    if (document.body.dataset.view === "designer") return drop(dataTransfer.files[0], place?.dataset.drop);
    location.hash = "studio";
    upload(dataTransfer.files);
  });
}
addEventListener("hashchange", open);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) poll();
});
