// @ts-check
// A garment of an uncertain category: previews as each of the two likeliest, one after the other; a click decides.
import { all, maybe, on, one } from "../dom.js";
import { explain, say } from "../messages.js";
import { call, finished, reasonOf } from "../server.js";
import { state } from "../state.js";
import { correct } from "./garment.js";

const EVERY_MS = 700;
let watching = 0;

/**
 * Show the previews of a question, if the garment's panel has one.
 * @param {HTMLElement} panel
 */
export async function showReadings(panel) {
  const mine = ++watching, box = maybe(".question", panel);
  if (!box) return;
  const isOver = () => mine !== watching || !box.isConnected;
  const told = one("[role=status]", box);
  for (const button of all(".reading", box)) {
    const note = one(".reading-note", button);
    const why = await preview(box, button, isOver).catch(reasonOf);
    if (isOver()) return;
    button.setAttribute("aria-busy", "false");
    note.textContent = why && say(told.dataset.cannot ?? "", { why });
    told.textContent = `${one(".reading-as", button).textContent}. ${note.textContent}`;
  }
}

/**
 * Have a small picture made and show it; return why there is none.
 * @param {HTMLElement} box
 * @param {HTMLElement} button
 * @param {() => boolean} isOver
 */
async function preview(box, button, isOver) {
  const path = `/ui/garments/${box.dataset.question}/readings/${button.dataset.reading}`;
  const asked = await (await call("POST", path)).json();
  const note = one(".reading-note", button), making = one("[role=status]", box).dataset.making ?? "";
  const job = await finished(asked, EVERY_MS, isOver, ({ shots: [{ stage }] }) => {
    if (stage) note.textContent = say(making, { stage: state.said.stages[stage] ?? stage });
  });
  if (!job) return "";
  const [shot] = job.shots;
  if (shot.state !== "done") return explain(shot.error?.code, shot.error?.message);
  const picture = Object.assign(new Image(), { src: `/ui/shots/${shot.id}/picture?w=512`, alt: button.dataset.alt });
  await picture.decode();
  one(".reading-sheet", button).append(picture);
  return "";
}

on("click", "[data-reading]", ({ dataset }) => correct({ category: dataset.reading }));
