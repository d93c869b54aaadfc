// Main script of the page: stores the visitor's choices, sends requests to Gradio, and shows the answers.
"use strict";
window.vmodel ??= (() => {
  const STORE = "vmodel-studio";
  const VIEWS = ["studio", "designer", "pictures", "usage", "account", "operator"];
  const POLL_MS = 1500, CALM_MS = 300;
  const START = { garment: "", models: [], poses: [], views: ["front"], framing: "full", set: null, background: "light-grey",
                  light: "soft-key", shoes: "auto", focal_mm: 85, style: null, format: "portrait", pipeline: null, count: 1,
                  colorways: [], worn_with: [], tucked: false };
  let trigger = null, order = { ...START }, most = 12, calm = null, polling = null, heard = 0, said = {};
  let orderKey = newKey(), moved = {}, seenGarment = null;
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const piece = name => document.getElementById(`piece-${name}`);
  const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

  function newKey() {
    return [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, "0")).join("");
  }
  // Each request includes the outfit, so that its garments are offered even if they are old.
  function ask(name, asked = {}) { if (trigger) trigger(name, { worn_with: order.worn_with, ...asked }); }
  function account() { return one("header.top")?.dataset.account ?? ""; }

  // Choices survive a reload, for this account on this machine.
  function save() {
    try { localStorage.setItem(STORE, JSON.stringify({ account: account(), order })); } catch { /* private window */ }
  }
  function load() {
    try {
      const kept = JSON.parse(localStorage.getItem(STORE) ?? "null");
      if (kept?.order && (!account() || kept.account === account())) order = { ...START, ...kept.order };
    } catch { /* private window */ }
  }

  function connect(given) {
    trigger = given;
    load();
    ask("begin", { garment: order.garment });
    openView();
  }

  // ---- pieces come from the server; the script then restores what it had added to them
  function show(name, element) {
    if (name === "signal") return hear(element.textContent);
    // The content security policy lets only scripts style single elements.
    for (const each of all("[data-style]", element)) each.style.cssText = each.dataset.style;
    if (name === "viewer") said = JSON.parse(one("#sayings", element)?.textContent || "{}");
    if (name === "header") { markNav(); if (account()) load(); }
    if (name === "garments") showGarment(element);
    if (name === "chooser") applyOrder();
    if (name === "pictures") schedule();
    if (name === "bar") document.body.classList.toggle("has-bar", true);
    for (const seen of core.shows) seen(name, element);
  }

  function hear(text) {
    if (!text.trim()) return;
    const signal = JSON.parse(text);
    if (signal.number === heard) return;
    heard = signal.number;
    busy(false);
    if (signal.say || signal.problem) notice(signal.say ?? signal.problem, Boolean(signal.problem));
    if (signal.problem && signal.asked === "begin") notice(signal.problem, true);
    if (signal.view) {
      orderKey = newKey();
      location.hash = signal.view;
      if (signal.job) setTimeout(() => document.getElementById(`job-${signal.job}`)?.scrollIntoView({ block: "start" }), 60);
    }
  }

  function notice(text, isProblem = false) {
    const box = one("#notice");
    if (!box) return;
    one("p", box).textContent = text;
    box.classList.toggle("is-problem", isProblem);
    box.hidden = false;
    clearTimeout(notice.timer);
    if (!isProblem) notice.timer = setTimeout(() => { box.hidden = true; }, 6000);
  }

  function busy(isBusy) { document.body.toggleAttribute("data-busy", isBusy); }

  // ---- views
  function openView() {
    const asked = location.hash.slice(1);
    const view = VIEWS.includes(asked) ? asked : "studio";
    const changed = document.body.dataset.view && document.body.dataset.view !== view;
    document.body.dataset.view = view;
    markNav();
    for (const seen of core.opens) seen(view);
    if (changed) { scrollTo({ top: 0 }); if (view !== "studio" && view !== "designer") ask("look", { view, most }); }
  }
  function markNav() {
    for (const link of all("header.top nav a")) {
      if (link.dataset.view === document.body.dataset.view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  // ---- poll while pictures are being made, less often while the page is hidden
  function schedule() {
    clearTimeout(polling);
    if (one("[data-open=true]", piece("pictures"))) polling = setTimeout(look, POLL_MS);
  }
  function look() {
    if (!document.hidden) ask("poll", { most });
    clearTimeout(polling);
    // An answer without changes triggers no update, so the next poll is scheduled without waiting for one.
    if (one("[data-open=true]", piece("pictures"))) polling = setTimeout(look, document.hidden ? 4 * POLL_MS : POLL_MS);
  }

  // ---- the order
  function readOrder() {
    const checked = name => all(`input[name="${name}"]:checked`).map(input => input.value);
    order.models = checked("models");
    order.poses = checked("poses");
    order.views = checked("views");
    for (const name of ["framing", "light"]) order[name] = checked(name)[0] ?? START[name];
    order.set = checked("set")[0] || null;
    const background = checked("background")[0] ?? START.background;
    order.background = background === "own" ? one('input[name="own-colour"]').value : background;
    const lens = checked("focal")[0] ?? String(START.focal_mm);
    order.focal_mm = Number(lens === "own" ? one('input[name="own-focal"]').value : lens);
    one(".own-lens").hidden = lens !== "own";
    order.shoes = one('select[name="shoes"]')?.value ?? START.shoes;
    order.format = one('select[name="format"]')?.value ?? START.format;
    for (const name of ["style", "pipeline"]) order[name] = one(`select[name="${name}"]`)?.value ?? null;
    order.count = Math.min(8, Math.max(1, Math.round(Number(one('input[name="count"]')?.value ?? 1)) || 1));
    chosenChanged();
  }
  function applyOrder() {
    const chooser = piece("chooser");
    if (!chooser) return;
    const tick = (name, values) => all(`input[name="${name}"]`, chooser).forEach(input => { input.checked = values.includes(input.value); });
    tick("models", order.models); tick("poses", order.poses); tick("views", order.views.length ? order.views : ["front"]);
    tick("set", [order.set ?? ""]); tick("framing", [order.framing]); tick("light", [order.light]);
    const isColour = order.background.startsWith("#");
    tick("background", [isColour ? "own" : order.background]);
    if (isColour) one('input[name="own-colour"]', chooser).value = order.background;
    const isNamed = all('input[name="focal"]', chooser).some(input => Number(input.value) === order.focal_mm);
    tick("focal", [isNamed ? String(order.focal_mm) : "own"]);
    one(".own-lens", chooser).hidden = isNamed;
    if (!isNamed) one('input[name="own-focal"]', chooser).value = order.focal_mm;
    const styles = one('select[name="style"]', chooser);  // an order of the API may name pieces
    if (order.style && ![...styles.options].some(each => each.value === order.style)) styles.add(new Option(order.style.replaceAll("-", " "), order.style));
    for (const name of ["style", "shoes", "format", "pipeline", "count"]) {
      const field = one(`[name="${name}"]`, chooser), options = field?.options && [...field.options];
      if (field && order[name] !== null && (options ?? [{ value: order[name] }]).some(each => each.value === order[name])) field.value = order[name];
    }
    chosenChanged();
  }
  function chosenChanged() {
    for (const part of all(".not-in-set")) part.hidden = Boolean(order.set);
    for (const name of ["models", "poses"]) {
      const auto = one(`input[name="${name}-auto"]`), counted = document.getElementById(`${name}-count`);
      if (auto) auto.checked = order[name].length === 0;
      if (counted && said.chosen) counted.textContent = order[name].length ? say(said.chosen, { n: order[name].length }) : "";
    }
    save();
    clearTimeout(calm);
    calm = setTimeout(() => {
      const plain = plainOrder();
      if (plain || one(".bar-sum, .bar-problem")) ask("price", { order: plain });
    }, CALM_MS);
  }
  function plainOrder() {
    if (!order.garment || !one(".garment[data-chosen] .of-cutout")) return null;
    const plain = { ...order, ...outfit(), models: [...order.models], poses: [...order.poses], views: [...order.views] };
    if (!plain.views.length) plain.views = ["front"];
    // A set decides these, and is refused beside them.
    if (plain.set) for (const name of ["poses", "views", "framing"]) delete plain[name];
    for (const name of ["style", "pipeline"]) plain[name] ||= one(`select[name="${name}"]`)?.value;
    return plain;
  }
  // Only choices that the chosen garment's panel offers: colourways differ by garment, and none is worn with itself.
  function outfit() {
    const offered = name => all(`.garment input[name="${name}"]`).map(input => input.value);
    const kept = name => order[name].filter(value => offered(name).includes(value));
    const worn = kept("worn_with"), ways = kept("colorways");
    return { worn_with: worn, colorways: ways, tucked: worn.length > 0 && order.tucked };
  }
  function filterFaces() {
    const value = name => one(`select[name="filter-${name}"]`).value;
    const tones = all('input[name="filter-skin"]:checked').map(input => input.value);
    let shown = 0;
    for (const card of all(".card.face")) {
      const fits = ["gender", "age", "size"].every(name => !value(name) || card.dataset[name] === value(name))
        && (!tones.length || tones.includes(card.dataset.skin));
      card.hidden = !fits;
      shown += fits;
    }
    one(".nobody").hidden = shown > 0;
    one(".faces").scrollTo({ left: 0 });
  }
  function redo(text) {
    const wanted = JSON.parse(text);
    const garment = wanted.garment;
    order = { ...START, ...wanted };
    location.hash = "studio";
    applyOrder();
    if (garment) { ask("choose", { garment }); notice(said.redo); } else notice(said.gone, true);
  }

  // ---- garments
  function showGarment(element) {
    const chosen = one(".garment[data-chosen]", element)?.dataset.chosen ?? "";
    // A visitor who moves points sees their new places and can continue.
    const shown = chosen === seenGarment && Object.keys(moved).length ? "points" : "cutout";
    seenGarment = chosen;
    moved = {};
    busy(false);
    if (!one("header.top")?.dataset.account && !chosen) return;
    order.garment = chosen;
    showSheet(shown);
    chosenChanged();
  }
  function showSheet(kind) {
    const sheet = one(".sheet");
    if (!sheet) return;
    if (!one(`.of-${kind}`, sheet)) kind = "photo";
    sheet.dataset.show = kind;
    for (const button of all("[data-sheet]")) button.setAttribute("aria-pressed", String(button.dataset.sheet === kind));
    const note = one(".points-note");
    if (note) note.hidden = kind !== "points";
    const acts = one(".brush-acts");
    if (acts) acts.hidden = kind !== "brush";
  }
  async function upload(files) {
    const limits = one("header.top").dataset, wanted = [...files], told = document.getElementById("reading");
    let last = null, done = 0;
    for (const file of wanted) {
      done += 1;
      if (told) told.textContent = say(said.reading, { n: done, all: wanted.length });
      if (file.size > Number(limits.maxBytes)) { notice(say(said.too_large, { name: file.name, mb: limits.maxMb }), true); continue; }
      const form = new FormData();
      form.append("photo", file, file.name);
      try {
        const answer = await fetch("/ui/garments", { method: "POST", body: form, headers: { "X-CSRF-Token": limits.csrf } });
        if (answer.status === 401) { location.href = "/login"; return; }
        const told = await answer.json();
        if (answer.ok) last = told.id; else notice(`${file.name}: ${told.message}`, true);
      } catch { notice(said.failed, true); }
    }
    if (told) told.textContent = "";
    if (last) ask("choose", { garment: last });
  }
  function place(point, x, y) {
    const [width, height] = one(".points-note").dataset.size.split("x").map(Number);
    const inX = Math.min(width, Math.max(0, x)), inY = Math.min(height, Math.max(0, y));
    point.dataset.x = inX; point.dataset.y = inY;
    point.style.left = `${100 * inX / width}%`; point.style.top = `${100 * inY / height}%`;
    moved[point.dataset.point] = [Math.round(inX * 10) / 10, Math.round(inY * 10) / 10];
    one('[data-ask="points"]').disabled = false;
  }
  function drag(point, event) {
    const area = point.parentElement.getBoundingClientRect();
    const [width, height] = one(".points-note").dataset.size.split("x").map(Number);
    const move = at => place(point, (at.clientX - area.left) / area.width * width, (at.clientY - area.top) / area.height * height);
    const stop = () => { removeEventListener("pointermove", move); removeEventListener("pointerup", stop); };
    addEventListener("pointermove", move);
    addEventListener("pointerup", stop);
    event.preventDefault();
    point.focus();
  }
  function allPoints() {
    return Object.fromEntries(all(".point").map(point => [point.dataset.point,
      [Math.round(Number(point.dataset.x) * 10) / 10, Math.round(Number(point.dataset.y) * 10) / 10]]));
  }


  // ---- visitor actions
  const does = {
    example: button => {
      button.disabled = true;
      const told = document.getElementById("reading");
      if (told) told.textContent = say(said.reading, { n: 1, all: 1 });
      busy(true); ask("example");
    },
    forget: button => { if (confirm(button.dataset.sure)) ask("forget", { garment: order.garment }); },
    points: () => { busy(true); ask("correct", { garment: order.garment, landmarks: allPoints() }); },
    "no-points": () => { busy(true); ask("correct", { garment: order.garment, landmarks: {} }); },
    order: button => { button.disabled = true; busy(true); ask("order", { order: plainOrder(), key: orderKey }); },
    cancel: button => { if (confirm(button.dataset.sure)) ask("cancel", { id: button.dataset.id, most }); },
    "remove-job": button => { if (confirm(button.dataset.sure)) ask("remove", { job: button.dataset.id, most }); },
  };
  document.addEventListener("click", event => {
    const button = event.target.closest("button, a, summary");
    if (!event.target.closest("details.menu")) all("details.menu[open]").forEach(menu => { menu.open = false; });
    if (!button) return;
    const { ask: name, garment, sheet, redo: again } = button.dataset;
    if (name) core.does[name]?.(button);
    else if (again && !button.dataset.shot) redo(again);
    else if (garment) ask("choose", { garment });
    else if ("garments" in button.dataset) ask("choose", { garment: order.garment, before: button.dataset.garments });
    else if (sheet) showSheet(sheet);
    else if (button.dataset.turn) {
      const cards = one(".cards", button.closest(".step"));
      cards.scrollBy({ left: Number(button.dataset.turn) * cards.clientWidth * 0.9, behavior: "smooth" });
    }
    else if ("more" in button.dataset) { most += 24; ask("poll", { most }); }
    else if (button.closest("#notice")) one("#notice").hidden = true;
    else if (button.matches(".skip")) { event.preventDefault(); one("#main")?.setAttribute("tabindex", "-1"); one("#main")?.focus(); }
    else if (button.matches("details.menu a")) button.closest("details").open = false;
  });
  document.addEventListener("change", event => {
    const field = event.target;
    if (field.id === "photos") { upload(field.files).finally(() => { field.value = ""; }); return; }
    if (field.name?.startsWith("filter-")) return filterFaces();
    if (field.name === "models-auto" || field.name === "poses-auto") {
      all(`input[name="${field.name.split("-")[0]}"]`).forEach(input => { input.checked = false; });
      return readOrder();
    }
    if (field.name === "category") { busy(true); ask("correct", { garment: order.garment, category: field.value }); return; }
    if (field.name === "worn_open") { busy(true); ask("correct", { garment: order.garment, worn_open: field.value }); return; }
    if (field.matches("[data-period]")) return ask("look", { view: "usage", period: field.value });
    if (field.name === "own-colour") one('input[name="background"][value="own"]').checked = true;
    if (field.name === "own-focal") field.value = Math.min(Number(field.max), Math.max(Number(field.min), Math.round(Number(field.value)) || START.focal_mm));
    if (field.closest("#piece-chooser")) readOrder();
  });
  document.addEventListener("submit", event => {
    const { form: kind, id } = event.target.dataset;
    if (!kind) return;
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.target));
    const number = text => (text === "" ? null : Number(text));
    if (!["size", "grant", "create", "find"].includes(kind)) return;
    if (kind === "size") {
      busy(true);
      ask("correct", { garment: order.garment, width_cm: number(fields.width), length_cm: number(fields.length), material: fields.material });
    }
    if (kind === "grant") ask("grant", { id, units: Number(fields.units), key: newKey() });
    if (kind === "create") ask("create", fields);
    if (kind === "find") ask("look", { view: "operator", find: fields.find });
    if (kind === "grant" || kind === "create") event.target.reset();
  });
  document.addEventListener("keydown", event => {
    const point = event.target.closest?.(".point"), steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (point && steps) {
      const far = (event.shiftKey ? 20 : 4);
      place(point, Number(point.dataset.x) + far * steps[0], Number(point.dataset.y) + far * steps[1]);
      event.preventDefault();
    }
    if (event.key === "Escape") all("details.menu[open]").forEach(menu => { menu.open = false; });
  });
  document.addEventListener("pointerdown", event => {
    const point = event.target.closest?.(".point");
    if (point) drag(point, event);
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, event => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      for (const drop of all(".drop")) drop.classList.toggle("is-over", kind === "dragover");
      if (kind !== "drop") return;
      if (document.body.dataset.view === "designer" && core.dropDesign) return core.dropDesign(event.dataTransfer.files[0], event.target.closest?.("[data-drop]")?.dataset.drop);
      location.hash = "studio";
      upload(event.dataTransfer.files);
    });
  }
  // The page's other scripts register here, in any loading order.
  const explain = (code, message) => (said.errors?.[code] ?? message ?? said.failed)
    .replace("{why}", (message ?? "").split(";")[0]).replace("{message}", message ?? "");
  const core = {
    one, all, say, explain, ask, notice, busy, newKey, account, redo, does, chosenChanged,
    shows: [], opens: [],
    get said() { return said; }, get order() { return order; }, get most() { return most; },
  };
  const waiting = window.vmodelParts ?? [];
  window.vmodelParts = { push: part => part(core) };
  waiting.forEach(part => part(core));

  addEventListener("hashchange", openView);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  return { connect, show };
})();
