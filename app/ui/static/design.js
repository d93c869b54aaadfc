// Designer: a block with a print, a technical flat or a sewing pattern, previewed lying flat while it is edited, then fitted and shot.
"use strict";
(window.vmodelParts ??= []).push(core => {
  const { one, all, say } = core;
  const STORE = "vmodel-design", CALM_MS = 260;
  const START = { kind: "block", block: "tee", print: null, flat: null, pattern: null, pieceMaterials: {}, size: "", material: "", repeat: 16, rotate: 0, right: 0, up: 0,
                  ground: "#f4f2ee", trim: "#f4f2ee", ways: [], way: "", width: "", length: "", category: "", name: "", id: null, shot: null };
  const DIALS = ["repeat", "rotate", "right", "up"];
  let design = { ...START }, words = null, calm = null, drawn = 0, orderKey = core.newKey(), left = [], picture = null;
  const byId = id => document.getElementById(id);
  const field = name => one(`#piece-designer [name="${name}"]`);
  const copy = value => JSON.parse(JSON.stringify(value));
  const isReady = () => design.kind === "block" || Boolean(design[design.kind]);
  const current = () => design.ways.find(way => way.name === design.way);
  core.tellDesign = text => { byId("design-told").textContent = text; };

  function save() {
    orderKey = core.newKey();
    try { localStorage.setItem(STORE, JSON.stringify({ account: core.account(), design })); } catch { /* private window */ }
  }
  function load() {
    try {
      const kept = JSON.parse(localStorage.getItem(STORE) ?? "null");
      if (kept?.design && kept.account === core.account()) design = { ...START, ...kept.design };
    } catch { /* private window */ }
  }

  // ---- API calls with the page's login; errors are shown in the page's language
  async function call(method, path, body, isFile = false) {
    const csrf = one("header.top").dataset.csrf;
    const headers = { "X-CSRF-Token": csrf, ...(body && !isFile ? { "Content-Type": "application/json" } : {}) };
    const answer = await fetch(`/v1/${path}`, { method, headers, body: isFile ? body : body && JSON.stringify(body) });
    if (answer.status === 401) location.href = "/login";
    if (answer.ok) return answer;
    const told = await answer.json().catch(() => ({}));
    throw Object.assign(new Error(core.explain(told.code, told.message)), { status: answer.status });
  }
  core.api = call;
  async function trying(work, told = "") {
    core.tellDesign(told);
    try { return await work(); } catch (problem) { core.notice(problem.message, true); return null; } finally { core.tellDesign(""); }
  }

  // ---- the requested design
  function recipe() {
    const colorways = design.ways.map(({ name, colours }) => ({ name, colours }));
    const number = text => (text === "" ? null : Number(text));
    const name = design.name.trim();
    if (design.kind === "flat") {
      return { name: name || design.flat.name, flat: design.flat.id, width_cm: number(design.width), length_cm: number(design.length),
               category: design.category || null, colorways };
    }
    const cloth = { print: design.print?.id ?? null, repeat_cm: design.repeat, rotate_deg: design.rotate, offset_cm: [design.right, design.up],
                    ground: design.ground, material: design.material || null, colorways };
    if (design.kind === "pattern") return { name: name || design.pattern.name, pattern: design.pattern.id, piece_materials: design.pieceMaterials, ...cloth };
    return { name: name || words.blocks[design.block], block: design.block, size: design.size || null,
             model: design.size ? null : field("design-model").value || null, trim: design.trim, ...cloth };
  }
  function changed() {
    design.shot = null;
    look("flat");
    save();
    refresh();
  }
  function refresh() {
    clearTimeout(calm);
    calm = setTimeout(draw, CALM_MS);
  }
  async function draw() {
    const paper = byId("paper"), number = ++drawn;
    byId("nothing").hidden = isReady();
    if (!isReady()) { show(null); return; }
    paper.setAttribute("aria-busy", "true");
    try {
      const answer = await call("POST", `designs/preview?colorway=${encodeURIComponent(design.way)}`, recipe());
      const seen = await answer.blob();
      if (number !== drawn) return;
      show(URL.createObjectURL(seen), Number(answer.headers.get("X-Px-Per-Cm")), Number(answer.headers.get("X-Seam-Mismatch-Cm")));
    } catch (problem) {
      if (number === drawn && problem.status === 429) refresh();
      else if (number === drawn) core.notice(problem.message, true);
    } finally { if (number === drawn) paper.setAttribute("aria-busy", "false"); }
  }
  function show(address, pxPerCm = 0, apart = 0) {
    for (const side of all("#paper .side")) side.style.backgroundImage = address ? `url("${address}")` : "";
    if (picture) URL.revokeObjectURL(picture);
    picture = address;
    byId("figure-back").hidden = design.kind === "flat" && design.flat && !design.flat.has_back;
    byId("paper").classList.toggle("is-empty", !address);
    const ruler = byId("ruler");
    ruler.hidden = !pxPerCm;
    ruler.style.setProperty("--share", 10 * pxPerCm / 512);
    const told = byId("mismatch");
    told.hidden = apart < 0.5;
    told.textContent = say(design.kind === "pattern" ? words.mismatch_seam : words.mismatch, { cm: apart.toFixed(1) });
    byId("paper").dataset.drawn = drawn;
  }

  // ---- files
  async function upload(kind, file) {
    if (!file) return;
    const form = new FormData();
    form.append("file", file, file.name);
    const told = await trying(async () => (await call("POST", `${kind}s`, form, true)).json(), words.reading);
    if (!told) return;
    const name = file.name.replace(/\.\w+$/, "");
    if (kind !== "print") design.kind = kind;
    else if (design.kind === "flat") design.kind = "block";
    if (kind === "pattern") design.pieceMaterials = {};
    design[kind] = { id: told.id, colours: told.colours, name, has_back: told.has_back ?? true, link: told.link ?? null, pieces: told.pieces ?? [] };
    design.ways = []; design.way = ""; design.id = null; design.name = "";
    changed();
    fill();
  }
  async function example(kind) {
    const address = byId("designer-words").dataset[kind === "print" ? "lemons" : "raglan"];
    const answer = await fetch(address);
    if (kind === "print") Object.assign(design, { ground: "#fbf6ea", trim: "#3f6b3a", repeat: 16 });
    await upload(kind, new File([await answer.blob()], kind === "print" ? "lemons.svg" : "raglan-tee.svg", { type: "image/svg+xml" }));
  }

  // ---- fill the form with the current design
  function fill() {
    if (!words) return;
    for (const tab of all('[data-design="kind"]')) {
      const isOn = tab.dataset.kind === design.kind;
      tab.setAttribute("aria-selected", String(isOn));
      tab.tabIndex = isOn ? 0 : -1;
      byId(`of-${tab.dataset.kind}`).hidden = !isOn;
    }
    const block = one(`#piece-designer input[name="block"][value="${design.block}"]`);
    if (block) block.checked = true;
    for (const name of DIALS) { field(name).value = design[name]; field(`${name}-exact`).value = design[name]; }
    field("design-size").value = design.size; field("design-material").value = design.material;
    field("flat-width").value = design.width; field("flat-length").value = design.length; field("flat-category").value = design.category;
    field("design-name").value = design.name;
    byId("of-cloth").hidden = design.kind === "flat";
    byId("of-size").hidden = design.kind !== "block";
    byId("dials").hidden = !design.print;
    one('[data-design="plain"]').hidden = !design.print;
    one('[data-design="example"]').hidden = Boolean(design.print);
    byId("tile").style.backgroundImage = design.print?.link ? `url("${design.print.link}")` : "";
    showPieces();
    showWays();
    showPalette();
    showSum();
  }
  function showPieces() {
    const box = byId("cut-pieces"), picture = one("img", box), { link, pieces } = design.pattern ?? { link: null, pieces: [] };
    box.hidden = !pieces.length;
    picture.hidden = !link;
    picture.onerror = () => { picture.hidden = true; }; // a link lasts for one to two hours
    if (link && picture.getAttribute("src") !== link) picture.src = link;
    const fabrics = [...field("design-material").options].slice(1);
    one("ul", box).replaceChildren(...pieces.map(({ piece, size_cm: [width, length], material }) => {
      const row = made("li", {}), chosen = design.pieceMaterials[piece] ?? "", own = !chosen && fabrics.find(each => each.value === material);
      const select = made("select", { name: "piece-material", "data-piece": piece, "aria-label": say(words.piece_fabric, { piece }) });
      select.append(new Option(own ? own.text : words.as_whole, ""), ...fabrics.map(each => new Option(each.text, each.value)));
      select.value = chosen;
      row.append(made("span", {}, piece), made("span", { class: "note" }, `${width} × ${length} cm`), select);
      return row;
    }));
  }
  function made(tag, attributes, text = "") {
    const element = Object.assign(document.createElement(tag), { textContent: text });
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }
  function showWays() {
    const names = ["", ...design.ways.map(way => way.name)];
    byId("ways").replaceChildren(...names.map(name => made("button", { type: "button", "data-design": "way", "data-way-name": name,
      "aria-pressed": String(name === design.way) }, name || words.own)));
    const shoot = byId("shoot-ways");
    shoot.hidden = names.length < 2;
    const off = all("input:not(:checked)", shoot).map(input => input.value);
    one("div", shoot).replaceChildren(...names.map(name => {
      const label = made("label", {}), input = made("input", { type: "checkbox", name: "design-way", value: name });
      input.checked = !off.includes(name);
      label.append(input, made("span", {}, name || words.own));
      return label;
    }));
  }
  function showPalette() {
    const way = current(), box = byId("palette"), own = [];
    if (design.kind === "block" || design.pattern?.pieces.some(piece => !piece.colour)) own.push(["ground", design.ground, words.ground]);
    if (design.kind === "block") own.push(["trim", design.trim, words.trim]);
    const files = { block: [design.print], flat: [design.flat], pattern: [design.pattern, design.print] }[design.kind];
    const colours = files.flatMap(file => file?.colours ?? []);
    for (const colour of colours) if (!own.some(([, each]) => each === colour)) own.push(["", colour, say(words.colour_of, { colour })]);
    box.replaceChildren(...own.map(([name, colour, label]) => {
      const isFixed = !name && !way, worn = way?.colours[colour] ?? colour, holder = made("label", { title: label, class: isFixed ? "swatch-set fixed" : "swatch-set" });
      const input = made("input", { type: "color", value: worn, "data-colour": colour, "data-own": name, "aria-label": label });
      input.disabled = isFixed;
      holder.append(input);
      if (name) holder.append(made("span", {}, label));
      return holder;
    }));
    if (way) {
      const name = made("input", { type: "text", value: way.name, maxlength: 40, "data-way-rename": "", "aria-label": words.way_name });
      box.append(name, made("button", { type: "button", class: "quiet danger", "data-design": "remove-way" }, words.remove_way));
    }
  }
  function showSum() {
    const ways = design.ways.length ? all('input[name="design-way"]:checked').length : 1, views = all('input[name="design-view"]:checked').length;
    const n = ways * views, credits = n * words.prices[field("design-format").value];
    byId("design-sum").textContent = n === 1 ? words.bar.one : say(words.bar.many, { n });
    byId("design-price").textContent = credits === 1 ? words.bar.price_one : say(words.bar.price, { n: credits });
    one('[data-design="shoot"]').disabled = !n || !isReady();
    one('[data-design="keep"]').disabled = !isReady();
  }

  // ---- stored designs
  async function list() {
    const answer = await call("GET", "designs?limit=40").catch(() => null);
    if (!answer) return;
    left = await answer.json();
    byId("designs").replaceChildren(...left.map(each => {
      const button = made("button", { type: "button", class: "thumb of-design", "data-design": "open", "data-id": each.id, "aria-label": say(words.open, { name: each.name }), "aria-pressed": String(each.id === design.id) });
      button.append(made("img", { src: each.colorways[0].picture, alt: "", loading: "lazy" }));
      return button;
    }));
    one(".kept").hidden = !left.length;
  }
  core.openDesign = async id => { begin(); if (!left.some(each => each.id === id)) await list(); open(id); };
  function open(id) {
    const kept = left.find(each => each.id === id);
    if (!kept) return;
    const { asked } = kept;
    const file = name => ({ id: name, colours: kept.colours, name: asked.name, has_back: kept.has_back, link: kept.print_picture });
    design = { ...START, id, name: asked.name, kind: ["flat", "pattern"].find(kind => asked[kind]) ?? "block", block: asked.block ?? "tee", size: asked.size ?? "",
               print: asked.print && file(asked.print), flat: asked.flat && file(asked.flat),
               pattern: asked.pattern ? { ...file(asked.pattern), link: kept.pieces_picture, pieces: kept.pieces } : null,
               pieceMaterials: materialsOf(asked.piece_materials ?? {}, kept.pieces), material: asked.material ?? "",
               repeat: asked.repeat_cm, rotate: asked.rotate_deg, right: asked.offset_cm[0], up: asked.offset_cm[1], ground: asked.ground,
               trim: asked.trim ?? asked.ground, width: asked.width_cm ?? "", length: asked.length_cm ?? "", category: asked.category ?? "",
               ways: copy(asked.colorways) };
    changed();
    fill();
    for (const thumb of all("#designs .thumb")) thumb.setAttribute("aria-pressed", String(thumb.dataset.id === id));
  }
  // A word may match several pieces; the form has a choice for each.
  function materialsOf(asked, pieces) {
    if (!Object.keys(asked).length) return {};
    return Object.fromEntries(pieces.filter(each => each.material).map(each => [each.piece, each.material]));
  }
  async function keep() {
    if (!isReady()) { core.notice(words.needs_flat, true); return null; }
    core.busy(true);
    const kept = await trying(async () => {
      const path = design.id ? `designs/${design.id}` : "designs";
      const answer = await call(design.id ? "PUT" : "POST", path, recipe()).catch(problem => {
        if (problem.status !== 404 || !design.id) throw problem;
        return call("POST", "designs", recipe());
      });
      return answer.json();
    }, words.keeping);
    core.busy(false);
    if (!kept) return null;
    design.id = kept.id;
    const key = orderKey;
    save();
    orderKey = key;
    list();
    core.ask("choose", { garment: kept.id });
    return kept;
  }

  // ---- pictures on a model
  const shotAsked = (view, size) => ({ model: field("design-model").value || null, pose: field("design-pose").value || null, view, size, pipeline: words.pipeline });
  async function shoot(button) {
    button.disabled = true;
    const kept = await keep();
    if (kept) {
      const views = all('input[name="design-view"]:checked').map(input => input.value), size = words.sizes[field("design-format").value];
      const ways = design.ways.length ? all('input[name="design-way"]:checked').map(input => input.value) : [""];
      const jobs = await trying(() => Promise.all(ways.map(way => order(kept.id, way, views.map(view => shotAsked(view, size)), orderKey + way))));
      if (jobs) {
        const n = jobs.length * views.length;
        orderKey = core.newKey();
        core.ask("poll", { most: core.most });
        location.hash = "pictures";
        core.notice(n === 1 ? words.made_one : say(words.made, { n }));
      }
    }
    showSum();
  }
  async function order(id, colorway, shots, key) {
    const csrf = one("header.top").dataset.csrf, body = JSON.stringify({ garment_id: id, colorway, shots });
    const headers = { "X-CSRF-Token": csrf, "Content-Type": "application/json", "Idempotency-Key": encodeURIComponent(key) };
    const answer = await fetch("/v1/jobs", { method: "POST", headers, body });
    const told = await answer.json();
    if (!answer.ok) throw new Error(core.explain(told.code, told.message));
    return told;
  }
  core.designer = { get design() { return design; }, get words() { return words; }, keep, order, shotAsked, save };
  function look(how) { core.lookAtDesign?.(how); }

  // ---- visitor actions
  const DOES = {
    kind: button => { design.kind = button.dataset.kind; design.ways = []; design.way = ""; design.id = null; fill(); changed(); },
    example: () => example("print"),
    "flat-example": () => example("flat"),
    plain: () => { design.print = null; design.ways = []; design.way = ""; fill(); changed(); },
    way: button => { design.way = button.dataset.wayName; fill(); changed(); },
    "add-way": () => {
      let n = design.ways.length + 1;
      while (design.ways.some(way => way.name === say(words.new_way, { n }))) n += 1;
      design.ways.push({ name: say(words.new_way, { n }), colours: {} });
      design.way = design.ways.at(-1).name;
      fill(); changed();
      one("[data-way-rename]").focus();
    },
    "remove-way": () => { design.ways = design.ways.filter(way => way !== current()); design.way = ""; fill(); changed(); core.notice(words.removed); },
    fresh: () => { design = { ...START }; fill(); changed(); },
    open: button => open(button.dataset.id),
    keep: async () => { if (await keep()) core.notice(words.kept_now); },
    shoot,
    "flat-look": () => look("flat"),
    "space-look": () => look("space"),
  };
  document.addEventListener("click", event => {
    const button = event.target.closest("[data-design]");
    if (button && words) DOES[button.dataset.design]?.(button);
  });
  document.addEventListener("keydown", event => {
    const tab = event.target.closest?.('[role="tab"]');
    if (!tab || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const tabs = all('[data-design="kind"]'), step = event.key === "ArrowRight" ? 1 : tabs.length - 1;
    const other = tabs[(tabs.indexOf(tab) + step) % tabs.length];
    other.focus(); DOES.kind(other);
  });
  document.addEventListener("input", event => {
    const { name, value, dataset } = event.target;
    if (!event.target.closest?.("#piece-designer")) return;
    const dial = name?.replace("-exact", "");
    if (DIALS.includes(dial)) {
      if (value === "" || !event.target.checkValidity()) return;
      design[dial] = Number(value);
      for (const each of [dial, `${dial}-exact`]) if (each !== name) field(each).value = value;
      changed();
    } else if (dataset.colour) {
      const way = current();
      // Ground and trim of one colour change together in a colourway.
      if (way) { way.colours[dataset.colour] = value; all(`#palette [data-colour="${dataset.colour}"]`).forEach(each => { each.value = value; }); }
      else { design[dataset.own] = value; event.target.dataset.colour = value; }
      changed();
    } else if (name === "design-name") { design.name = value; save(); }
  });
  document.addEventListener("change", event => {
    const { name, value, dataset, id, files } = event.target;
    if (!event.target.closest?.("#piece-designer")) return;
    if (["print-file", "flat-file", "pattern-file"].includes(id)) { upload(id.split("-")[0], files[0]).finally(() => { event.target.value = ""; }); return; }
    const kept = { block: "block", "design-size": "size", "design-material": "material", "flat-width": "width", "flat-length": "length", "flat-category": "category" }[name];
    if (kept) { design[kept] = value; fill(); changed(); }
    else if (name === "piece-material") {
      const { [dataset.piece]: _, ...others } = design.pieceMaterials;
      design.pieceMaterials = value ? { ...others, [dataset.piece]: value } : others;
      changed();
    }
    else if (name === "design-model" && !design.size) changed();
    else if ("wayRename" in dataset) {
      const way = current(), wanted = value.trim().replace(/[^\p{L}\p{N}_-]+/gu, "-").replace(/^-+/, "").slice(0, 40);
      if (wanted && !design.ways.some(each => each !== way && each.name === wanted)) { way.name = wanted; design.way = wanted; }
      fill(); changed();
    } else showSum();
  });
  document.addEventListener("submit", event => { if ("designForm" in event.target.dataset) event.preventDefault(); });
  core.dropDesign = (file, place) => {
    const isDrawing = /\.svg$/i.test(file.name) && design.kind !== "block";
    upload(/\.(dxf|json)$/i.test(file.name) ? "pattern" : place ?? (isDrawing ? design.kind : "print"), file);
  };

  let isOpen = false;
  function begin() {
    if (isOpen || document.body.dataset.view !== "designer" || !byId("designer-words") || !core.account()) return;
    isOpen = true;
    words = JSON.parse(byId("designer-words").textContent);
    load();
    fill();
    draw();
    list();
  }
  core.opens.push(begin);
  core.shows.push(name => { if (name === "header" || name === "designer") begin(); });
  begin();
});
