// Account view: password, through the API with the page's login.
"use strict";
(window.vmodelParts ??= []).push(core => {
  const { one } = core;
  const told = () => one("#piece-account section").dataset;
  const refresh = () => core.ask("look", { view: "account" });
  async function send(method, path, body) {
    core.busy(true);
    try { return await core.api(method, path, body); } catch (problem) { core.notice(problem.message, true); return null; } finally { core.busy(false); }
  }
  const sends = {
    password: async (form, { old, new: wanted, again, keep_keys: keep }) => {
      if (wanted !== again) { core.notice(told().differ, true); return; }
      if (!await send("PUT", "account/password", { old, new: wanted, keep_keys: Boolean(keep) })) return;
      form.reset();
      core.notice(told().changed);
      refresh(); // the header with the token of the new login as well
    },
  };
  document.addEventListener("submit", event => {
    const { account: kind } = event.target.dataset;
    if (!kind) return;
    event.preventDefault();
    sends[kind](event.target, Object.fromEntries(new FormData(event.target)));
  });
});
