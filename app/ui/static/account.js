// Account view: password, logins and API keys, through the API with the page's login.
"use strict";
(window.vmodelParts ??= []).push(core => {
  const { one } = core;
  let token = ""; // of a key that was just made; the service cannot tell it again
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
    key: async (form, { name, days }) => {
      const scopes = new FormData(form).getAll("scopes");
      if (scopes.length) await make("keys", { name, scopes, days }); else core.notice(told().scopeless, true);
    },
    replace: async (form, { grace }) => make(`keys/${form.dataset.id}/replacement`, { grace_hours: Number(grace) }),
  };
  async function make(path, asked) {
    const answer = await send("POST", path, asked);
    if (!answer) return;
    token = (await answer.json()).token;
    refresh();
  }
  async function end(path, over) {
    if (!await send("DELETE", path)) return;
    core.notice(over);
    refresh();
  }
  const does = {
    "copy-key": () => navigator.clipboard.writeText(token).then(() => core.notice(told().copied), () => getSelection().selectAllChildren(one(".new-key code"))),
    end: ({ dataset: { id } }) => end(`logins/${id}`, told().over),
    "end-others": () => end("logins", told().othersOver),
    revoke: async ({ dataset: { id, sure } }) => {
      if (!confirm(sure) || !await send("DELETE", `keys/${id}`)) return;
      core.notice(told().revoked);
      refresh();
    },
  };
  core.shows.push((name, element) => {
    if (name !== "account" || !token) return;
    one(".new-key code", element).textContent = token;
    one(".new-key", element).hidden = false;
  });
  core.opens.push(view => {
    if (view === "account" || !token) return;
    token = "";
    // The server's piece has not changed, so it is not drawn anew when the view is opened again.
    one(".new-key code").textContent = "";
    one(".new-key").hidden = true;
  });
  document.addEventListener("click", event => {
    const button = event.target.closest("[data-account-do]");
    if (button) does[button.dataset.accountDo](button);
  });
  document.addEventListener("submit", event => {
    const { account: kind } = event.target.dataset;
    if (!kind) return;
    event.preventDefault();
    sends[kind](event.target, Object.fromEntries(new FormData(event.target)));
  });
});
