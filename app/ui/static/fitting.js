// First fitting of the design in progress: one small picture, with a 3D model that can be rotated.
"use strict";
(window.vmodelParts ??= []).push(core => {
  const { one, all, say } = core;
  const EVERY_MS = 500;
  const byId = id => document.getElementById(id);
  let watching = 0;

  function show(how) {
    for (const name of ["flat", "space"]) one(`[data-design="${name}-look"]`).setAttribute("aria-pressed", String(name === how));
    byId("design-space").hidden = how !== "space";
    byId("making").hidden = true;
    one("#paper .sides").hidden = how !== "flat";
    byId("paper").classList.toggle("in-space", how === "space");
  }
  function tell(text, share) {
    byId("making").hidden = false;
    one("#making p").textContent = text;
    one("#making span").style.width = `${Math.round(100 * share)}%`;
  }
  async function turn(shot) {
    show("space");
    const canvas = byId("design-space");
    if (await core.showSpace(canvas, shot)) {
      canvas.focus({ preventScroll: true });
      byId("paper").scrollIntoView({ block: "center" });
      return;
    }
    show("flat");
    core.notice(core.said.no_space, true);
  }
  async function fit() {
    const { designer } = core, { words } = designer, credits = words.fitting_price;
    if (!confirm(say(credits === 1 ? words.space_price : words.space_price_many, { n: credits }))) return;
    const mine = ++watching;
    tell(words.keeping, 0);
    byId("paper").scrollIntoView({ block: "nearest" });
    const kept = await designer.keep();
    if (mine !== watching) return;
    if (!kept) { byId("making").hidden = true; return; }
    const shots = [{ ...designer.shotAsked("front", words.fitting_size), pipeline: "draft", fitting: true }];
    let job;
    try { job = await designer.order(kept.id, designer.design.way, shots, core.newKey()); } catch (problem) { byId("making").hidden = true; core.notice(problem.message, true); return; }
    core.ask("poll", { most: core.most });
    while (job.state === "queued" || job.state === "running") {
      const [shot] = job.shots;
      tell(shot.stage ? say(words.fitting, { stage: words.stages[shot.stage] ?? shot.stage }) : words.waiting, job.share);
      await new Promise(done => setTimeout(done, EVERY_MS));
      if (mine !== watching) return;
      try { job = await (await core.api("GET", `jobs/${job.id}`)).json(); } catch { /* the service does not answer; poll again */ }
    }
    byId("making").hidden = true;
    core.ask("poll", { most: core.most });
    const [shot] = job.shots;
    if (shot.state !== "done") { core.notice(core.explain(shot.error?.code, shot.error?.message), true); return; }
    designer.design.shot = shot.id;
    designer.save();
    turn(shot.id);
  }
  core.lookAtDesign = how => {
    if (how === "flat") { watching += 1; show("flat"); return; }
    if (core.designer.design.shot) turn(core.designer.design.shot);
    else if (!all('[data-design="keep"]:disabled').length) fit();
  };
});
