// Chosen garment: its outfit, its back, and a cut-out that is painted by hand.
"use strict";
(window.vmodelParts ??= []).push(core => {
  const { one, all, say } = core;
  const LONGEST = 1000, MOST_UNDONE = 12;
  let brush = null;

  // ---- outfit and colourways belong to the order
  function applyOutfit() {
    const { order } = core;
    for (const name of ["worn_with", "colorways"]) {
      for (const input of all(`.garment input[name="${name}"]`)) input.checked = (order[name] ?? []).includes(input.value);
    }
    const tucked = one('.garment input[name="tucked"]');
    if (tucked) tucked.checked = Boolean(order.tucked);
    const own = one('.garment input[name="colorways"][value=""]');
    if (own && !all('.garment input[name="colorways"]:checked').length) own.checked = true;
    showLayers();
  }
  function showLayers() {
    const note = one(".layers"), worn = all('.garment input[name="worn_with"]:checked');
    if (!note) return;
    const lower = new Set(["trousers", "shorts", "skirt"]), isTucked = one('.garment input[name="tucked"]').checked;
    const layers = [...worn.map(input => input.dataset), one(".garment").dataset];
    const ends = { swimwear: -1, outerwear: 3 };
    const rank = ({ kind }) => ends[kind] ?? (lower.has(kind) ? (isTucked ? 2 : 0) : 1);
    const names = layers.sort((a, b) => rank(a) - rank(b)).map(each => each.name);
    note.hidden = !worn.length;
    note.textContent = say(note.dataset.says, { names: names.join(" → ") });
    one(".tuck").hidden = !worn.length;
    for (const input of all('.garment input[name="worn_with"]:not(:checked)')) input.disabled = worn.length >= 3;
  }
  function readOutfit() {
    const checked = name => all(`.garment input[name="${name}"]:checked`).map(input => input.value);
    core.order.worn_with = checked("worn_with");
    core.order.colorways = checked("colorways");
    core.order.tucked = Boolean(one('.garment input[name="tucked"]')?.checked);
    showLayers();
    core.chosenChanged();
  }

  // ---- additional files of the garment
  async function send(method, part, file) {
    const garment = core.order.garment, form = new FormData();
    if (file) form.append("file", file, file.name ?? `${part}.png`);
    const limits = one("header.top").dataset;
    if (file && file.size > Number(limits.maxBytes)) { core.notice(say(core.said.too_large, { name: file.name ?? part, mb: limits.maxMb }), true); return; }
    core.busy(true);
    try {
      const answer = await fetch(`/ui/garments/${garment}/${part}`, { method, body: file ? form : undefined, headers: { "X-CSRF-Token": limits.csrf } });
      if (answer.status === 401) { location.href = "/login"; return; }
      if (answer.ok) { brush = null; core.ask("choose", { garment }); } else core.notice((await answer.json()).message, true);
    } catch { core.notice(core.said.failed, true); } finally { core.busy(false); }
  }

  // ---- the brush: white on a canvas is garment, the rest is veiled
  async function openBrush() {
    const canvas = one("#brush"), address = `/v1/garments/${core.order.garment}/mask`;
    const photo = one(".of-brush img");
    await photo.decode().catch(() => {});
    const { naturalWidth: width, naturalHeight: height } = photo, share = Math.min(1, LONGEST / Math.max(width, height));
    canvas.width = Math.round(width * share); canvas.height = Math.round(height * share);
    const mask = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
    brush = { canvas, mask, ink: mask.getContext("2d", { willReadFrequently: true }), undone: [], erases: false, size: canvas.width / 14, x: canvas.width / 2, y: canvas.height / 2 };
    canvas.setAttribute("aria-busy", "true");
    veil();
    const answer = await fetch(address);
    if (answer.ok && brush?.canvas === canvas) {
      const { ink } = brush;
      ink.drawImage(await createImageBitmap(await answer.blob()), 0, 0, canvas.width, canvas.height);
      const seen = ink.getImageData(0, 0, canvas.width, canvas.height);
      for (let i = 0; i < seen.data.length; i += 4) { seen.data[i + 3] = seen.data[i]; seen.data[i] = seen.data[i + 1] = seen.data[i + 2] = 255; }
      ink.putImageData(seen, 0, 0);
    }
    canvas.setAttribute("aria-busy", "false");
    veil();
  }
  function veil(withCursor = false) {
    const { canvas, mask, size, x, y } = brush, paper = canvas.getContext("2d");
    paper.globalCompositeOperation = "source-over";
    paper.clearRect(0, 0, canvas.width, canvas.height);
    paper.fillStyle = "rgb(150 44 28 / .62)";
    paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.globalCompositeOperation = "destination-out";
    paper.drawImage(mask, 0, 0);
    if (!withCursor) return;
    paper.globalCompositeOperation = "source-over";
    paper.strokeStyle = "#fff"; paper.lineWidth = 3;
    paper.beginPath(); paper.arc(x, y, size / 2, 0, 7); paper.stroke();
  }
  function remember() {
    brush.undone.push(brush.ink.getImageData(0, 0, brush.mask.width, brush.mask.height));
    if (brush.undone.length > MOST_UNDONE) brush.undone.shift();
    one('[data-brush="undo"]').disabled = false;
    one('[data-brush="apply"]').disabled = false;
  }
  function dab(fromX, fromY, x, y) {
    const { ink, size, erases } = brush;
    ink.globalCompositeOperation = erases ? "destination-out" : "source-over";
    ink.strokeStyle = "#fff"; ink.lineCap = "round"; ink.lineWidth = size;
    ink.beginPath(); ink.moveTo(fromX, fromY); ink.lineTo(x, y + 0.01); ink.stroke();
    ink.globalCompositeOperation = "source-over";
    Object.assign(brush, { x, y });
    veil(true);
  }
  function stroke(event) {
    const { canvas } = brush, area = canvas.getBoundingClientRect();
    const spot = at => [(at.clientX - area.left) / area.width * canvas.width, (at.clientY - area.top) / area.height * canvas.height];
    let [x, y] = spot(event);
    remember();
    dab(x, y, x, y);
    const move = at => { const [nextX, nextY] = spot(at); dab(x, y, nextX, nextY); [x, y] = [nextX, nextY]; };
    const stop = () => { removeEventListener("pointermove", move); removeEventListener("pointerup", stop); veil(); };
    addEventListener("pointermove", move);
    addEventListener("pointerup", stop);
    event.preventDefault();
    canvas.focus({ preventScroll: true });
  }
  function apply() {
    const { mask } = brush, sheet = Object.assign(document.createElement("canvas"), { width: mask.width, height: mask.height }), paper = sheet.getContext("2d");
    paper.fillStyle = "#000";
    paper.fillRect(0, 0, mask.width, mask.height);
    paper.drawImage(mask, 0, 0);
    sheet.toBlob(file => send("POST", "mask", file), "image/png");
  }
  const BRUSHES = {
    paint: () => { brush.erases = false; },
    erase: () => { brush.erases = true; },
    undo: button => {
      const before = brush.undone.pop();
      if (before) { brush.ink.putImageData(before, 0, 0); veil(); }
      button.disabled = !brush.undone.length;
    },
    apply,
  };

  document.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    const { brush: name, sheet, garmentFile } = button.dataset;
    if (sheet === "brush" && !brush) openBrush();
    if (name && brush) {
      BRUSHES[name](button);
      if (name === "paint" || name === "erase") for (const each of all(".brush-acts [aria-pressed]")) each.setAttribute("aria-pressed", String(each === button));
    }
    if (garmentFile) send("DELETE", garmentFile);
    if ("editDesign" in button.dataset) { location.hash = "designer"; core.openDesign?.(core.order.garment); }
  });
  document.addEventListener("change", event => {
    const { id, name, files } = event.target;
    if (id === "back-file") send("POST", "back", files[0]);
    else if (id === "mask-file") send("PUT", "mask", files[0]);
    else if (event.target.closest(".garment") && ["worn_with", "colorways", "tucked"].includes(name)) readOutfit();
  });
  document.addEventListener("input", event => {
    if (event.target.id === "brush-size" && brush) { brush.size = brush.canvas.width * Number(event.target.value) / 100; veil(true); }
  });
  document.addEventListener("pointerdown", event => { if (event.target.id === "brush" && brush) stroke(event); });
  document.addEventListener("keydown", event => {
    if (event.target.id !== "brush" || !brush) return;
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key], far = event.shiftKey ? 40 : 10;
    if (by) { brush.x += far * by[0]; brush.y += far * by[1]; veil(true); } else if (event.key === " ") { remember(); dab(brush.x, brush.y, brush.x, brush.y); } else return;
    event.preventDefault();
  });
  core.shows.push((name, element) => { if (name === "garments" && one(".garment", element)) { brush = null; applyOutfit(); } });
});
