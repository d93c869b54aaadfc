// @ts-check
// A cut-out that is painted by hand: white on a canvas is garment, the rest is veiled.
import { all, arrow, follow, on, one, press } from "../dom.js";
import { under } from "../geometry.js";
import { call } from "../server.js";
import { state } from "../state.js";

const LONGEST_PX = 1000, MOST_UNDONE = 12;

/**
 * @typedef {{
 *   canvas: HTMLCanvasElement, mask: HTMLCanvasElement, ink: CanvasRenderingContext2D, undone: ImageData[],
 *   erases: boolean, size: number, x: number, y: number,
 * }} Brush
 *
 * @type {Brush | null}
 */
let brush = null;

/** The server shows another cut-out, or another garment. */
export function closeBrush() {
  brush = null;
}

/** @param {HTMLCanvasElement} canvas */
const paperOf = (
  canvas,
) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));

/**
 * @param {number} width
 * @param {number} height
 */
const sheet = (width, height) => Object.assign(document.createElement("canvas"), { width, height });

/** Begin with the garment's present cut-out. */
export async function openBrush() {
  if (brush) return;
  const canvas = one("#brush", document, HTMLCanvasElement), photo = one(".of-brush img", document, HTMLImageElement);
  await photo.decode().catch(() => {});
  const share = Math.min(1, LONGEST_PX / Math.max(photo.naturalWidth, photo.naturalHeight));
  const width = Math.round(photo.naturalWidth * share), height = Math.round(photo.naturalHeight * share);
  Object.assign(canvas, { width, height });
  const mask = sheet(width, height), ink = paperOf(mask);
  const mine = brush = { canvas, mask, ink, undone: [], erases: false, size: width / 14, x: width / 2, y: height / 2 };
  canvas.setAttribute("aria-busy", "true");
  veil(mine);
  const answer = await call("GET", `/v1/garments/${state.order.garment}/mask`).catch(() => null);
  if (brush !== mine) return;
  if (answer) {
    ink.drawImage(await createImageBitmap(await answer.blob()), 0, 0, width, height);
    const seen = ink.getImageData(0, 0, width, height);
    for (let i = 0; i < seen.data.length; i += 4) {
      seen.data[i + 3] = seen.data[i];
      seen.data.fill(255, i, i + 3);
    }
    ink.putImageData(seen, 0, 0);
  }
  canvas.setAttribute("aria-busy", "false");
  veil(mine);
}

/** Return the painted mask as a picture, white on black; null before anything was opened. */
export function painted() {
  if (!brush) return null;
  const { mask } = brush, picture = sheet(mask.width, mask.height), paper = paperOf(picture);
  paper.fillStyle = "#000";
  paper.fillRect(0, 0, mask.width, mask.height);
  paper.drawImage(mask, 0, 0);
  return /** @type {Promise<Blob | null>} */ (new Promise((done) => picture.toBlob(done, "image/png")));
}

/**
 * @param {Brush} brush
 * @param {boolean} [withCursor]
 */
function veil({ canvas, mask, size, x, y }, withCursor = false) {
  const paper = paperOf(canvas);
  paper.globalCompositeOperation = "source-over";
  paper.clearRect(0, 0, canvas.width, canvas.height);
  paper.fillStyle = "rgb(150 44 28 / .62)";
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.globalCompositeOperation = "destination-out";
  paper.drawImage(mask, 0, 0);
  if (!withCursor) return;
  paper.globalCompositeOperation = "source-over";
  paper.strokeStyle = "#fff";
  paper.lineWidth = 3;
  paper.beginPath();
  paper.arc(x, y, size / 2, 0, 7);
  paper.stroke();
}

/** @param {Brush} brush */
function remember({ ink, mask, undone }) {
  undone.push(ink.getImageData(0, 0, mask.width, mask.height));
  if (undone.length > MOST_UNDONE) undone.shift();
  for (const name of ["undo", "apply"]) one(`[data-brush="${name}"]`, document, HTMLButtonElement).disabled = false;
}

/**
 * Draw a line from where the brush is.
 * @param {Brush} brush
 * @param {import("../geometry.js").Point} to
 */
function dab(brush, [x, y]) {
  const { ink, size, erases } = brush;
  ink.globalCompositeOperation = erases ? "destination-out" : "source-over";
  ink.strokeStyle = "#fff";
  ink.lineCap = "round";
  ink.lineWidth = size;
  ink.beginPath();
  ink.moveTo(brush.x, brush.y);
  ink.lineTo(x, y + 0.01);
  ink.stroke();
  ink.globalCompositeOperation = "source-over";
  Object.assign(brush, { x, y });
  veil(brush, true);
}

on("pointerdown", "#brush", (/** @type {HTMLCanvasElement} */ canvas, event) => {
  const mine = brush;
  if (!mine) return;
  const area = canvas.getBoundingClientRect();
  /** @param {PointerEvent} at */
  const paint = (at) => dab(mine, under(at, area, canvas));
  remember(mine);
  [mine.x, mine.y] = under(event, area, canvas);
  paint(event);
  follow(event, paint, () => veil(mine));
  canvas.focus({ preventScroll: true });
});
on("keydown", "#brush", (_, event) => {
  const way = arrow(event), far = event.shiftKey ? 40 : 10;
  if (!brush || !(way || event.key === " ")) return;
  if (way) {
    brush.x += far * way[0];
    brush.y += far * way[1];
    veil(brush, true);
  } else {
    remember(brush);
    dab(brush, [brush.x, brush.y]);
  }
  event.preventDefault();
});
on("input", "#brush-size", ({ value }) => {
  if (!brush) return;
  brush.size = brush.canvas.width * Number(value) / 100;
  veil(brush, true);
});
on("click", ":is([data-brush=paint], [data-brush=erase])", (button) => {
  if (!brush) return;
  brush.erases = button.dataset.brush === "erase";
  for (const each of all(".brush-acts [aria-pressed]")) press(each, each === button);
});
on("click", "[data-brush=undo]", (button) => {
  const before = brush?.undone.pop();
  if (!brush || !before) return;
  brush.ink.putImageData(before, 0, 0);
  veil(brush);
  button.disabled = !brush.undone.length;
});
