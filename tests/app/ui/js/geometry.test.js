// @ts-check
import assert from "node:assert/strict";
import { inside, under } from "../../../../app/ui/static/js/geometry.js";

const PHOTO = { width: 1200, height: 1600 };

Deno.test("a pointer is found on the photo however small that is shown", () => {
  const area = { left: 100, top: 50, width: 300, height: 400 };
  assert.deepEqual(under({ clientX: 250, clientY: 150 }, area, PHOTO), [600, 400]);
});

Deno.test("a point that is dragged off the photo stays on its edge", () => {
  assert.deepEqual(inside([-5, 2000], PHOTO), [0, 1600]);
  assert.deepEqual(inside([7, 8], PHOTO), [7, 8]);
});
