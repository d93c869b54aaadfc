// @ts-check
import assert from "node:assert/strict";
import {
  coloursOf,
  freeName,
  isReady,
  kindOfFile,
  opened,
  plainName,
  recipe,
  START,
  withFile,
} from "../../../../app/ui/static/js/designer/design.js";

const BLOCKS = { tee: "T-shirt" };
const FILE = { id: "f1", name: "lemons", colours: ["#ffee00"], has_back: true, link: null, pieces: [] };

Deno.test("a block gets the measurements of its wearer, unless it has a size", () => {
  const cut = recipe(START, BLOCKS, "wm-ines");
  assert.deepEqual([cut.name, "model" in cut && cut.model], ["T-shirt", "wm-ines"]);
  const sized = recipe({ ...START, size: "M", name: " My tee " }, BLOCKS, "wm-ines");
  assert.deepEqual([sized.name, "model" in sized && sized.model], ["My tee", null]);
});

Deno.test("a flat is asked for with its size and without a print", () => {
  const flat = recipe({ ...START, kind: "flat", flat: FILE, width: "48.5", print: FILE }, BLOCKS, "");
  assert.deepEqual(flat, {
    name: "lemons",
    flat: "f1",
    width_cm: 48.5,
    length_cm: null,
    category: null,
    colorways: [],
  });
});

Deno.test("a pattern is asked for with the fabric of each piece", () => {
  const asked = recipe({ ...START, kind: "pattern", pattern: FILE, pieceMaterials: { sleeve: "silk" } }, BLOCKS, "");
  assert.deepEqual("piece_materials" in asked && asked.piece_materials, { sleeve: "silk" });
});

Deno.test("a design that is kept, opened and kept again is the same", () => {
  const way = { name: "night", colours: { "#ffee00": "#101830" } };
  const design = { ...START, print: FILE, repeat: 12, right: 3, up: -2, size: "L", trim: "#333333", ways: [way] };
  const asked = /** @type {any} */ (recipe({ ...design, name: "Tee" }, BLOCKS, ""));
  const shown = { colours: FILE.colours, has_back: true, pieces: [], print_picture: "/p.png", pieces_picture: null };
  const again = opened({ id: "d1", name: "Tee", asked, colorways: [{ picture: "" }], ...shown });
  assert.equal(asked.print, "f1");
  assert.deepEqual(recipe(again, BLOCKS, ""), asked);
  again.ways[0].name = "changed";
  assert.equal(asked.colorways[0].name, "night");
});

Deno.test("an opened pattern has the fabric of each piece, also where one word meant several", () => {
  const asked = { ...START, pattern: "p1", repeat_cm: 16, rotate_deg: 0, offset_cm: [0, 0], colorways: [] };
  const sleeves = ["sleeve_l", "sleeve_r"].map((piece) => ({ piece, size_cm: [20, 60], material: "silk" }));
  const pieces = [...sleeves, { piece: "back", size_cm: [50, 70], material: null }];
  const told = { id: "d1", name: "Dress", colours: [], has_back: true, print_picture: null, pieces_picture: null };
  /** @param {Record<string, string>} piece_materials */
  const fabrics = (piece_materials) =>
    opened(/** @type {any} */ ({ ...told, colorways: [], pieces, asked: { ...asked, piece_materials } }))
      .pieceMaterials;
  assert.deepEqual(fabrics({ sleeve: "silk" }), { sleeve_l: "silk", sleeve_r: "silk" });
  assert.deepEqual(fabrics({}), {});
});

Deno.test("another file takes colourways, name and identity of the design away", () => {
  const design = { ...START, kind: /** @type {const} */ ("flat"), id: "d1", name: "Old", way: "night" };
  const printed = withFile(design, "print", FILE);
  assert.deepEqual([printed.kind, printed.id, printed.name, printed.way], ["block", null, "", ""]);
  assert.equal(withFile(design, "pattern", FILE).kind, "pattern");
});

Deno.test("nothing can be drawn before its file is there", () => {
  assert.ok(isReady(START));
  assert.ok(!isReady({ ...START, kind: "flat" }));
  assert.ok(isReady({ ...START, kind: "flat", flat: FILE }));
});

Deno.test("a dropped file is what its ending and place say", () => {
  assert.equal(kindOfFile("dress.DXF", "block"), "pattern");
  assert.equal(kindOfFile("dress.svg", "flat"), "flat");
  assert.equal(kindOfFile("dress.svg", "block"), "print");
  assert.equal(kindOfFile("dress.svg", "flat", "print"), "print");
});

Deno.test("a further colourway gets a name that none has", () => {
  const ways = ["colour-2", "colour-3"].map((name) => ({ name, colours: {} }));
  assert.equal(freeName(ways, (n) => `colour-${n}`), "colour-4");
});

Deno.test("a typed name keeps letters of every script, and is short", () => {
  assert.equal(plainName("  -夜 blue/红!  "), "夜-blue-红-");
  assert.equal(plainName("x".repeat(90)).length, 40);
  assert.equal(plainName(" !! "), "");
});

Deno.test("every colour is offered once, ground and trim first", () => {
  const print = { ...FILE, colours: ["#f4f2ee", "#ffee00", "#ffee00"] };
  const colours = coloursOf({ ...START, print });
  assert.deepEqual(colours.map(({ own, colour }) => [own, colour]), [
    ["ground", "#f4f2ee"],
    ["trim", "#f4f2ee"],
    ["", "#ffee00"],
  ]);
});
