// @ts-check
// First fitting of the design: one small picture, with a 3D model that can be turned.
import { byId, one } from "../dom.js";
import { explain, notice, say } from "../messages.js";
import { ask, attempt, finished } from "../server.js";
import { newKey, state } from "../state.js";
import { isReady } from "./design.js";
import { words } from "./form.js";
import { keepDesign, order, shotOf } from "./keeping.js";
import { save, turn, watch } from "./stage.js";

const EVERY_MS = 500;

/** Show the design worn: its last fitting, or a new one, which costs credits. */
export async function showWorn() {
  const { design } = state;
  if (design.shot) return turn(design.shot);
  if (!isReady(design)) return;
  const { space_price, space_price_many, fitting_price: n } = words();
  if (!confirm(say(n === 1 ? space_price : space_price_many, { n }))) return;
  const isOver = watch();
  tell(words().keeping, 0);
  byId("paper").scrollIntoView({ block: "nearest" });
  const shot = await fit(isOver);
  if (isOver()) return;
  byId("making").hidden = true;
  if (!shot) return;
  if (shot.state !== "done") return notice(explain(shot.error?.code, shot.error?.message), true);
  state.design.shot = shot.id;
  save();
  turn(shot.id);
}

/**
 * Return the finished picture; null if it could not be ordered, or nobody waits for it any longer.
 * @param {() => boolean} isOver
 */
async function fit(isOver) {
  const kept = await keepDesign();
  if (!kept || isOver()) return null;
  const shots = [{ ...shotOf("front", words().fitting_size), pipeline: "draft", fitting: true }];
  const asked = await attempt(() => order(kept.id, state.design.way, shots, newKey()));
  if (!asked) return null;
  ask("poll", { most: state.most });
  const { fitting, waiting, stages } = words();
  const job = await finished(asked, EVERY_MS, isOver, ({ shots: [{ stage }], share }) => {
    tell(stage ? say(fitting, { stage: stages[stage] ?? stage }) : waiting, share);
  });
  if (job) ask("poll", { most: state.most });
  return job && job.shots[0];
}

/**
 * @param {string} text
 * @param {number} share of the work that is done
 */
function tell(text, share) {
  byId("making").hidden = false;
  one("#making p").textContent = text;
  one("#making span").style.width = `${Math.round(100 * share)}%`;
}
