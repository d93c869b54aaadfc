// @ts-check
// Numbers within bounds, and places on a picture.

/**
 * @typedef {[number, number]} Point right and down in pixels of the picture
 * @typedef {{ width: number, height: number }} Size pixels
 */

/**
 * @param {number} low
 * @param {number} high
 * @param {number} value
 */
export const between = (low, high, value) => Math.min(high, Math.max(low, value));

/**
 * Return the place nearest to one that is on a picture.
 * @param {Point} at
 * @param {Size} picture
 * @returns {Point}
 */
export const inside = ([x, y], { width, height }) => [between(0, width, x), between(0, height, y)];

/**
 * Return where on a picture a pointer is.
 * @param {{ clientX: number, clientY: number }} pointer
 * @param {{ left: number, top: number, width: number, height: number }} area of the picture in the window
 * @param {Size} picture
 * @returns {Point}
 */
export function under({ clientX, clientY }, area, { width, height }) {
  return [(clientX - area.left) / area.width * width, (clientY - area.top) / area.height * height];
}
