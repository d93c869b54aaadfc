// @ts-check
// The dressed model in 3D, drawn with one shader; it is turned by dragging, or with the keys.
import { call } from "../server.js";
import { between } from "../geometry.js";
import { boxOf, cameraOf, lens, lookAt, readGlb } from "./model3d.js";

/**
 * @typedef {import("./model3d.js").Mesh} Mesh
 * @typedef {{ array: WebGLVertexArrayObject, texture: WebGLTexture | null, count: number, kind: number }} Drawn
 */

/** Kinds of meshes in the shader: cloth with a picture, skin and hair with colours, the shadow on the floor. */
const CLOTH = 0, COLOURED = 1, SHADOW = 2;
const FOV = 0.5;

const VERTEX = `#version 300 es
  in vec3 position, normal, colour; in vec2 uv; uniform mat4 view, lens; out vec3 n, c, p; out vec2 t;
  void main() {
    vec4 seen = view * vec4(position, 1.0); n = normal; c = colour; t = uv; p = position; gl_Position = lens * seen;
  }`;
const FRAGMENT = `#version 300 es
  precision highp float;
  in vec3 n, c, p; in vec2 t; uniform sampler2D picture; uniform int kind; uniform vec3 eye; out vec4 shown;
  void main() {
    if (kind == 2) {
      float far = length(t);
      shown = vec4(vec3(0.16, 0.12, 0.09), 1.0) * 0.34 * smoothstep(1.0, 0.1, far);
      return;
    }
    vec3 own = kind == 1 ? c : pow(texture(picture, t).rgb, vec3(2.2));
    vec3 up = normalize(n);
    vec3 look = normalize(eye - p);
    if (dot(up, look) < 0.0 && kind == 0) up = -up;
    vec3 right = normalize(cross(vec3(0.0, 1.0, 0.0), look));
    vec3 key = normalize(look + 0.55 * vec3(0.0, 1.0, 0.0) - 0.6 * right), fill = normalize(look + 0.8 * right);
    float lit = 0.62 * max(0.0, (dot(up, key) + 0.25) / 1.25) + 0.2 * max(0.0, dot(up, fill)) + 0.30 + 0.10 * up.y;
    float rim = kind == 1 ? 0.12 * pow(1.0 - abs(dot(up, look)), 2.0) : 0.0;
    shown = vec4(pow(own * lit * 1.05 + rim * c, vec3(1.0 / 2.2)), 1.0);
  }`;

/** @type {WeakMap<HTMLCanvasElement, Turntable>} */
const tables = new WeakMap();

/**
 * Show the model of a finished picture; return false if the browser or the picture does not allow it.
 * @param {HTMLCanvasElement} canvas
 * @param {string} shot
 */
export async function showSpace(canvas, shot) {
  canvas.removeAttribute("data-shot");
  try {
    const table = tables.get(canvas) ?? new Turntable(canvas);
    tables.set(canvas, table);
    const answer = await call("GET", `/v1/shots/${shot}/model3d`);
    table.load(await readGlb(await answer.arrayBuffer()));
    canvas.dataset.shot = shot;
    return true;
  } catch (problem) {
    console.error(problem);
    return false;
  }
}

class Turntable {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    const gl = canvas.getContext("webgl2", { antialias: true, premultipliedAlpha: true });
    if (!gl) throw new Error("no WebGL");
    this.gl = gl;
    this.program = compile(gl);
    this.pose = { turn: 0, tilt: 0, near: 1 };
    this.box = boxOf([]);
    /** @type {Drawn[]} */
    this.meshes = [];
    this.asked = 0;
    new ResizeObserver(() => this.draw()).observe(canvas);
    this.listen();
  }

  home() {
    this.pose = { turn: 0.35, tilt: 0.06, near: 1 };
    this.draw();
  }

  /** @param {Mesh[]} meshes */
  load(meshes) {
    this.box = boxOf(meshes);
    for (const { array, texture } of this.meshes) {
      this.gl.deleteVertexArray(array);
      this.gl.deleteTexture(texture);
    }
    const drawn = meshes.map((mesh) => this.upload(mesh, mesh.colour ? COLOURED : CLOTH));
    this.meshes = [...drawn, this.upload(shadowOf(this.box), SHADOW)];
    this.home();
  }

  /**
   * @param {Mesh} mesh
   * @param {number} kind
   * @returns {Drawn}
   */
  upload({ position, normal, uv, colour, indices, picture }, kind) {
    const gl = this.gl, array = gl.createVertexArray();
    gl.bindVertexArray(array);
    for (
      const [name, values, size] of /** @type {const} */ ([
        ["position", position, 3],
        ["normal", normal, 3],
        ["uv", uv, 2],
        ["colour", colour, 3],
      ])
    ) {
      const place = gl.getAttribLocation(this.program, name);
      if (place < 0 || !values) continue;
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, gl.FLOAT, false, 0, 0);
    }
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
    const texture = picture && gl.createTexture();
    if (picture) {
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture);
      gl.generateMipmap(gl.TEXTURE_2D);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    }
    return { array, texture, count: indices.length, kind };
  }

  draw() {
    if (this.asked || !this.meshes.length) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.paint();
    });
  }

  paint() {
    const { gl, canvas, program } = this, dense = Math.min(2, devicePixelRatio || 1);
    const width = Math.round(canvas.clientWidth * dense), height = Math.round(canvas.clientHeight * dense);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const { at, eye } = cameraOf(this.box, this.pose, FOV, width / height);
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(program);
    /** @param {string} name */
    const place = (name) => gl.getUniformLocation(program, name);
    gl.uniformMatrix4fv(place("view"), false, lookAt(eye, at));
    gl.uniformMatrix4fv(place("lens"), false, lens(FOV, width / height, 0.05, 20));
    gl.uniform3fv(place("eye"), eye);
    for (const mesh of this.meshes) {
      gl.depthMask(mesh.kind !== SHADOW);
      gl.uniform1i(place("kind"), mesh.kind);
      gl.bindTexture(gl.TEXTURE_2D, mesh.texture);
      gl.bindVertexArray(mesh.array);
      gl.drawElements(gl.TRIANGLES, mesh.count, gl.UNSIGNED_INT, 0);
    }
    gl.depthMask(true);
    canvas.dataset.turn = this.pose.turn.toFixed(3);
  }

  /**
   * @param {number} by radians
   * @param {number} [up] radians
   * @param {number} [closer] times
   */
  spin(by, up = 0, closer = 1) {
    const { turn, tilt, near } = this.pose;
    this.pose = { turn: turn - by, tilt: between(-0.35, 1.2, tilt + up), near: between(1, 5, near * closer) };
    this.draw();
  }

  listen() {
    const { canvas } = this;
    /** @type {Map<number, PointerEvent>} */
    const fingers = new Map();
    let apart = 0;
    canvas.addEventListener("pointerdown", (event) => {
      fingers.set(event.pointerId, event);
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      if (fingers.size === 1) {
        this.spin((event.clientX - before.clientX) * 0.01, (event.clientY - before.clientY) * 0.005);
      }
      fingers.set(event.pointerId, event);
      if (fingers.size !== 2) return;
      const [a, b] = fingers.values(), now = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      if (apart) this.spin(0, 0, now / apart);
      apart = now;
    });
    for (const kind of /** @type {const} */ (["pointerup", "pointercancel"])) {
      canvas.addEventListener(kind, (event) => {
        fingers.delete(event.pointerId);
        apart = 0;
      });
    }
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.spin(0, 0, event.deltaY < 0 ? 1.1 : 1 / 1.1);
    }, { passive: false });
    canvas.addEventListener("dblclick", () => this.home());
    canvas.addEventListener("keydown", (event) => {
      /** @type {Record<string, () => void>} */
      const keys = {
        ArrowLeft: () => this.spin(-0.2),
        ArrowRight: () => this.spin(0.2),
        ArrowUp: () => this.spin(0, 0.12),
        ArrowDown: () => this.spin(0, -0.12),
        "+": () => this.spin(0, 0, 1.2),
        "=": () => this.spin(0, 0, 1.2),
        "-": () => this.spin(0, 0, 1 / 1.2),
        Home: () => this.home(),
      };
      if (!keys[event.key]) return;
      keys[event.key]();
      event.preventDefault();
      event.stopPropagation();
    });
  }
}

/** @param {WebGL2RenderingContext} gl */
function compile(gl) {
  const program = gl.createProgram();
  for (const [kind, text] of /** @type {const} */ ([[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]])) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error("no shader");
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? "");
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return program;
}

/**
 * Return the floor under a box, on which the shader draws a soft shadow.
 * @param {{ low: number[], high: number[] }} box metres
 * @returns {Mesh}
 */
function shadowOf({ low, high }) {
  const [x, z] = [0, 2].map((i) => (low[i] + high[i]) / 2);
  const wide = 0.75 * Math.max(high[0] - low[0], high[2] - low[2]);
  const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
  return {
    position: new Float32Array(corners.flatMap(([right, back]) => [x + right * wide, 0, z + back * wide])),
    normal: new Float32Array(12),
    uv: new Float32Array(corners.flat()),
    colour: null,
    indices: new Uint32Array([0, 1, 2, 0, 2, 3]),
    picture: null,
    min: low,
    max: high,
  };
}
