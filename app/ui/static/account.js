// Account view: password, second factor, logins and API keys, through the API with the page's login.
"use strict";
(window.vmodelParts ??= []).push(core => {
  const { one } = core;
  const FACTOR = "account/second-factor";
  const fresh = {}; // class of a box -> text that the service cannot tell again: a key or recovery codes just made
  const told = () => one("#piece-account section").dataset;
  const refresh = () => core.ask("look", { view: "account" });
  async function send(method, path, body) {
    core.busy(true);
    try { return await core.api(method, path, body); } catch (problem) { core.notice(problem.message, true); return null; } finally { core.busy(false); }
  }
  const sends = {
    password: async (form, { old, new: wanted, again, keep_keys: keep, code }) => {
      if (wanted !== again) { core.notice(told().differ, true); return; }
      if (!await send("PUT", "account/password", { old, new: wanted, keep_keys: Boolean(keep), code })) return;
      form.reset();
      core.notice(told().changed);
      refresh(); // the header with the token of the new login as well
    },
    key: async (form, { name, days }) => {
      const scopes = new FormData(form).getAll("scopes");
      if (scopes.length) await make("keys", { name, scopes, days }); else core.notice(told().scopeless, true);
    },
    "factor-begin": async (form, { password }) => {
      const answer = await send("POST", FACTOR, { password });
      if (!answer) return;
      form.reset();
      const { secret, qr_svg: drawn } = await answer.json(), next = one("form.factor");
      one(".qr", next).innerHTML = drawn;
      one("code", next).textContent = secret;
      [form.hidden, next.hidden] = [true, false];
      one("input", next).focus();
    },
    "factor-finish": async (form, { code }) => take(await send("PUT", FACTOR, { code })),
    factor: async (form, asked, what) => {
      const answer = await send("POST", `${FACTOR}/${what}`, asked);
      if (answer) form.reset();
      if (!answer || what === "recovery-codes") { take(answer); return; }
      delete fresh.recovery;
      core.notice(told().factorRemoved);
      refresh();
    },
    replace: async (form, { grace }) => make(`keys/${form.dataset.id}/replacement`, { grace_hours: Number(grace) }),
  };
  async function make(path, asked) {
    const answer = await send("POST", path, asked);
    if (!answer) return;
    fresh["new-key"] = (await answer.json()).token;
    refresh();
  }
  async function take(answer) {
    if (!answer) return;
    fresh.recovery = (await answer.json()).recovery_codes.join("\n");
    reveal(document); // the server's piece may not change: there are as many codes as before
    refresh();
  }
  async function end(path, over) {
    if (!await send("DELETE", path)) return;
    core.notice(over);
    refresh();
  }
  function copy(name) {
    navigator.clipboard.writeText(fresh[name]).then(() => core.notice(told().copied), () => getSelection().selectAllChildren(one(`.${name} code`)));
  }
  const does = {
    "copy-key": () => copy("new-key"),
    "copy-recovery": () => copy("recovery"),
    end: ({ dataset: { id } }) => end(`logins/${id}`, told().over),
    "end-others": () => end("logins", told().othersOver),
    read: async ({ dataset: { id } }) => { if (await send("POST", "account/notices/read", { until: id })) refresh(); },
    revoke: async ({ dataset: { id, sure } }) => {
      if (!confirm(sure) || !await send("DELETE", `keys/${id}`)) return;
      core.notice(told().revoked);
      refresh();
    },
  };
  function reveal(root) {
    for (const [box, text] of Object.entries(fresh)) {
      one(`.${box} code`, root).textContent = text;
      one(`.${box}`, root).hidden = false;
    }
  }
  core.shows.push((name, element) => { if (name === "account") reveal(element); });
  core.opens.push(view => {
    if (view === "account") return;
    for (const box of Object.keys(fresh)) {
      delete fresh[box];
      // The server's piece has not changed, so it is not drawn anew when the view is opened again.
      one(`.${box} code`).textContent = "";
      one(`.${box}`).hidden = true;
    }
    const begun = one("form.factor");
    if (!begun) return;
    [one("form[data-account=factor-begin]").hidden, begun.hidden] = [false, true];
    for (const part of [".qr", "code"]) one(part, begun).replaceChildren();
  });
  document.addEventListener("click", event => {
    const button = event.target.closest("[data-account-do]");
    if (button) does[button.dataset.accountDo](button);
  });
  document.addEventListener("submit", event => {
    const { account: kind } = event.target.dataset;
    if (!kind) return;
    event.preventDefault();
    sends[kind](event.target, Object.fromEntries(new FormData(event.target)), event.submitter?.value);
  });
});
