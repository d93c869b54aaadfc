// Garment of an uncertain category: previews as each of the two likeliest, one after the other; a click decides.
"use strict";
(window.vmodelParts ??= []).push(core => {
  const { one, all, say } = core;
  const EVERY_MS = 700;
  let watching = 0;

  async function show(box) {
    const mine = ++watching, isOver = () => mine !== watching || !box.isConnected;
    for (const button of all(".reading", box)) {
      const note = one(".reading-note", button), told = one("[role=status]", box);
      let why = "";
      try {
        const shot = await putOn(box, button, note, isOver);
        if (isOver()) return;
        if (shot.state === "done") await picture(button, shot.id); else why = core.explain(shot.error?.code, shot.error?.message);
      } catch (problem) { why = problem.message; }
      if (isOver()) return;
      button.setAttribute("aria-busy", "false");
      note.textContent = why && say(told.dataset.cannot, { why });
      told.textContent = `${one(".reading-as", button).textContent}. ${note.textContent}`;
    }
  }
  // The last state of the small picture.
  async function putOn(box, button, note, isOver) {
    const headers = { "X-CSRF-Token": one("header.top").dataset.csrf };
    const answer = await fetch(`/ui/garments/${box.dataset.question}/readings/${button.dataset.reading}`, { method: "POST", headers });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.message ?? core.said.failed);
    const { making } = one("[role=status]", box).dataset;
    for (;;) {
      let shot = null;
      try { [shot] = (await (await core.api("GET", `jobs/${told.id}`)).json()).shots; } catch { /* the service does not answer; poll again */ }
      if (isOver() || (shot && shot.state !== "queued" && shot.state !== "running")) return shot;
      if (shot?.stage) note.textContent = say(making, { stage: core.said.stages[shot.stage] ?? shot.stage });
      await new Promise(done => setTimeout(done, EVERY_MS));
    }
  }
  async function picture(button, shot) {
    const seen = Object.assign(new Image(), { src: `/ui/shots/${shot}/picture?w=512`, alt: button.dataset.alt });
    await seen.decode().catch(() => { throw new Error(core.said.failed); });
    one(".reading-sheet", button).append(seen);
  }

  document.addEventListener("click", event => {
    const button = event.target.closest("[data-reading]");
    if (!button) return;
    core.busy(true);
    core.ask("correct", { garment: core.order.garment, category: button.dataset.reading });
  });
  core.shows.push((name, element) => {
    if (name !== "garments") return;
    const box = one(".question", element);
    if (box) show(box); else watching += 1;
  });
});
