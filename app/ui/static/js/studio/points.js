// @ts-check
// Landmarks on the photo: dragged, or moved with the arrow keys.
import { all, arrow, follow, on, one } from "../dom.js";
import { inside, under } from "../geometry.js";

/** @typedef {import("../geometry.js").Point} Point */

/** Names of the points that were moved since the garment was shown. @type {Set<string>} */
const moved = new Set();

/** @param {number} px */
const rounded = (px) => Math.round(px * 10) / 10;

/** @returns {import("../geometry.js").Size} */
function photoSize() {
  const [width, height] = (one(".points-note").dataset.size ?? "").split("x").map(Number);
  return { width, height };
}

/**
 * @param {HTMLElement} point
 * @returns {Point}
 */
const placeOf = ({ dataset: { x, y } }) => [Number(x), Number(y)];

/**
 * @param {HTMLElement} point
 * @param {Point} wanted
 */
function place(point, wanted) {
  const size = photoSize(), [x, y] = inside(wanted, size);
  Object.assign(point.dataset, { x, y });
  Object.assign(point.style, { left: `${100 * x / size.width}%`, top: `${100 * y / size.height}%` });
  moved.add(point.dataset.point ?? "");
  one('[data-ask="points"]', document, HTMLButtonElement).disabled = false;
}

/** Return every point by its name. */
export const allPoints = () =>
  Object.fromEntries(all(".point").map((point) => [point.dataset.point, placeOf(point).map(rounded)]));

/** Begin anew; return true if points had been moved. */
export function forgetMoves() {
  const any = moved.size > 0;
  moved.clear();
  return any;
}

on("pointerdown", ".point", (point, event) => {
  const area = point.parentElement?.getBoundingClientRect();
  if (!area) return;
  follow(event, (at) => place(point, under(at, area, photoSize())));
  point.focus();
});
on("keydown", ".point", (point, event) => {
  const way = arrow(event), far = event.shiftKey ? 20 : 4;
  if (!way) return;
  const [x, y] = placeOf(point);
  place(point, [x + far * way[0], y + far * way[1]]);
  event.preventDefault();
});
