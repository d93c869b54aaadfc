// @ts-check
// Viewer of the enlarged picture: zoom, the slider that compares it with the photo, and the dressed model in 3D.
import { all, byId, follow, maybe, on, one, press } from "../dom.js";
import { notice } from "../messages.js";
import { ask } from "../server.js";
import { state } from "../state.js";
import { redo } from "../studio/chooser.js";
import { between } from "../geometry.js";
import { showSpace } from "./turntable.js";

const MOST_TIMES = 6;
const view = {
  shots: /** @type {HTMLElement[]} */ ([]),
  at: 0,
  from: /** @type {HTMLElement | null} */ (null),
  times: 1,
  x: 0,
  y: 0,
};

const dialog = () => one("#viewer", document, HTMLDialogElement);
const shown = () => view.shots[view.at];
/** @param {string} name */
const button = (name) => one(`[data-viewer="${name}"]`);

/** @param {HTMLElement} shot */
function openViewer(shot) {
  view.shots = all("button.shot", shot.closest(".job") ?? document);
  view.at = view.shots.indexOf(shot);
  view.from = shot;
  showShot();
  dialog().showModal();
  byId("viewer-stage").focus();
}

function showShot() {
  const { shot, job, caption = "", made, alt = "", space } = shown().dataset;
  Object.assign(one("#viewer-picture"), { src: `/ui/shots/${shot}/picture`, alt });
  Object.assign(one("#viewer-photo"), { src: `/ui/jobs/${job}/photo?w=1600` });
  const { naturalWidth: width, naturalHeight: height } = one("img", shown(), HTMLImageElement);
  byId("viewer-sheet").style.setProperty("--ratio", String(width && height ? width / height : 0.75));
  byId("viewer-caption").textContent = made ? `${caption} · ${made}` : caption;
  for (const link of all("#viewer [data-way]")) {
    link.setAttribute("href", `/ui/shots/${shot}/download?as=${link.dataset.way}`);
  }
  button("before").hidden = button("after").hidden = view.shots.length < 2;
  button("space").hidden = byId("viewer-glb").hidden = space === undefined;
  byId("viewer-glb").setAttribute("href", `/v1/shots/${shot}/model3d`);
  compare(false);
  turnable(false);
  zoom(1);
}

/** @param {boolean} isOn */
async function turnable(isOn) {
  const canvas = one("#viewer-space", document, HTMLCanvasElement);
  press(button("space"), isOn);
  canvas.hidden = !isOn;
  byId("viewer-sheet").hidden = isOn;
  if (!isOn) return;
  compare(false);
  if (await showSpace(canvas, shown().dataset.shot ?? "")) return canvas.focus();
  turnable(false);
  notice(state.said.no_space, true);
}

/** @param {number} times */
function zoom(times) {
  view.times = between(1, MOST_TIMES, times);
  if (view.times === 1) view.x = view.y = 0;
  byId("viewer-sheet").style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.times})`;
  byId("viewer-scale").textContent = `${Math.round(100 * view.times)} %`;
  byId("viewer-stage").classList.toggle("is-near", view.times > 1);
}

/** @param {boolean} isOn */
function compare(isOn) {
  const slider = one("#viewer-compare input", document, HTMLInputElement);
  press(button("compare"), isOn);
  byId("viewer-photo").hidden = byId("viewer-compare").hidden = !isOn;
  byId("viewer-sheet").classList.toggle("is-compared", isOn);
  slider.value = "50";
  split("50");
  if (!isOn) return;
  turnable(false);
  zoom(1);
  slider.focus();
}

/** @param {string} percent */
const split = (percent) => byId("viewer-sheet").style.setProperty("--split", `${percent}%`);

/** @param {number} by */
function step(by) {
  view.at = (view.at + by + view.shots.length) % view.shots.length;
  showShot();
}

function close() {
  dialog().close();
  byId("viewer-picture").removeAttribute("src");
  view.from?.focus();
}

/** @param {HTMLElement} pressed */
const isOff = (pressed) => pressed.getAttribute("aria-pressed") !== "true";

/** @type {Record<string, (pressed: HTMLElement) => unknown>} */
const does = {
  close,
  before: () => step(-1),
  after: () => step(1),
  in: () => zoom(view.times * 1.5),
  out: () => zoom(view.times / 1.5),
  compare: (pressed) => compare(isOff(pressed)),
  space: (pressed) => turnable(isOff(pressed)),
  redo: () => {
    close();
    redo(shown().dataset.redo ?? "");
  },
  remove: ({ dataset: { sure } }) => {
    if (!confirm(sure)) return;
    ask("remove", { shot: shown().dataset.shot, most: state.most });
    close();
  },
};

on("click", "[data-viewer]", (pressed) => does[pressed.dataset.viewer ?? ""](pressed));
on("click", "button.shot", openViewer);
on("input", "#viewer-compare", (_, event) => split(/** @type {HTMLInputElement} */ (event.target).value));
document.addEventListener("keydown", (event) => {
  const isOpen = /** @type {HTMLDialogElement | null} */ (maybe("#viewer"))?.open;
  if (!isOpen || !(event.target instanceof Element) || event.target.matches("input, canvas")) return;
  const name = { ArrowLeft: "before", ArrowRight: "after", "+": "in", "-": "out" }[event.key];
  if (name) does[name](button(name));
});
on("pointerdown", "#viewer-stage.is-near", (_, event) => {
  if (event.target instanceof HTMLCanvasElement) return;
  const from = { x: event.clientX - view.x, y: event.clientY - view.y };
  follow(event, (at) => {
    view.x = at.clientX - from.x;
    view.y = at.clientY - from.y;
    zoom(view.times);
  });
});
document.addEventListener("wheel", (event) => {
  if (!(event.target instanceof Element && event.target.closest("#viewer-stage"))) return;
  event.preventDefault();
  zoom(view.times * (event.deltaY < 0 ? 1.15 : 1 / 1.15));
}, { passive: false });
