// 3D viewer of a dressed model: reads the GLB that vmodel writes, and draws it with one shader.
"use strict";
(window.vmodelParts ??= []).push(core => {
  const VERTEX = `#version 300 es
    in vec3 position, normal, colour; in vec2 uv; uniform mat4 view, lens; out vec3 n, c, p; out vec2 t;
    void main() { vec4 seen = view * vec4(position, 1.0); n = normal; c = colour; t = uv; p = position; gl_Position = lens * seen; }`;
  const FRAGMENT = `#version 300 es
    precision highp float; in vec3 n, c, p; in vec2 t; uniform sampler2D picture; uniform int kind; uniform vec3 eye; out vec4 shown;
    void main() {
      if (kind == 2) { float far = length(t); shown = vec4(vec3(0.16, 0.12, 0.09) , 1.0) * 0.34 * smoothstep(1.0, 0.1, far); return; }
      vec3 own = kind == 1 ? c : pow(texture(picture, t).rgb, vec3(2.2));
      vec3 up = normalize(n); vec3 look = normalize(eye - p); if (dot(up, look) < 0.0 && kind == 0) up = -up;
      vec3 right = normalize(cross(vec3(0.0, 1.0, 0.0), look));
      vec3 key = normalize(look + 0.55 * vec3(0.0, 1.0, 0.0) - 0.6 * right), fill = normalize(look + 0.8 * right);
      float lit = 0.62 * max(0.0, (dot(up, key) + 0.25) / 1.25) + 0.2 * max(0.0, dot(up, fill)) + 0.30 + 0.10 * up.y;
      float rim = kind == 1 ? 0.12 * pow(1.0 - abs(dot(up, look)), 2.0) : 0.0;
      shown = vec4(pow(own * lit * 1.05 + rim * c, vec3(1.0 / 2.2)), 1.0);
    }`;
  const SIZES = { SCALAR: 1, VEC2: 2, VEC3: 3 };
  const shown = new WeakMap();

  // Column-major matrices, as WebGL takes them.
  function lens(fov, aspect, near, far) {
    const f = 1 / Math.tan(fov / 2), d = 1 / (near - far);
    return new Float32Array([f / aspect, 0, 0, 0, 0, f, 0, 0, 0, 0, (far + near) * d, -1, 0, 0, 2 * far * near * d, 0]);
  }
  function lookAt(eye, at) {
    const unit = v => { const l = Math.hypot(...v); return v.map(x => x / l); };
    const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    const z = unit(eye.map((v, i) => v - at[i])), x = unit(cross([0, 1, 0], z)), y = cross(z, x);
    return new Float32Array([x[0], y[0], z[0], 0, x[1], y[1], z[1], 0, x[2], y[2], z[2], 0, -dot(x, eye), -dot(y, eye), -dot(z, eye), 1]);
  }

  async function read(buffer) {
    const head = new DataView(buffer), length = head.getUint32(12, true);
    if (head.getUint32(0, true) !== 0x46546c67) throw new Error("no GLB");
    const told = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 20, length))), start = 28 + length;
    const view = number => { const { byteOffset = 0, byteLength } = told.bufferViews[number]; return [start + byteOffset, byteLength]; };
    const array = number => {
      const { bufferView, count, type, componentType } = told.accessors[number];
      return new (componentType === 5125 ? Uint32Array : Float32Array)(buffer, view(bufferView)[0], count * SIZES[type]);
    };
    const pictures = await Promise.all(told.images.map(({ bufferView, mimeType }) => {
      const [from, size] = view(bufferView);
      return createImageBitmap(new Blob([new Uint8Array(buffer, from, size)], { type: mimeType }));
    }));
    return told.meshes.map(mesh => {
      const { attributes, indices, material } = mesh.primitives[0];
      const { POSITION, NORMAL, TEXCOORD_0, COLOR_0 } = attributes, of = number => (number === undefined ? null : array(number));
      const texture = told.materials[material].pbrMetallicRoughness.baseColorTexture;
      const { min, max } = told.accessors[POSITION];
      return { position: array(POSITION), normal: array(NORMAL), uv: of(TEXCOORD_0), colour: of(COLOR_0), indices: array(indices),
               picture: texture ? pictures[told.textures[texture.index].source] : null, min, max };
    });
  }

  class Turntable {
    constructor(canvas) {
      this.canvas = canvas;
      this.gl = canvas.getContext("webgl2", { antialias: true, premultipliedAlpha: true });
      if (!this.gl) throw new Error("no WebGL");
      this.home();
      this.program = this.compile();
      this.meshes = [];
      new ResizeObserver(() => this.draw()).observe(canvas);
      this.listen();
    }
    home() { this.turn = 0.35; this.tilt = 0.06; this.near = 1; this.draw(); }
    compile() {
      const gl = this.gl, program = gl.createProgram();
      for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
        const shader = gl.createShader(kind);
        gl.shaderSource(shader, text); gl.compileShader(shader);
        if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
        gl.attachShader(program, shader);
      }
      gl.linkProgram(program);
      return program;
    }
    load(meshes) {
      this.low = [0, 1, 2].map(i => Math.min(...meshes.map(m => m.min[i])));
      this.high = [0, 1, 2].map(i => Math.max(...meshes.map(m => m.max[i])));
      this.meshes.forEach(({ array, texture }) => { this.gl.deleteVertexArray(array); if (texture) this.gl.deleteTexture(texture); });
      const [x, z] = [0, 2].map(i => (this.low[i] + this.high[i]) / 2), wide = 0.75 * Math.max(this.high[0] - this.low[0], this.high[2] - this.low[2]);
      const shadow = { position: new Float32Array([x - wide, 0, z - wide, x + wide, 0, z - wide, x + wide, 0, z + wide, x - wide, 0, z + wide]),
                       normal: new Float32Array(12), uv: new Float32Array([-1, -1, 1, -1, 1, 1, -1, 1]), indices: new Uint32Array([0, 1, 2, 0, 2, 3]), kind: 2 };
      this.meshes = [...meshes, shadow].map(mesh => this.upload(mesh));
      this.draw();
    }
    upload({ position, normal, uv, colour, indices, picture, kind }) {
      const gl = this.gl, array = gl.createVertexArray();
      gl.bindVertexArray(array);
      for (const [name, values, size] of [["position", position, 3], ["normal", normal, 3], ["uv", uv, 2], ["colour", colour, 3]]) {
        const place = gl.getAttribLocation(this.program, name);
        if (place < 0 || !values) continue;
        gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
        gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
        gl.enableVertexAttribArray(place);
        gl.vertexAttribPointer(place, size, gl.FLOAT, false, 0, 0);
      }
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
      let texture = null;
      if (picture) {
        texture = gl.createTexture();
        gl.bindTexture(gl.TEXTURE_2D, texture);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture);
        gl.generateMipmap(gl.TEXTURE_2D);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
      }
      return { array, texture, count: indices.length, kind: kind ?? (colour ? 1 : 0) };
    }
    draw() {
      if (this.asked || !this.meshes?.length) return;
      this.asked = requestAnimationFrame(() => { this.asked = null; this.paint(); });
    }
    paint() {
      const gl = this.gl, { canvas, low, high } = this, dense = Math.min(2, devicePixelRatio || 1);
      const width = Math.round(canvas.clientWidth * dense), height = Math.round(canvas.clientHeight * dense);
      if (!width || !height) return;
      if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
      const fov = 0.5, tall = (high[1] - low[1]) * 1.08, broad = (high[0] - low[0]) * 1.2;
      const far = Math.max(tall, broad * height / width) / 2 / Math.tan(fov / 2) / this.near + 0.3;
      const middle = low[1] + (high[1] - low[1]) * (0.5 + 0.22 * (1 - 1 / this.near)), at = [(low[0] + high[0]) / 2, middle, (low[2] + high[2]) / 2];
      const eye = [at[0] + far * Math.sin(this.turn) * Math.cos(this.tilt), at[1] + far * Math.sin(this.tilt), at[2] + far * Math.cos(this.turn) * Math.cos(this.tilt)];
      gl.viewport(0, 0, width, height);
      gl.clearColor(0, 0, 0, 0); gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      gl.enable(gl.DEPTH_TEST); gl.enable(gl.BLEND); gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      gl.useProgram(this.program);
      const place = name => gl.getUniformLocation(this.program, name);
      gl.uniformMatrix4fv(place("view"), false, lookAt(eye, at));
      gl.uniformMatrix4fv(place("lens"), false, lens(fov, width / height, 0.05, 20));
      gl.uniform3fv(place("eye"), eye);
      for (const mesh of this.meshes) {
        gl.depthMask(mesh.kind !== 2);
        gl.uniform1i(place("kind"), mesh.kind);
        gl.bindTexture(gl.TEXTURE_2D, mesh.texture);
        gl.bindVertexArray(mesh.array);
        gl.drawElements(gl.TRIANGLES, mesh.count, gl.UNSIGNED_INT, 0);
      }
      gl.depthMask(true);
      canvas.dataset.turn = this.turn.toFixed(3);
    }
    spin(by, up = 0, closer = 1) {
      this.turn -= by;
      this.tilt = Math.min(1.2, Math.max(-0.35, this.tilt + up));
      this.near = Math.min(5, Math.max(1, this.near * closer));
      this.draw();
    }
    listen() {
      const { canvas } = this, fingers = new Map();
      let apart = 0;
      canvas.addEventListener("pointerdown", event => { fingers.set(event.pointerId, event); canvas.setPointerCapture(event.pointerId); });
      canvas.addEventListener("pointermove", event => {
        const before = fingers.get(event.pointerId);
        if (!before) return;
        if (fingers.size === 1) this.spin((event.clientX - before.clientX) * 0.01, (event.clientY - before.clientY) * 0.005);
        fingers.set(event.pointerId, event);
        if (fingers.size === 2) {
          const [a, b] = [...fingers.values()], now = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
          if (apart) this.spin(0, 0, now / apart);
          apart = now;
        }
      });
      for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, event => { fingers.delete(event.pointerId); apart = 0; });
      canvas.addEventListener("wheel", event => { event.preventDefault(); event.stopPropagation(); this.spin(0, 0, event.deltaY < 0 ? 1.1 : 1 / 1.1); }, { passive: false });
      canvas.addEventListener("dblclick", () => this.home());
      canvas.addEventListener("keydown", event => {
        const by = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, 0.12], ArrowDown: [0, -0.12], "+": [0, 0, 1.2], "=": [0, 0, 1.2], "-": [0, 0, 1 / 1.2] }[event.key];
        if (event.key === "Home") this.home(); else if (by) this.spin(...by); else return;
        event.preventDefault(); event.stopPropagation();
      });
    }
  }

  // Show the model of a finished picture on a canvas; return false if the browser or the picture does not allow it.
  core.showSpace = async (canvas, shot) => {
    canvas.removeAttribute("data-shot");
    try {
      const table = shown.get(canvas) ?? new Turntable(canvas);
      shown.set(canvas, table);
      const answer = await fetch(`/v1/shots/${shot}/model3d`);
      if (!answer.ok) return false;
      table.load(await read(await answer.arrayBuffer()));
      table.home();
      canvas.dataset.shot = shot;
      return true;
    } catch (problem) { console.error(problem); return false; }
  };
});
