// @ts-check
import assert from "node:assert/strict";
import { boxOf, cameraOf, lens, lookAt, readGlb } from "../../../../app/ui/static/js/viewer/model3d.js";

/**
 * @param {ArrayLike<number>} matrix
 * @param {number[]} point
 */
function through(matrix, point) {
  const at = [...point, 1];
  return [0, 1, 2, 3].map((row) => at.reduce((sum, value, column) => sum + matrix[4 * column + row] * value, 0));
}

/** @type {(seen: number[], wanted: number[]) => void} */
const close = (seen, wanted) => wanted.forEach((each, i) => assert.ok(Math.abs(seen[i] - each) < 1e-5, `${seen}`));

Deno.test("what is looked at lies straight ahead, and up stays up", () => {
  const view = lookAt([0, 1, 4], [0, 1, 0]);
  close(through(view, [0, 1, 0]), [0, 0, -4, 1]);
  close(through(view, [1, 2, 0]), [1, 1, -4, 1]);
});

Deno.test("the lens shows what is as high as its angle at the edge of the picture", () => {
  const fov = 0.5, [x, y, , w] = through(lens(fov, 2, 0.1, 10), [0, 3 * Math.tan(fov / 2), -3]);
  close([x / w, y / w], [0, 1]);
});

Deno.test("the camera sees all of the body from every side, and comes nearer to the face", () => {
  const box = boxOf([{ min: [-0.4, 0, -0.2], max: [0.4, 1, 0.2] }, { min: [-0.2, 0.9, -0.2], max: [0.2, 1.8, 0.2] }]);
  assert.deepEqual(box, { low: [-0.4, 0, -0.2], high: [0.4, 1.8, 0.2] });
  for (const [turn, aspect] of [[0, 0.3], [0, 0.75], [1, 0.75], [2, 0.75], [3, 2]]) {
    const { eye, at } = cameraOf(box, { turn, tilt: 0, near: 1 }, 0.5, aspect);
    for (const corner of [box.low, box.high]) {
      const [x, y, , w] = through(lens(0.5, aspect, 0.05, 20), through(lookAt(eye, at), corner).slice(0, 3));
      assert.ok(Math.max(Math.abs(x / w), Math.abs(y / w)) < 1, `turn ${turn}, aspect ${aspect}`);
    }
  }
  const far = cameraOf(box, { turn: 0, tilt: 0, near: 1 }, 0.5, 0.75);
  const near = cameraOf(box, { turn: 0, tilt: 0, near: 3 }, 0.5, 0.75);
  assert.ok(near.at[1] > far.at[1] && near.eye[2] < far.eye[2]);
});

/** @param {object} told @param {Uint8Array} binary */
function glb(told, binary) {
  const text = new TextEncoder().encode(JSON.stringify(told).padEnd(Math.ceil(JSON.stringify(told).length / 4) * 4));
  const file = new DataView(new ArrayBuffer(28 + text.length + binary.length));
  file.setUint32(0, 0x46546c67, true);
  file.setUint32(12, text.length, true);
  new Uint8Array(file.buffer).set(text, 20);
  new Uint8Array(file.buffer).set(binary, 28 + text.length);
  return file.buffer;
}

Deno.test("meshes are read from a GLB with their picture", async () => {
  const corners = new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0]), order = new Uint32Array([0, 1, 2]);
  const binary = new Uint8Array(36 + 12 + 4);
  binary.set(new Uint8Array(corners.buffer));
  binary.set(new Uint8Array(order.buffer), 36);
  binary.set([1, 2, 3, 4], 48);
  const told = {
    bufferViews: [{ byteLength: 36 }, { byteOffset: 36, byteLength: 12 }, { byteOffset: 48, byteLength: 4 }],
    accessors: [
      { bufferView: 0, count: 3, type: "VEC3", componentType: 5126, min: [0, 0, 0], max: [1, 1, 0] },
      { bufferView: 1, count: 3, type: "SCALAR", componentType: 5125 },
    ],
    images: [{ bufferView: 2, mimeType: "image/png" }],
    textures: [{ source: 0 }],
    materials: [{ pbrMetallicRoughness: { baseColorTexture: { index: 0 } } }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0, NORMAL: 0 }, indices: 1, material: 0 }] }],
  };
  /** @type {number[]} */
  let decoded = [];
  const [mesh] = await readGlb(glb(told, binary), async (picture) => {
    decoded = [...new Uint8Array(await picture.arrayBuffer())];
    return /** @type {ImageBitmap} */ ({ width: 1, height: 1 });
  });
  assert.deepEqual([mesh.position, mesh.indices, mesh.uv], [corners, order, null]);
  assert.deepEqual([decoded, mesh.picture?.width, mesh.max], [[1, 2, 3, 4], 1, [1, 1, 0]]);
});

Deno.test("another file is refused", async () => {
  await assert.rejects(readGlb(new ArrayBuffer(40)), /no GLB/);
});
