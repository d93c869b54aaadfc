// Viewer of the enlarged picture: zoom, the slider that compares it with the photo, and the dressed model in 3D.
"use strict";
(window.vmodelParts ??= []).push(core => {
  const { one, all } = core;
  const viewer = { shots: [], at: 0, scale: 1, x: 0, y: 0 };
  function openViewer(shot) {
    viewer.shots = all("button.shot", shot.closest(".job"));
    viewer.at = viewer.shots.indexOf(shot);
    viewer.from = shot;
    showShot();
    one("#viewer").showModal();
    one("#viewer-stage").focus();
  }
  function showShot() {
    const shot = viewer.shots[viewer.at], { shot: id, job, caption, made, alt } = shot.dataset;
    const picture = one("#viewer-picture"), photo = one("#viewer-photo");
    picture.src = `/ui/shots/${id}/picture`;
    picture.alt = alt;
    const { naturalWidth: width, naturalHeight: height } = one("img", shot);
    one("#viewer-sheet").style.setProperty("--ratio", width && height ? width / height : 0.75);
    photo.src = `/ui/jobs/${job}/photo?w=1600`;
    one("#viewer-caption").textContent = made ? `${caption} · ${made}` : caption;
    for (const link of all("#viewer [data-way]")) link.href = `/ui/shots/${id}/download?as=${link.dataset.way}`;
    one('[data-viewer="before"]').hidden = one('[data-viewer="after"]').hidden = viewer.shots.length < 2;
    const space = one('[data-viewer="space"]');
    space.hidden = !("space" in shot.dataset);
    one("#viewer-glb").href = `/v1/shots/${id}/model3d`;
    one("#viewer-glb").hidden = space.hidden;
    compare(false);
    turnable(false);
    scale(1);
  }
  async function turnable(isOn) {
    const canvas = one("#viewer-space"), button = one('[data-viewer="space"]');
    button.setAttribute("aria-pressed", String(isOn));
    canvas.hidden = !isOn;
    one("#viewer-sheet").hidden = isOn;
    if (!isOn) return;
    compare(false);
    if (await core.showSpace(canvas, viewer.shots[viewer.at].dataset.shot)) return canvas.focus();
    turnable(false);
    core.notice(core.said.no_space, true);
  }
  function scale(to) {
    viewer.scale = Math.min(6, Math.max(1, to));
    if (viewer.scale === 1) viewer.x = viewer.y = 0;
    one("#viewer-sheet").style.transform = `translate(${viewer.x}px, ${viewer.y}px) scale(${viewer.scale})`;
    one("#viewer-scale").textContent = `${Math.round(100 * viewer.scale)} %`;
    one("#viewer-stage").classList.toggle("is-near", viewer.scale > 1);
  }
  function compare(isOn) {
    one('[data-viewer="compare"]').setAttribute("aria-pressed", String(isOn));
    one("#viewer-photo").hidden = one("#viewer-compare").hidden = !isOn;
    one("#viewer-sheet").classList.toggle("is-compared", isOn);
    one("#viewer-compare input").value = 50;
    split(50);
    if (isOn) { turnable(false); scale(1); one("#viewer-compare input").focus(); }
  }
  function split(percent) { one("#viewer-sheet").style.setProperty("--split", `${percent}%`); }
  function step(by) {
    viewer.at = (viewer.at + by + viewer.shots.length) % viewer.shots.length;
    showShot();
  }
  function closeViewer() {
    const dialog = one("#viewer");
    if (dialog?.open) dialog.close();
    one("#viewer-picture")?.removeAttribute("src");
    viewer.from?.focus?.();
  }
  function viewerDo(what, button) {
    if (what === "close") closeViewer();
    if (what === "before") step(-1);
    if (what === "after") step(1);
    if (what === "in") scale(viewer.scale * 1.5);
    if (what === "out") scale(viewer.scale / 1.5);
    if (what === "compare") compare(button.getAttribute("aria-pressed") !== "true");
    if (what === "space") turnable(button.getAttribute("aria-pressed") !== "true");
    if (what === "redo") { closeViewer(); core.redo(viewer.shots[viewer.at].dataset.redo); }
    if (what === "remove" && confirm(button.dataset.sure)) {
      core.ask("remove", { shot: viewer.shots[viewer.at].dataset.shot, most: core.most });
      closeViewer();
    }
  }

  document.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.viewer) viewerDo(button.dataset.viewer, button);
    else if (button.matches("button.shot")) openViewer(button);
  });
  document.addEventListener("input", event => { if (event.target.closest("#viewer-compare")) split(event.target.value); });
  document.addEventListener("keydown", event => {
    if (!one("#viewer")?.open || event.target.matches("input, canvas")) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
    if (event.key === "+") scale(viewer.scale * 1.5);
    if (event.key === "-") scale(viewer.scale / 1.5);
  });
  document.addEventListener("pointerdown", event => {
    const stage = event.target.closest?.("#viewer-stage.is-near");
    if (!stage || event.target.matches("canvas")) return;
    const from = { x: event.clientX - viewer.x, y: event.clientY - viewer.y };
    const move = at => { viewer.x = at.clientX - from.x; viewer.y = at.clientY - from.y; scale(viewer.scale); };
    const stop = () => { removeEventListener("pointermove", move); removeEventListener("pointerup", stop); };
    addEventListener("pointermove", move);
    addEventListener("pointerup", stop);
    event.preventDefault();
  });
  document.addEventListener("wheel", event => {
    if (!event.target.closest?.("#viewer-stage")) return;
    event.preventDefault();
    scale(viewer.scale * (event.deltaY < 0 ? 1.15 : 1 / 1.15));
  }, { passive: false });
});
