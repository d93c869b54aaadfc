// @ts-check
// What the designer shows: the drawing lying flat, or the fitting in 3D.
import { all, byId, one, press } from "../dom.js";
import { notice, say } from "../messages.js";
import { call, reasonOf, Refused } from "../server.js";
import { keep, newKey, state } from "../state.js";
import { showSpace } from "../viewer/turntable.js";
import { isReady, recipe } from "./design.js";
import { place, words } from "./form.js";

const CALM_MS = 260, RULER_CM = 10, SIDE_PX = 512, LEAST_APART_CM = 0.5, TOO_MANY = 429;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let calm;
let drawn = 0, watching = 0, picture = "";

/** Return the recipe of the design in the form. */
export const asked = () => recipe(state.design, words().blocks, place("design-model").value);

/** Keep the design; an order of it is another than before. */
export function save() {
  state.designKey = newKey();
  keep("design");
}

/** The design is another: draw it, and forget its fitting. */
export function changed() {
  state.design.shot = null;
  showFlat();
  save();
  refresh();
}

function refresh() {
  clearTimeout(calm);
  calm = setTimeout(draw, CALM_MS);
}

export async function draw() {
  const paper = byId("paper"), number = ++drawn, isAny = isReady(state.design);
  byId("nothing").hidden = isAny;
  if (!isAny) return show("");
  paper.setAttribute("aria-busy", "true");
  try {
    const path = `/v1/designs/preview?colorway=${encodeURIComponent(state.design.way)}`;
    const answer = await call("POST", path, asked()), seen = await answer.blob();
    if (number !== drawn) return;
    const [pxPerCm, apart] = ["X-Px-Per-Cm", "X-Seam-Mismatch-Cm"].map((name) => Number(answer.headers.get(name)));
    show(URL.createObjectURL(seen), pxPerCm, apart);
  } catch (problem) {
    if (number !== drawn) return;
    if (problem instanceof Refused && problem.status === TOO_MANY) refresh();
    else notice(reasonOf(problem), true);
  } finally {
    if (number === drawn) paper.setAttribute("aria-busy", "false");
  }
}

/**
 * @param {string} address of the drawing; empty for none
 * @param {number} [pxPerCm]
 * @param {number} [apartCm] how far apart the repeats meet at a seam
 */
function show(address, pxPerCm = 0, apartCm = 0) {
  const { kind, flat } = state.design, ruler = byId("ruler"), told = byId("mismatch");
  for (const side of all("#paper .side")) side.style.backgroundImage = address ? `url("${address}")` : "";
  if (picture) URL.revokeObjectURL(picture);
  picture = address;
  byId("figure-back").hidden = kind === "flat" && flat?.has_back === false;
  byId("paper").classList.toggle("is-empty", !address);
  ruler.hidden = !pxPerCm;
  ruler.style.setProperty("--share", String(RULER_CM * pxPerCm / SIDE_PX));
  told.hidden = apartCm < LEAST_APART_CM;
  told.textContent = say(kind === "pattern" ? words().mismatch_seam : words().mismatch, { cm: apartCm.toFixed(1) });
  byId("paper").dataset.drawn = String(drawn);
}

/** @param {"flat" | "space"} how */
function look(how) {
  for (const name of ["flat", "space"]) press(one(`[data-design="${name}-look"]`), name === how);
  byId("design-space").hidden = how !== "space";
  byId("making").hidden = true;
  one("#paper .sides").hidden = how !== "flat";
  byId("paper").classList.toggle("in-space", how === "space");
}

/** Show the drawing; nobody waits for a fitting any longer. */
export function showFlat() {
  watching += 1;
  look("flat");
}

/** Begin to wait for a fitting; the answer tells whether nobody waits for it any longer. */
export function watch() {
  const mine = ++watching;
  return () => mine !== watching;
}

/** @param {string} shot a finished picture of the design */
export async function turn(shot) {
  const canvas = one("#design-space", document, HTMLCanvasElement);
  look("space");
  if (await showSpace(canvas, shot)) {
    canvas.focus({ preventScroll: true });
    byId("paper").scrollIntoView({ block: "center" });
    return;
  }
  look("flat");
  notice(state.said.no_space, true);
}
