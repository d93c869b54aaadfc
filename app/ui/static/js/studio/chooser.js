// @ts-check
// The form beside the garment: who wears it and how the picture is taken; what it says goes into the order.
import { all, field, inputs, maybe, on, one, select, ticked } from "../dom.js";
import { notice, say } from "../messages.js";
import { ask } from "../server.js";
import { keep, newKey, state } from "../state.js";
import { fits, focalOf, ordered, request, START } from "./order.js";

const CALM_MS = 300;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let calm;

/** @param {string} name */
const value = (name) => maybe(`#piece-chooser [name="${name}"]`) ? field(name, "#piece-chooser").value : undefined;

function readForm() {
  const [models, poses, views] = ["models", "poses", "views"].map((name) => ticked(name));
  const [framing, set, light, background, lens] = ["framing", "set", "light", "background", "focal"]
    .map((name) => ticked(name)[0]);
  const [shoes, format, style, pipeline, count] = ["shoes", "format", "style", "pipeline", "count"].map(value);
  const own = { ownColour: field("own-colour").value, ownFocal: field("own-focal").value };
  const form = { models, poses, views, framing, set, light, background, lens, shoes, format, style, pipeline, count };
  state.order = ordered(state.order, { ...form, ...own });
  one(".own-lens").hidden = lens !== "own";
  chosenChanged();
}

/** Show the order in the form. */
export function applyOrder() {
  const { order } = state;
  if (!maybe("#piece-chooser .card")) return;
  const colour = order.background.startsWith("#"), focal = String(order.focal_mm);
  const isNamed = inputs("focal").some((input) => input.value === focal);
  const wanted = {
    models: order.models,
    poses: order.poses,
    views: order.views.length ? order.views : START.views,
    set: [order.set ?? ""],
    framing: [order.framing],
    light: [order.light],
    background: [colour ? "own" : order.background],
    focal: [isNamed ? focal : "own"],
  };
  for (const [name, values] of Object.entries(wanted)) {
    for (const input of inputs(name, "#piece-chooser")) input.checked = values.includes(input.value);
  }
  if (colour) field("own-colour").value = order.background;
  if (!isNamed) field("own-focal").value = focal;
  one(".own-lens").hidden = isNamed;
  const style = order.style, styles = select("style"); // an order of the API may name pieces
  if (style && !offers(styles, style)) styles.add(new Option(style.replaceAll("-", " "), style));
  for (const name of /** @type {const} */ (["style", "shoes", "format", "pipeline", "count"])) {
    const box = maybe(`#piece-chooser [name="${name}"]`), wish = order[name];
    if (box instanceof HTMLInputElement) box.value = String(wish);
    else if (box instanceof HTMLSelectElement && wish !== null && offers(box, String(wish))) box.value = String(wish);
  }
  chosenChanged();
}

/**
 * @param {HTMLSelectElement} box
 * @param {string} value
 */
const offers = (box, value) => [...box.options].some((each) => each.value === value);

/** Say how many are chosen, keep the order, and ask for its price. */
export function chosenChanged() {
  const { order, said } = state;
  for (const part of all(".not-in-set")) part.hidden = Boolean(order.set);
  for (const name of /** @type {const} */ (["models", "poses"])) {
    const n = order[name].length;
    for (const auto of inputs(`${name}-auto`)) auto.checked = n === 0;
    const counted = maybe(`#${name}-count`);
    if (counted && said.chosen) counted.textContent = n ? say(said.chosen, { n }) : "";
  }
  keep("order");
  clearTimeout(calm);
  calm = setTimeout(() => {
    const asked = plainOrder();
    if (asked || maybe(".bar-sum, .bar-problem")) ask("price", { order: asked });
  }, CALM_MS);
}

/** Return the order as it is sent; null while there is no garment to wear. */
export function plainOrder() {
  if (!state.order.garment || !maybe(".garment[data-chosen] .of-cutout")) return null;
  /** @param {string} name */
  const offered = (name) => inputs(name, ".garment").map((input) => input.value);
  const panel = { worn_with: offered("worn_with"), colorways: offered("colorways") };
  return request(state.order, panel, { style: value("style"), pipeline: value("pipeline") });
}

/**
 * Put everything back as it was for a picture.
 * @param {string} text the order as JSON, without a garment if that was deleted
 */
export function redo(text) {
  state.order = { ...START, ...JSON.parse(text) };
  location.hash = "studio";
  applyOrder();
  const { garment } = state.order;
  if (garment) ask("choose", { garment });
  notice(garment ? state.said.redo : state.said.gone, !garment);
}

/** @param {HTMLButtonElement} button */
export function sendOrder(button) {
  button.disabled = true;
  ask("order", { order: plainOrder(), key: state.orderKey });
}

/** The order was accepted: the next one is another. */
export function accepted() {
  state.orderKey = newKey();
}

function filterFaces() {
  const wanted = Object.fromEntries(["gender", "age", "size"].map((name) => [name, select(`filter-${name}`).value]));
  const tones = ticked("filter-skin"), faces = all(".card.face");
  for (const face of faces) face.hidden = !fits(face.dataset, wanted, tones);
  one(".nobody").hidden = faces.some((face) => !face.hidden);
  one(".faces").scrollTo({ left: 0 });
}

on("change", "#piece-chooser :is(input, select)", (box) => {
  if (box.name.startsWith("filter-")) return filterFaces();
  if (box.name.endsWith("-auto")) { for (const each of inputs(box.name.split("-")[0])) each.checked = false; }
  if (box.name === "own-colour") {
    one('input[name="background"][value="own"]', document, HTMLInputElement).checked = true;
  }
  if (box.name === "own-focal") box.value = String(focalOf(box.value, box));
  readForm();
});
on("click", "button[data-turn]", (button) => {
  const cards = one(".cards", button.closest(".step") ?? document);
  cards.scrollBy({ left: Number(button.dataset.turn) * cards.clientWidth * 0.9, behavior: "smooth" });
});
on("click", "[data-redo]:not([data-shot])", (button) => redo(button.dataset.redo ?? ""));
