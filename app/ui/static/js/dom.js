// @ts-check
// Short names for what the scripts do with the document.

/**
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement | null}
 */
export const maybe = (selector, root = document) => root.querySelector(selector);

/**
 * Return the element that the page always has.
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [root]
 * @param {new () => E} [kind] class of the element, where its own properties are needed
 * @returns {E}
 */
export function one(selector, root = document, kind) {
  const found = maybe(selector, root);
  if (!found || (kind && !(found instanceof kind))) throw new Error(`The page has no ${selector}.`);
  return /** @type {E} */ (found);
}

/**
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement[]}
 */
export const all = (selector, root = document) =>
  [...root.querySelectorAll(selector)].map((each) => /** @type {HTMLElement} */ (each));

/**
 * @param {string} name
 * @param {string} [place] selector of what holds them
 * @returns {HTMLInputElement[]}
 */
export const inputs = (name, place = "") => /** @type {HTMLInputElement[]} */ (all(`${place} input[name="${name}"]`));

/**
 * Return the values of the boxes that are ticked.
 * @param {string} name
 * @param {string} [place] selector of what holds them
 */
export const ticked = (name, place) => inputs(name, place).filter((each) => each.checked).map((each) => each.value);

/**
 * Return a field of a form, or a choice among options.
 * @param {string} name
 * @param {string} [place] selector of what holds it
 */
export const field = (name, place = "") => /** @type {HTMLInputElement} */ (one(`${place} [name="${name}"]`));

/**
 * @param {string} name
 * @returns {HTMLSelectElement}
 */
export const select = (name) => one(`select[name="${name}"]`, document, HTMLSelectElement);

/** @param {string} id */
export const byId = (id) => one(`#${id}`);

/**
 * Say what is on; a screen reader tells it too.
 * @param {Element} button
 * @param {boolean} isOn
 */
export const press = (button, isOn) => button.setAttribute("aria-pressed", String(isOn));

/**
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {string} [text]
 */
export function made(tag, attributes = {}, text = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/**
 * Listen on the document, since the server replaces the page's pieces.
 * @template {keyof DocumentEventMap} K
 * @template {Element} [E=HTMLInputElement]
 * @param {K} kind
 * @param {string} selector of what the event is about: where it happened, or what that is in
 * @param {(element: E, event: DocumentEventMap[K]) => unknown} does
 */
export function on(kind, selector, does) {
  document.addEventListener(kind, (event) => {
    const found = event.target instanceof Element ? event.target.closest(selector) : null;
    if (found) does(/** @type {E} */ (/** @type {unknown} */ (found)), event);
  });
}

/**
 * Follow a pointer that was pressed until it is released.
 * @param {PointerEvent} event
 * @param {(at: PointerEvent) => void} move
 * @param {() => void} [done]
 */
export function follow(event, move, done = () => {}) {
  const stop = () => {
    removeEventListener("pointermove", move);
    for (const kind of /** @type {const} */ (["pointerup", "pointercancel"])) removeEventListener(kind, stop);
    done();
  };
  addEventListener("pointermove", move);
  for (const kind of /** @type {const} */ (["pointerup", "pointercancel"])) addEventListener(kind, stop);
  event.preventDefault();
}

/**
 * Return which way an arrow key points.
 * @param {KeyboardEvent} event
 * @returns {[number, number] | undefined} right and down
 */
export function arrow({ key }) {
  /** @type {Record<string, [number, number]>} */
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  return ways[key];
}
