// @ts-check
// Account view: password, second factor, logins and API keys, through the API with the page's login.
import { maybe, on, one } from "./dom.js";
import { notice } from "./messages.js";
import { ask, attempt, call } from "./server.js";

const FACTOR = "account/second-factor";
/**
 * Class of a box -> text that the service cannot tell again: a key or recovery codes just made.
 * @type {Record<string, string>}
 */
const fresh = {};
const told = () => one("#piece-account section").dataset;
const refresh = () => ask("look", { view: "account" });

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 */
const send = (method, path, body) => attempt(() => call(method, `/v1/${path}`, body));

/** @typedef {Record<string, FormDataEntryValue>} Fields */

/** @type {Record<string, (form: HTMLFormElement, fields: Fields, button: string) => Promise<void>>} */
const sends = {
  password: async (form, { old, new: wanted, again, keep_keys: keep, code }) => {
    if (wanted !== again) return notice(told().differ ?? "", true);
    if (!await send("PUT", "account/password", { old, new: wanted, keep_keys: Boolean(keep), code })) return;
    form.reset();
    notice(told().changed ?? "");
    refresh(); // the header with the token of the new login as well
  },
  key: async (form, { name, days }) => {
    const scopes = new FormData(form).getAll("scopes");
    if (scopes.length) await make("keys", { name, scopes, days });
    else notice(told().scopeless ?? "", true);
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
  "factor-finish": async (_, { code }) => take(await send("PUT", FACTOR, { code })),
  factor: async (form, asked, what) => {
    const answer = await send("POST", `${FACTOR}/${what}`, asked);
    if (answer) form.reset();
    if (!answer || what === "recovery-codes") return take(answer);
    delete fresh.recovery;
    notice(told().factorRemoved ?? "");
    refresh();
  },
  replace: (form, { grace }) => make(`keys/${form.dataset.id}/replacement`, { grace_hours: Number(grace) }),
};

/**
 * @param {string} path
 * @param {unknown} asked
 */
async function make(path, asked) {
  const answer = await send("POST", path, asked);
  if (!answer) return;
  fresh["new-key"] = (await answer.json()).token;
  refresh();
}

/** @param {Response | null} answer */
async function take(answer) {
  if (!answer) return;
  fresh.recovery = (await answer.json()).recovery_codes.join("\n");
  reveal(document); // the server's piece may not change: there are as many codes as before
  refresh();
}

/**
 * @param {string} path
 * @param {string} [over] sentence when it is done
 */
async function end(path, over) {
  if (!await send("DELETE", path)) return;
  notice(over ?? "");
  refresh();
}

/** @param {string} name */
function copy(name) {
  navigator.clipboard.writeText(fresh[name]).then(
    () => notice(told().copied ?? ""),
    () => getSelection()?.selectAllChildren(one(`.${name} code`)),
  );
}

/** @type {Record<string, (asked: DOMStringMap) => unknown>} */
const does = {
  "copy-key": () => copy("new-key"),
  "copy-recovery": () => copy("recovery"),
  end: ({ id }) => end(`logins/${id}`, told().over),
  "end-others": () => end("logins", told().othersOver),
  read: async ({ id }) => {
    if (await send("POST", "account/notices/read", { until: id })) refresh();
  },
  revoke: ({ id, sure }) => confirm(sure) && end(`keys/${id}`, told().revoked),
};

/**
 * Show what was just made in the server's piece.
 * @param {ParentNode} root
 */
export function reveal(root) {
  for (const [box, text] of Object.entries(fresh)) {
    one(`.${box} code`, root).textContent = text;
    one(`.${box}`, root).hidden = false;
  }
}

/** Forget what was shown once; the server's piece has not changed, so it is not drawn anew when the view opens again. */
export function leave() {
  for (const box of Object.keys(fresh)) {
    delete fresh[box];
    one(`.${box} code`).textContent = "";
    one(`.${box}`).hidden = true;
  }
  const begun = maybe("form.factor");
  if (!begun) return;
  [one("form[data-account=factor-begin]").hidden, begun.hidden] = [false, true];
  for (const part of [".qr", "code"]) one(part, begun).replaceChildren();
}

on("click", "[data-account-do]", ({ dataset }) => does[dataset.accountDo ?? ""](dataset));
on("submit", "form[data-account]", (/** @type {HTMLFormElement} */ form, event) => {
  event.preventDefault();
  const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
  sends[form.dataset.account ?? ""](form, Object.fromEntries(new FormData(form)), button?.value ?? "");
});
