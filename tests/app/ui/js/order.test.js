// @ts-check
import assert from "node:assert/strict";
import { fits, focalOf, layers, ordered, request, START } from "../../../../app/ui/static/js/studio/order.js";

const FORM = { models: [], poses: [], views: ["back"], ownColour: "#112233", ownFocal: "70", lens: "85" };
const PANEL = { worn_with: ["coat", "skirt"], colorways: ["", "night"] };

Deno.test("a form that says nothing leaves what is usual, and the garment", () => {
  const order = ordered({ ...START, garment: "tee", worn_with: ["skirt"] }, { ...FORM, views: [], lens: undefined });
  assert.deepEqual(order, { ...START, garment: "tee", worn_with: ["skirt"], views: [] });
});

Deno.test("own colour and own lens replace the choice of that name", () => {
  const order = ordered(START, { ...FORM, background: "own", lens: "own" });
  assert.deepEqual([order.background, order.focal_mm], ["#112233", 70]);
});

Deno.test("the number of pictures stays within its bounds, and nonsense counts as one", () => {
  const counts = ["0", "-3", "3.6", "99", "", "x"].map((count) => ordered(START, { ...FORM, count }).count);
  assert.deepEqual(counts, [1, 1, 4, 8, 1, 1]);
});

Deno.test("an order without views is of the front", () => {
  assert.deepEqual(request({ ...START, views: [] }, PANEL, {}).views, ["front"]);
});

Deno.test("a set stands without what it decides", () => {
  assert.deepEqual(["street", ""].map((set) => ordered(START, { ...FORM, set }).set), ["street", null]);
  const sent = request({ ...START, set: "street", poses: ["walking"] }, PANEL, {});
  assert.deepEqual(["set", "poses", "views", "framing"].map((name) => name in sent), [true, false, false, false]);
});

Deno.test("only garments and colourways that the panel offers are ordered, and nothing is tucked in alone", () => {
  const order = { ...START, worn_with: ["gone", "skirt"], colorways: ["night", "other"], tucked: true };
  const sent = request(order, PANEL, {});
  assert.deepEqual([sent.worn_with, sent.colorways, sent.tucked], [["skirt"], ["night"], true]);
  assert.equal(request({ ...order, worn_with: ["gone"] }, PANEL, {}).tucked, false);
});

Deno.test("style and pipeline are those of the form unless the order has its own", () => {
  const sent = request({ ...START, style: "plain" }, PANEL, { style: "auto", pipeline: "draft" });
  assert.deepEqual([sent.style, sent.pipeline], ["plain", "draft"]);
});

Deno.test("a typed focal length is a whole number within its bounds", () => {
  const lengths = ["500", "1", "49.6", ""].map((typed) => focalOf(typed, { min: "20", max: "300" }));
  assert.deepEqual(lengths, [300, 20, 50, 85]);
});

Deno.test("an outfit is told from the skin outwards", () => {
  const pieces = ["outerwear", "top", "skirt", "swimwear"].map((kind) => ({ kind, name: kind }));
  assert.deepEqual(layers(pieces, false), ["swimwear", "skirt", "top", "outerwear"]);
  assert.deepEqual(layers(pieces, true), ["swimwear", "top", "skirt", "outerwear"]);
});

Deno.test("people are found by every filter that is set", () => {
  const hana = { gender: "woman", age: "young", size: "M", skin: "4" };
  assert.ok(fits(hana, { gender: "woman", age: "", size: "M" }, []));
  assert.ok(fits(hana, { gender: "" }, ["3", "4"]));
  assert.ok(!fits(hana, { gender: "man" }, []));
  assert.ok(!fits(hana, { gender: "woman" }, ["1"]));
});
