// @ts-check
// A design: what its form keeps, and the recipe that the API draws, keeps and sews.

/**
 * @typedef {{ piece: string, size_cm: [number, number], colour?: string | null, material?: string | null }} Piece
 * @typedef {{
 *   id: string, name: string, colours: string[], has_back: boolean, link: string | null, pieces: Piece[],
 * }} File a print, flat or pattern that was uploaded
 * @typedef {{ name: string, colours: Record<string, string> }} Colorway
 *
 * @typedef {{
 *   kind: "block" | "flat" | "pattern", block: string, print: File | null, flat: File | null, pattern: File | null,
 *   pieceMaterials: Record<string, string>, size: string, material: string,
 *   repeat: number, rotate: number, right: number, up: number, ground: string, trim: string,
 *   ways: Colorway[], way: string, width: string, length: string, category: string,
 *   name: string, id: string | null, shot: string | null,
 * }} Design way: name of the colourway that is shown; shot: the last fitting
 *
 * @typedef {{
 *   name: string, block?: string | null, print?: string | null, flat?: string | null, pattern?: string | null,
 *   size?: string | null, material?: string | null, piece_materials?: Record<string, string>,
 *   repeat_cm: number, rotate_deg: number, offset_cm: [number, number], ground: string, trim?: string | null,
 *   width_cm?: number | null, length_cm?: number | null, category?: string | null, colorways: Colorway[],
 * }} Asked
 * @typedef {{
 *   id: string, name: string, asked: Asked, colours: string[], has_back: boolean, pieces: Piece[],
 *   print_picture: string | null, pieces_picture: string | null, colorways: { picture: string }[],
 * }} Kept what the API stores
 */

/** @type {Readonly<Design>} */
export const START = {
  kind: "block",
  block: "tee",
  print: null,
  flat: null,
  pattern: null,
  pieceMaterials: {},
  size: "",
  material: "",
  repeat: 16,
  rotate: 0,
  right: 0,
  up: 0,
  ground: "#f4f2ee",
  trim: "#f4f2ee",
  ways: [],
  way: "",
  width: "",
  length: "",
  category: "",
  name: "",
  id: null,
  shot: null,
};
export const DIALS = /** @type {const} */ (["repeat", "rotate", "right", "up"]);
const LONGEST_NAME = 40;

/** @param {Design} design */
export const isReady = (design) => design.kind === "block" || design[design.kind] !== null;

/** @param {Design} design */
export const wayOf = (design) => design.ways.find((way) => way.name === design.way);

/** @param {string} typed */
const number = (typed) => typed === "" ? null : Number(typed);

/**
 * Return what the API is asked to draw or keep.
 * @param {Design} design
 * @param {Record<string, string>} blocks their names
 * @param {string} model whose measurements a block without a size gets; empty for vmodel's choice
 */
export function recipe(design, blocks, model) {
  const { print, flat, pattern, ground, material, ways } = design, name = design.name.trim();
  const colorways = ways.map(({ name, colours }) => ({ name, colours }));
  const cloth = {
    print: print?.id ?? null,
    repeat_cm: design.repeat,
    rotate_deg: design.rotate,
    offset_cm: [design.right, design.up],
    ground,
    material: material || null,
    colorways,
  };
  if (design.kind === "flat") {
    const size = { width_cm: number(design.width), length_cm: number(design.length) };
    return { name: name || flat?.name, flat: flat?.id, ...size, category: design.category || null, colorways };
  }
  if (design.kind === "pattern") {
    const pieces = { pattern: pattern?.id, piece_materials: design.pieceMaterials };
    return { name: name || pattern?.name, ...pieces, ...cloth };
  }
  const cut = { size: design.size || null, model: design.size ? null : model || null };
  return { name: name || blocks[design.block], block: design.block, ...cut, trim: design.trim, ...cloth };
}

/**
 * Return a kept design as the form has it.
 * @param {Kept} kept
 * @returns {Design}
 */
export function opened({ id, asked, colours, has_back, pieces, print_picture, pieces_picture }) {
  /**
   * @param {string | null | undefined} id
   * @param {Partial<File>} [more]
   */
  const file = (id, more) =>
    id ? { id, colours, name: asked.name, has_back, link: print_picture, pieces: [], ...more } : null;
  const [flat, pattern] = [file(asked.flat), file(asked.pattern, { link: pieces_picture, pieces })];
  return {
    ...START,
    id,
    name: asked.name,
    kind: flat ? "flat" : pattern ? "pattern" : "block",
    block: asked.block ?? START.block,
    size: asked.size ?? "",
    print: file(asked.print),
    flat,
    pattern,
    pieceMaterials: materialsOf(asked.piece_materials ?? {}, pieces),
    material: asked.material ?? "",
    repeat: asked.repeat_cm,
    rotate: asked.rotate_deg,
    right: asked.offset_cm[0],
    up: asked.offset_cm[1],
    ground: asked.ground,
    trim: asked.trim ?? asked.ground,
    width: String(asked.width_cm ?? ""),
    length: String(asked.length_cm ?? ""),
    category: asked.category ?? "",
    ways: structuredClone(asked.colorways),
  };
}

/**
 * Return the fabric of each piece. A word may match several pieces; the form has a choice for each.
 * @param {Record<string, string>} asked
 * @param {Piece[]} pieces
 * @returns {Record<string, string>}
 */
function materialsOf(asked, pieces) {
  if (!Object.keys(asked).length) return {};
  return Object.fromEntries(pieces.flatMap(({ piece, material }) => material ? [[piece, material]] : []));
}

/**
 * Return a design with another file.
 * @param {Design} design
 * @param {"print" | "flat" | "pattern"} kind
 * @param {File} file
 * @returns {Design}
 */
export function withFile(design, kind, file) {
  const fresh = { [kind]: file, ways: [], way: "", id: null, name: "" };
  if (kind === "print") return { ...design, kind: design.kind === "flat" ? "block" : design.kind, ...fresh };
  return { ...design, kind, ...(kind === "pattern" ? { pieceMaterials: {} } : {}), ...fresh };
}

/**
 * Return what a dropped file is, by its name and where it fell.
 * @param {string} name
 * @param {Design["kind"]} kind of the design that is open
 * @param {"print" | "flat" | "pattern"} [place]
 */
export function kindOfFile(name, kind, place) {
  if (/\.(dxf|json)$/i.test(name)) return "pattern";
  return place ?? (/\.svg$/i.test(name) && kind !== "block" ? kind : "print");
}

/**
 * Return the name of a further colourway that none has yet.
 * @param {Colorway[]} ways
 * @param {(n: number) => string} name
 */
export function freeName(ways, name) {
  let n = ways.length + 1;
  while (ways.some((way) => way.name === name(n))) n += 1;
  return name(n);
}

/**
 * Return a typed name as colourways may have it; empty if nothing is left.
 * @param {string} typed
 */
export const plainName = (typed) =>
  typed.trim().replace(/[^\p{L}\p{N}_-]+/gu, "-").replace(/^-+/, "").slice(0, LONGEST_NAME);

/**
 * Return the colours that can be changed, each once: the cloth's own by name, and those of the files.
 * @param {Design} design
 * @returns {{ own: "" | "ground" | "trim", colour: string }[]}
 */
export function coloursOf(design) {
  const { kind, print, flat, pattern, ground, trim } = design;
  /** @type {{ own: "" | "ground" | "trim", colour: string }[]} */
  const found = [];
  if (kind === "block" || pattern?.pieces.some((piece) => !piece.colour)) found.push({ own: "ground", colour: ground });
  if (kind === "block") found.push({ own: "trim", colour: trim });
  for (const file of { block: [print], flat: [flat], pattern: [pattern, print] }[kind]) {
    for (const colour of file?.colours ?? []) {
      if (!found.some((each) => each.colour === colour)) found.push({ own: "", colour });
    }
  }
  return found;
}
