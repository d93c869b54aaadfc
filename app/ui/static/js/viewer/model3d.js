// @ts-check
// Mathematics of the 3D view: the GLB that vmodel writes, and matrices, column by column as WebGL takes them.

/**
 * @typedef {number[]} Vector
 * @typedef {{
 *   position: Float32Array, normal: Float32Array, uv: Float32Array | null, colour: Float32Array | null,
 *   indices: Uint32Array, picture: ImageBitmap | null, min: Vector, max: Vector,
 * }} Mesh
 */
const GLB = 0x46546c67, HEAD_BYTES = 20, CHUNK_HEAD_BYTES = 8, UINT32 = 5125;
/** @type {Record<string, number>} */
const SIZES = { SCALAR: 1, VEC2: 2, VEC3: 3 };

/**
 * Return the projection of a lens.
 * @param {number} fov radians from top to bottom
 * @param {number} aspect width by height
 * @param {number} near metres
 * @param {number} far metres
 */
export function lens(fov, aspect, near, far) {
  const f = 1 / Math.tan(fov / 2), d = 1 / (near - far);
  return new Float32Array([f / aspect, 0, 0, 0, 0, f, 0, 0, 0, 0, (far + near) * d, -1, 0, 0, 2 * far * near * d, 0]);
}

/**
 * Return the view from one place at another, upright.
 * @param {Vector} eye metres
 * @param {Vector} at metres
 */
export function lookAt(eye, at) {
  const z = unit(eye.map((v, i) => v - at[i])), x = unit(cross([0, 1, 0], z)), y = cross(z, x);
  const columns = [0, 1, 2].flatMap((i) => [x[i], y[i], z[i], 0]);
  return new Float32Array([...columns, -dot(x, eye), -dot(y, eye), -dot(z, eye), 1]);
}

/** @param {Vector} v */
const unit = (v) => v.map((each) => each / Math.hypot(...v));
/** @type {(a: Vector, b: Vector) => Vector} */
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
/** @type {(a: Vector, b: Vector) => number} */
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/**
 * Return the corners of the box around all meshes.
 * @param {{ min: Vector, max: Vector }[]} meshes
 */
export const boxOf = (meshes) => ({
  low: [0, 1, 2].map((i) => Math.min(...meshes.map((mesh) => mesh.min[i]))),
  high: [0, 1, 2].map((i) => Math.max(...meshes.map((mesh) => mesh.max[i]))),
});

/**
 * Return where the camera stands and looks, so that all of a box is seen; from near it looks higher, at the face.
 * @param {{ low: Vector, high: Vector }} box metres
 * @param {{ turn: number, tilt: number, near: number }} pose radians, and how many times nearer than to see all
 * @param {number} fov radians
 * @param {number} aspect width by height
 */
export function cameraOf({ low, high }, { turn, tilt, near }, fov, aspect) {
  const tall = (high[1] - low[1]) * 1.08, broad = (high[0] - low[0]) * 1.2;
  const far = Math.max(tall, broad / aspect) / 2 / Math.tan(fov / 2) / near + 0.3;
  const middle = low[1] + (high[1] - low[1]) * (0.5 + 0.22 * (1 - 1 / near));
  const at = [(low[0] + high[0]) / 2, middle, (low[2] + high[2]) / 2];
  const to = [Math.sin(turn) * Math.cos(tilt), Math.sin(tilt), Math.cos(turn) * Math.cos(tilt)];
  return { at, eye: at.map((v, i) => v + far * to[i]) };
}

/**
 * Read the meshes of a GLB of ours: one primitive each, pictures inside the file.
 * @param {ArrayBuffer} buffer
 * @param {(picture: Blob) => Promise<ImageBitmap>} [decode]
 * @returns {Promise<Mesh[]>}
 * @throws {Error} it is no GLB
 */
export async function readGlb(buffer, decode = createImageBitmap) {
  const head = new DataView(buffer), length = head.getUint32(12, true);
  if (head.getUint32(0, true) !== GLB) throw new Error("no GLB");
  const told = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, HEAD_BYTES, length)));
  const start = HEAD_BYTES + length + CHUNK_HEAD_BYTES;
  /** @param {number} number of a view: where its bytes are */
  const bytes = (number) =>
    new Uint8Array(buffer, start + (told.bufferViews[number].byteOffset ?? 0), told.bufferViews[number].byteLength);
  /** @param {number} number of an accessor */
  const array = (number) => {
    const { bufferView, count, type, componentType } = told.accessors[number];
    return new (componentType === UINT32 ? Uint32Array : Float32Array)(
      buffer,
      bytes(bufferView).byteOffset,
      count * SIZES[type],
    );
  };
  /** @param {number | undefined} number @returns {any} */
  const given = (number) => number === undefined ? null : array(number);
  /** @type {ImageBitmap[]} */
  const pictures = await Promise.all(
    told.images.map((/** @type {any} */ { bufferView, mimeType }) =>
      decode(new Blob([bytes(bufferView)], { type: mimeType }))
    ),
  );
  return told.meshes.map((/** @type {any} */ { primitives: [{ attributes, indices, material }] }) => {
    const { min, max } = told.accessors[attributes.POSITION];
    const texture = told.materials[material].pbrMetallicRoughness.baseColorTexture;
    return {
      position: array(attributes.POSITION),
      normal: array(attributes.NORMAL),
      uv: given(attributes.TEXCOORD_0),
      colour: given(attributes.COLOR_0),
      indices: array(indices),
      picture: texture ? pictures[told.textures[texture.index].source] : null,
      min,
      max,
    };
  });
}
