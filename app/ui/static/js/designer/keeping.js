// @ts-check
// Designs that are kept, their files, and orders of them: all through the API.
import { byId, made, one, press, ticked } from "../dom.js";
import { notice, say } from "../messages.js";
import { ask, attempt, call, Refused } from "../server.js";
import { keep, newKey, state } from "../state.js";
import { isReady, opened, withFile } from "./design.js";
import { fill, place, showSum, tell, waysToShoot, words } from "./form.js";
import { asked, changed } from "./stage.js";

const MOST_SHOWN = 40, GONE = 404;
/** @type {import("./design.js").Kept[]} */
let designs = [];

/**
 * Do something that takes a while and may be refused.
 * @template T
 * @param {string} text what is being done
 * @param {() => Promise<T>} work
 */
async function telling(text, work) {
  tell(text);
  const done = await attempt(work);
  tell("");
  return done;
}

/** Show the kept designs. */
export async function list() {
  const answer = await call("GET", `/v1/designs?limit=${MOST_SHOWN}`).catch(() => null);
  if (!answer) return;
  designs = await answer.json();
  byId("designs").replaceChildren(...designs.map(({ id, name, colorways: [{ picture }] }) => {
    const label = say(words().open, { name });
    const told = {
      type: "button",
      class: "thumb of-design",
      "data-design": "open",
      "data-id": id,
      "aria-label": label,
    };
    const button = made("button", told);
    button.append(made("img", { src: picture, alt: "", loading: "lazy" }));
    return button;
  }));
  one(".kept").hidden = !designs.length;
  markOpen();
}

function markOpen() {
  for (const thumb of byId("designs").children) {
    press(thumb, /** @type {HTMLElement} */ (thumb).dataset.id === state.design.id);
  }
}

/** @param {string} id */
export async function open(id) {
  if (!designs.some((each) => each.id === id)) await list();
  const kept = designs.find((each) => each.id === id);
  if (!kept) return;
  state.design = opened(kept);
  changed();
  fill();
  markOpen();
}

/** Keep the design that is open; return null if it was refused. */
export async function keepDesign() {
  if (!isReady(state.design)) {
    notice(words().needs_flat, true);
    return null;
  }
  const { id } = state.design;
  /** @type {import("./design.js").Kept | null} */
  const kept = await telling(words().keeping, async () => {
    const make = () => call("POST", "/v1/designs", asked());
    const answer = await (id ? call("PUT", `/v1/designs/${id}`, asked()) : make()).catch((problem) => {
      if (id && problem instanceof Refused && problem.status === GONE) return make();
      throw problem;
    });
    return answer.json();
  });
  if (!kept) return null;
  state.design.id = kept.id;
  keep("design");
  list();
  ask("choose", { garment: kept.id });
  return kept;
}

/**
 * @param {"print" | "flat" | "pattern"} kind
 * @param {File | undefined} file
 */
export async function upload(kind, file) {
  if (!file) return;
  const form = new FormData();
  form.append("file", file, file.name);
  const told = await telling(words().reading, async () => (await call("POST", `/v1/${kind}s`, form)).json());
  if (!told) return;
  const { id, colours, has_back = true, link = null, pieces = [] } = told;
  const name = file.name.replace(/\.\w+$/, "");
  state.design = withFile(state.design, kind, { id, colours, name, has_back, link, pieces });
  changed();
  fill();
}

/** @param {"print" | "flat"} kind */
export async function example(kind) {
  const { lemons = "", raglan = "" } = byId("designer-words").dataset;
  const answer = await fetch(kind === "print" ? lemons : raglan);
  if (kind === "print") Object.assign(state.design, { ground: "#fbf6ea", trim: "#3f6b3a", repeat: 16 });
  const name = kind === "print" ? "lemons.svg" : "raglan-tee.svg";
  await upload(kind, new File([await answer.blob()], name, { type: "image/svg+xml" }));
}

/**
 * Return a picture as jobs take it.
 * @param {string} view
 * @param {string} size HEIGHTxWIDTH in pixels
 */
export function shotOf(view, size) {
  const [model, pose] = ["design-model", "design-pose"].map((name) => place(name).value || null);
  return { model, pose, view, size, pipeline: words().pipeline };
}

/**
 * Order pictures of a kept design.
 * @param {string} garment_id
 * @param {string} colorway
 * @param {unknown[]} shots
 * @param {string} key repeated, it is the same order
 * @returns {Promise<import("../server.js").Job>}
 */
export async function order(garment_id, colorway, shots, key) {
  const headers = { "Idempotency-Key": encodeURIComponent(key) };
  return (await call("POST", "/v1/jobs", { garment_id, colorway, shots }, headers)).json();
}

/**
 * Keep the design and order its pictures.
 * @param {HTMLButtonElement} button
 */
export async function shoot(button) {
  button.disabled = true;
  const kept = await keepDesign(), key = state.designKey;
  if (kept) {
    const views = ticked("design-view"), size = words().sizes[place("design-format").value];
    const shots = views.map((view) => shotOf(view, size));
    const jobs = await attempt(() => Promise.all(waysToShoot().map((way) => order(kept.id, way, shots, key + way))));
    if (jobs) {
      const n = jobs.length * shots.length;
      state.designKey = newKey();
      ask("poll", { most: state.most });
      location.hash = "pictures";
      notice(n === 1 ? words().made_one : say(words().made, { n }));
    }
  }
  showSum();
}
