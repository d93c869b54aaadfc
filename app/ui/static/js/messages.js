// @ts-check
// What the page tells the visitor.
import { byId, maybe, one } from "./dom.js";
import { state } from "./state.js";

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * Fill the placeholders of a text.
 * @param {string} text
 * @param {Record<string, unknown>} [values]
 */
export const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

/**
 * Return the page's sentence for a failure; without one, what the server says. See app/ui/base/i18n.py.
 * @param {string} [code]
 * @param {string} [message]
 */
export function explain(code = "", message = state.said.failed) {
  return say(state.said.errors[code] ?? "{message}", { message, why: message.split(";")[0] });
}

/**
 * Show a sentence: what was done, which goes by itself, or a problem, which stays.
 * @param {string} text
 * @param {boolean} [isProblem]
 */
export function notice(text, isProblem = false) {
  const box = maybe("#notice");
  if (!box) return;
  one("p", box).textContent = text;
  box.classList.toggle("is-problem", isProblem);
  box.hidden = false;
  clearTimeout(timer);
  if (!isProblem) timer = setTimeout(dismiss, 6000);
}

export function dismiss() {
  byId("notice").hidden = true;
}

/** @param {boolean} isBusy */
export const busy = (isBusy) => document.body.toggleAttribute("data-busy", isBusy);
