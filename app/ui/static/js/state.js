// @ts-check
// What outlives the page's pieces: what the visitor chose, and the texts that the server sent.
import { START as DESIGN } from "./designer/design.js";
import { maybe } from "./dom.js";
import { START as ORDER } from "./studio/order.js";

/**
 * @typedef {Record<"reading" | "chosen" | "failed" | "too_large" | "redo" | "gone" | "no_space", string>} Sentences
 * @typedef {Sentences & { stages: Record<string, string>, errors: Record<string, string> }} Said
 * @typedef {{ name: string, colours: Record<string, string> }} Colorway
 * @typedef {{
 *   blocks: Record<string, string>, bar: Record<string, string>, stages: Record<string, string>,
 *   sizes: Record<string, string>, prices: Record<string, number>,
 *   pipeline: string, fitting_size: string, fitting_price: number,
 * }} Offer
 * @typedef {Record<string, string> & Offer} DesignerWords
 */

const STORES = { order: "vmodel-studio", design: "vmodel-design" };

export const state = {
  /** Account whose choices these are; empty before it is known. */
  owner: "",
  order: { ...ORDER },
  /** Key that makes a repeated order the same order. */
  orderKey: newKey(),
  /** Pictures' jobs that are shown. */
  most: 12,
  design: { ...DESIGN },
  designKey: newKey(),
  said: /** @type {Said} */ ({ stages: {}, errors: {} }),
  words: /** @type {DesignerWords | null} */ (null),
};

/** Return the account that is signed in; empty before the header is there. */
export const account = () => maybe("header.top")?.dataset.account ?? "";

/** Return a new idempotency key. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Keep the choices of this account on this machine.
 * @param {"order" | "design"} name
 */
export function keep(name) {
  try {
    localStorage.setItem(STORES[name], JSON.stringify({ account: account() || state.owner, [name]: state[name] }));
  } catch { /* a private window keeps nothing */ }
}

/**
 * Return what was kept, and for whom.
 * @param {"order" | "design"} name
 */
function kept(name) {
  try {
    const found = JSON.parse(localStorage.getItem(STORES[name]) ?? "null");
    return { owner: String(found?.account ?? ""), value: found?.[name] };
  } catch {
    return { owner: "", value: null };
  }
}

/** Take up the order of the last visit, before it is known who looks. */
export function recallOrder() {
  const { owner, value } = kept("order");
  state.owner = owner;
  state.order = { ...ORDER, ...value };
}

/** Drop what somebody else chose on this machine. Return true if anything changed. */
export function claim() {
  const mine = account();
  if (!mine || mine === state.owner) return false;
  if (state.owner) state.order = { ...ORDER, garment: state.order.garment };
  state.owner = mine;
  return true;
}

/** Take up this account's design of the last visit. */
export function recallDesign() {
  const { owner, value } = kept("design");
  if (owner === account()) state.design = { ...DESIGN, ...value };
}
