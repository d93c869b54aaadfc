// @ts-check
// The garment's panel: photos are uploaded, one garment is chosen and corrected, others are worn with it.
import { all, byId, inputs, maybe, on, one, press, ticked } from "../dom.js";
import { busy, notice, say } from "../messages.js";
import { ask, attempt, call, formOf, reasonOf, Refused } from "../server.js";
import { account, state } from "../state.js";
import { closeBrush, openBrush, painted } from "./brush.js";
import { chosenChanged } from "./chooser.js";
import { layers } from "./order.js";
import { allPoints, forgetMoves } from "./points.js";

const MOST_FURTHER = 3;
let seen = "";

/**
 * Take up what the server shows.
 * @param {HTMLElement} element
 */
export function showGarment(element) {
  const chosen = maybe(".garment[data-chosen]", element)?.dataset.chosen ?? "";
  const isSame = chosen === seen;
  seen = chosen;
  // A visitor who moves points sees their new places and can continue.
  const sheet = forgetMoves() && isSame ? "points" : "cutout";
  busy(false);
  if (!account() && !chosen) return;
  state.order.garment = chosen;
  closeBrush();
  if (chosen) {
    showSheet(sheet);
    applyOutfit();
  }
  chosenChanged();
}

/** @param {string} kind cutout, points, photo or brush */
function showSheet(kind) {
  const sheet = one(".sheet"), shown = maybe(`.of-${kind}`, sheet) ? kind : "photo";
  sheet.dataset.show = shown;
  for (const button of all("[data-sheet]")) press(button, button.dataset.sheet === shown);
  for (const [name, part] of [["points", ".points-note"], ["brush", ".brush-acts"]]) {
    for (const acts of all(part)) acts.hidden = shown !== name;
  }
}

/** @param {Iterable<File>} files */
export async function upload(files) {
  const wanted = [...files];
  let last = "";
  for (const [at, file] of wanted.entries()) {
    read(at + 1, wanted.length);
    try {
      const answer = await call("POST", "/v1/garments", formOf("photo", file, file.name));
      last = (await answer.json()).id;
    } catch (problem) {
      const isAnswer = problem instanceof Refused && problem.status > 0;
      notice(isAnswer ? `${file.name}: ${problem.message}` : reasonOf(problem), true);
    }
  }
  byId("reading").textContent = "";
  if (last) ask("choose", { garment: last });
}

/**
 * @param {number} n
 * @param {number} of
 */
function read(n, of) {
  byId("reading").textContent = say(state.said.reading, { n, all: of });
}

/** @param {HTMLButtonElement} button */
export function takeExample(button) {
  button.disabled = true;
  read(1, 1);
  busy(true);
  ask("example");
}

/**
 * Ask to read the chosen photo again with a correction.
 * @param {Record<string, unknown>} stated
 */
export function correct(stated) {
  busy(true);
  ask("correct", { garment: state.order.garment, ...stated });
}

export const correctPoints = () => correct({ landmarks: allPoints() });

/**
 * Send a change of the chosen garment's files and show it.
 * @param {string} method
 * @param {string} path
 * @param {() => FormData} [form]
 */
function change(method, path, form) {
  const { garment } = state.order;
  return attempt(async () => {
    await call(method, path, form?.());
    ask("choose", { garment });
  });
}

// ---- outfit and colourways belong to the order
function applyOutfit() {
  const { order } = state;
  for (const name of /** @type {const} */ (["worn_with", "colorways"])) {
    for (const input of inputs(name, ".garment")) input.checked = order[name].includes(input.value);
  }
  for (const box of inputs("tucked", ".garment")) box.checked = order.tucked;
  if (!ticked("colorways", ".garment").length) {
    for (const box of inputs("colorways", ".garment")) box.checked = box.value === "";
  }
  showLayers();
}

function showLayers() {
  const note = maybe(".layers"), worn = inputs("worn_with", ".garment").filter((input) => input.checked);
  if (!note) return;
  const pieces = [...worn, one(".garment")].map(({ dataset: { name = "", kind = "" } }) => ({ name, kind }));
  const names = layers(pieces, ticked("tucked", ".garment").length > 0);
  note.hidden = one(".tuck").hidden = !worn.length;
  note.textContent = say(note.dataset.says ?? "", { names: names.join(" → ") });
  for (const input of inputs("worn_with", ".garment")) input.disabled = !input.checked && worn.length >= MOST_FURTHER;
}

function readOutfit() {
  state.order.worn_with = ticked("worn_with", ".garment");
  state.order.colorways = ticked("colorways", ".garment");
  state.order.tucked = ticked("tucked", ".garment").length > 0;
  showLayers();
  chosenChanged();
}

on("change", "#photos", (box) =>
  upload(box.files ?? []).finally(() => {
    box.value = "";
  }));
on("change", ".garment :is([name=worn_with], [name=colorways], [name=tucked])", readOutfit);
on("change", ".garment :is([name=category], [name=worn_open])", ({ name, value }) => correct({ [name]: value }));
on("change", "#back-file", ({ files }) => {
  const [file] = files ?? [];
  if (file) change("PUT", `/v1/garments/${state.order.garment}/back`, () => formOf("back", file, file.name));
});
on("change", "#mask-file", ({ files }) => {
  const [file] = files ?? [];
  if (file) change("PUT", `/v1/garments/${state.order.garment}/mask`, () => formOf("mask", file, file.name));
});
on("click", "[data-garment-file]", ({ dataset }) => {
  change("DELETE", `/v1/garments/${state.order.garment}/${dataset.garmentFile}`);
});
on("click", '[data-brush="apply"]', async () => {
  const mask = await painted();
  if (mask) change("POST", `/ui/garments/${state.order.garment}/mask`, () => formOf("file", mask, "mask.png"));
});
on("click", "[data-sheet]", ({ dataset: { sheet = "" } }) => {
  showSheet(sheet);
  if (sheet === "brush") openBrush();
});
on("click", "[data-garment]", ({ dataset }) => ask("choose", { garment: dataset.garment }));
on("click", "[data-garments]", ({ dataset }) => {
  ask("choose", { garment: state.order.garment, before: dataset.garments });
});
on("submit", "form[data-form=size]", (/** @type {HTMLFormElement} */ form, event) => {
  event.preventDefault();
  const { width, length, material } = Object.fromEntries(new FormData(form));
  /** @param {FormDataEntryValue} typed */
  const number = (typed) => typed === "" ? null : Number(typed);
  correct({ width_cm: number(width), length_cm: number(length), material });
});
