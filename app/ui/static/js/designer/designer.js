// @ts-check
// Designer: a block with a print, a technical flat or a sewing pattern, drawn flat while it is edited, fitted and shot.
import { all, byId, maybe, on, one } from "../dom.js";
import { notice, say } from "../messages.js";
import { account, keep, newKey, recallDesign, state } from "../state.js";
import { DIALS, freeName, kindOfFile, plainName, START, wayOf } from "./design.js";
import { fill, place, showSum, words } from "./form.js";
import { showWorn } from "./fitting.js";
import { example, keepDesign, list, open, shoot, upload } from "./keeping.js";
import { changed, draw, showFlat } from "./stage.js";

/** Open the designer when it is first looked at, once form and account are there. */
export function begin() {
  if (state.words || location.hash !== "#designer" || !maybe("#designer-words") || !account()) return;
  state.words = JSON.parse(byId("designer-words").textContent ?? "");
  recallDesign();
  fill();
  draw();
  list();
}

/**
 * Open the design that is a garment.
 * @param {string} id
 */
export async function openDesign(id) {
  location.hash = "designer";
  begin();
  await open(id);
}

/**
 * Take up a file that was dropped.
 * @param {File | undefined} file
 * @param {string} [place] where it fell
 */
export function drop(file, place) {
  const at = /** @type {"print" | "flat" | "pattern" | undefined} */ (place);
  if (file && state.words) upload(kindOfFile(file.name, state.design.kind, at), file);
}

/** @param {Partial<import("./design.js").Design>} values */
function set(values) {
  Object.assign(state.design, values);
  fill();
  changed();
}

function addWay() {
  const { ways } = state.design, name = freeName(ways, (n) => say(words().new_way, { n }));
  set({ ways: [...ways, { name, colours: {} }], way: name });
  one("[data-way-rename]").focus();
}

function removeWay() {
  const { ways, way } = state.design;
  set({ ways: ways.filter((each) => each.name !== way), way: "" });
  notice(words().removed);
}

/** @param {string} typed */
function renameWay(typed) {
  const way = wayOf(state.design), name = plainName(typed);
  if (way && name && !state.design.ways.some((each) => each !== way && each.name === name)) {
    way.name = state.design.way = name;
  }
  set({});
}

const BARE = { ways: [], way: "" };
/** @type {Record<string, (button: HTMLButtonElement) => unknown>} */
const does = {
  kind: ({ dataset }) => set({ kind: /** @type {"block"} */ (dataset.kind), ...BARE, id: null }),
  example: () => example("print"),
  "flat-example": () => example("flat"),
  plain: () => set({ print: null, ...BARE }),
  way: ({ dataset }) => set({ way: dataset.wayName }),
  "add-way": addWay,
  "remove-way": removeWay,
  fresh: () => set(START),
  open: ({ dataset }) => open(dataset.id ?? ""),
  keep: async () => {
    if (await keepDesign()) notice(words().kept_now);
  },
  shoot,
  "flat-look": showFlat,
  "space-look": showWorn,
};

/** Field of the form -> property of the design. */
const KEPT = {
  block: "block",
  "design-size": "size",
  "design-material": "material",
  "flat-width": "width",
  "flat-length": "length",
  "flat-category": "category",
};

on("click", "[data-design]", (/** @type {HTMLButtonElement} */ button) => {
  if (state.words) does[button.dataset.design ?? ""](button);
});
on("keydown", '#piece-designer [role="tab"]', (tab, event) => {
  if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const tabs = all('[data-design="kind"]'), step = event.key === "ArrowRight" ? 1 : tabs.length - 1;
  const other = /** @type {HTMLButtonElement} */ (tabs[(tabs.indexOf(tab) + step) % tabs.length]);
  other.focus();
  does.kind(other);
});
on("input", "#piece-designer input", (box) => {
  const { name, value, dataset } = box, { design } = state;
  const dial = DIALS.find((each) => name === each || name === `${each}-exact`);
  if (dial) {
    if (value === "" || !box.checkValidity()) return;
    design[dial] = Number(value);
    for (const each of [dial, `${dial}-exact`]) if (each !== name) place(each).value = value;
    changed();
  } else if (dataset.colour) {
    recolour(box, dataset.colour);
    changed();
  } else if (name === "design-name") {
    design.name = value;
    state.designKey = newKey();
    keep("design");
  }
});

/**
 * @param {HTMLInputElement} box
 * @param {string} colour that it changes
 */
function recolour(box, colour) {
  const way = wayOf(state.design), own = box.dataset.own;
  if (way) {
    way.colours[colour] = box.value;
    // Ground and trim of one colour change together in a colourway.
    for (const each of all(`#palette [data-colour="${colour}"]`)) {
      /** @type {HTMLInputElement} */ (each).value = box.value;
    }
  } else if (own === "ground" || own === "trim") {
    state.design[own] = box.dataset.colour = box.value;
  }
}

on("change", "#piece-designer :is(input, select)", (box) => {
  const { name, value, dataset, id, files } = box;
  if (!state.words) return;
  if (id.endsWith("-file")) {
    const kind = /** @type {"print" | "flat" | "pattern"} */ (id.split("-")[0]);
    return upload(kind, files?.[0]).finally(() => {
      box.value = "";
    });
  }
  const kept = KEPT[/** @type {keyof typeof KEPT} */ (name)];
  if (kept) return set({ [kept]: value });
  if (dataset.wayRename !== undefined) return renameWay(value);
  if (name === "piece-material") {
    const { [dataset.piece ?? ""]: _, ...others } = state.design.pieceMaterials;
    state.design.pieceMaterials = value ? { ...others, [dataset.piece ?? ""]: value } : others;
    return changed();
  }
  if (name === "design-model" && !state.design.size) return changed();
  showSum();
});
on("submit", "form[data-design-form]", (_, event) => event.preventDefault());
on("click", "[data-edit-design]", () => openDesign(state.order.garment));
