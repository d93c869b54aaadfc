// @ts-check
// An order of the studio: what its form says, and what is sent. app/ui/view_models/order_form.py reads it.
import { between } from "../geometry.js";

/**
 * @typedef {{
 *   garment: string, models: string[], poses: string[], views: string[], framing: string, set: string | null,
 *   background: string, light: string, shoes: string, focal_mm: number, style: string | null, format: string,
 *   pipeline: string | null, count: number, colorways: string[], worn_with: string[], tucked: boolean,
 * }} Order models and poses are empty for vmodel's choice
 *
 * @typedef {{
 *   models: string[], poses: string[], views: string[], framing?: string, set?: string, light?: string,
 *   background?: string, ownColour: string, lens?: string, ownFocal: string,
 *   shoes?: string, format?: string, style?: string, pipeline?: string, count?: string,
 * }} Form what is ticked, chosen and typed
 *
 * @typedef {{ name: string, kind: string }} Piece
 */

/** @type {Readonly<Order>} */
export const START = {
  garment: "",
  models: [],
  poses: [],
  views: ["front"],
  framing: "full",
  set: null,
  background: "light-grey",
  light: "soft-key",
  shoes: "auto",
  focal_mm: 85,
  style: null,
  format: "portrait",
  pipeline: null,
  count: 1,
  colorways: [],
  worn_with: [],
  tucked: false,
};
const MOST_COUNT = 8;

/**
 * Return an order with what the form says.
 * @param {Order} before its garment and outfit stay
 * @param {Form} form
 * @returns {Order}
 */
export function ordered(before, form) {
  const { models, poses, views, framing, light, shoes, format, style, pipeline } = form;
  const background = form.background === "own" ? form.ownColour : form.background;
  const lens = form.lens === "own" ? form.ownFocal : form.lens;
  return {
    ...before,
    models,
    poses,
    views,
    framing: framing ?? START.framing,
    light: light ?? START.light,
    set: form.set || null,
    background: background ?? START.background,
    focal_mm: Number(lens ?? START.focal_mm),
    shoes: shoes ?? START.shoes,
    format: format ?? START.format,
    style: style ?? null,
    pipeline: pipeline ?? null,
    count: between(1, MOST_COUNT, Math.round(Number(form.count ?? 1)) || 1),
  };
}

/**
 * Return the order as it is sent.
 * @param {Order} order
 * @param {{ worn_with: string[], colorways: string[] }} offered what the chosen garment's panel offers: colourways
 *   differ by garment, and none is worn with itself
 * @param {{ style?: string, pipeline?: string }} usual what the form shows, for an order without them
 * @returns {Partial<Order>}
 */
export function request(order, offered, usual) {
  const worn_with = order.worn_with.filter((each) => offered.worn_with.includes(each));
  const { poses, views, framing, ...others } = order;
  return {
    ...others,
    // A set decides these, and is refused beside them.
    ...(order.set ? {} : { poses, framing, views: views.length ? views : START.views }),
    worn_with,
    colorways: order.colorways.filter((each) => offered.colorways.includes(each)),
    tucked: worn_with.length > 0 && order.tucked,
    style: order.style || usual.style,
    pipeline: order.pipeline || usual.pipeline,
  };
}

/**
 * Return a focal length that can be ordered.
 * @param {string} typed
 * @param {{ min: string, max: string }} bounds millimetres
 */
export const focalOf = (typed, { min, max }) =>
  between(Number(min), Number(max), Math.round(Number(typed)) || START.focal_mm);

/**
 * Return the names of an outfit from the skin outwards.
 * @param {Piece[]} pieces
 * @param {boolean} isTucked tops are inside what is worn on the legs
 */
export function layers(pieces, isTucked) {
  const lower = ["trousers", "shorts", "skirt"];
  /** @param {Piece} piece */
  const rank = ({ kind }) => {
    if (kind === "swimwear") return -1;
    if (kind === "outerwear") return 3;
    return lower.includes(kind) ? (isTucked ? 2 : 0) : 1;
  };
  return [...pieces].sort((a, b) => rank(a) - rank(b)).map(({ name }) => name);
}

/**
 * Say whether a person is among those looked for.
 * @param {Record<string, string | undefined>} person
 * @param {Record<string, string>} wanted gender, age, size; empty for any
 * @param {string[]} tones of skin; none for any
 */
export const fits = (person, wanted, tones) =>
  Object.entries(wanted).every(([name, value]) => !value || person[name] === value) &&
  (!tones.length || tones.includes(person.skin ?? ""));
