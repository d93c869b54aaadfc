// @ts-check
// The ways to the server: `ask` has Gradio draw pieces of the page anew, `call` is an HTTP request, most to the API.
import { one } from "./dom.js";
import { busy, explain, notice, say } from "./messages.js";
import { state } from "./state.js";

/** @typedef {(name: string, asked: Record<string, unknown>) => void} Trigger */

const SIGNED_OUT = 401;
/** @type {Trigger | null} */
let trigger = null;

/** A refusal, in the page's language. */
export class Refused extends Error {
  /**
   * @param {string} message
   * @param {number} [status]
   */
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/** @param {Trigger} given of Gradio */
export function connect(given) {
  trigger = given;
}

/**
 * Ask for pieces of the page; app/ui/actions.py answers.
 * Each request names the outfit, so that its garments are offered even if they are old.
 * @param {string} name
 * @param {Record<string, unknown>} [asked]
 */
export function ask(name, asked = {}) {
  trigger?.(name, { worn_with: state.order.worn_with, ...asked });
}

/**
 * Send a request with the page's login.
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body] a FormData, or what becomes JSON
 * @param {Record<string, string>} [headers]
 * @returns {Promise<Response>} of a request that was accepted
 * @throws {Refused}
 */
export async function call(method, path, body, headers = {}) {
  const isForm = body instanceof FormData;
  const told = { "X-CSRF-Token": limits().csrf, ...(body && !isForm ? { "Content-Type": "application/json" } : {}) };
  const sent = isForm ? body : body && JSON.stringify(body);
  const answer = await fetch(path, { method, headers: { ...told, ...headers }, body: /** @type {BodyInit} */ (sent) })
    .catch(() => {
      throw new Refused(state.said.failed);
    });
  if (answer.ok) return answer;
  if (answer.status === SIGNED_OUT) {
    location.href = "/login";
    await new Promise(() => {}); // the page is being left; nothing more is sent or told
  }
  const problem = await answer.json().catch(() => ({}));
  throw new Refused(explain(problem.code, problem.message), answer.status);
}

/**
 * Return the sentence for a problem. What is no refusal is a fault, of which the console has the details.
 * @param {unknown} problem
 */
export function reasonOf(problem) {
  if (problem instanceof Refused) return problem.message;
  console.error(problem);
  return state.said.failed;
}

/**
 * Do something that may be refused; tell the visitor why, and return null then.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T | null>}
 */
export async function attempt(work) {
  busy(true);
  try {
    return await work();
  } catch (problem) {
    notice(reasonOf(problem), true);
    return null;
  } finally {
    busy(false);
  }
}

/**
 * Put a file into a form.
 * @param {string} field
 * @param {Blob} file
 * @param {string} name
 * @throws {Refused} it is larger than the server takes
 */
export function formOf(field, file, name) {
  const { maxBytes, maxMb } = limits();
  if (file.size > Number(maxBytes)) throw new Refused(say(state.said.too_large, { name, mb: maxMb }));
  const form = new FormData();
  form.append(field, file, name);
  return form;
}

/** The token against forged requests, and how large a file may be. */
function limits() {
  const { csrf = "", maxBytes = "", maxMb = "" } = one("header.top").dataset;
  return { csrf, maxBytes, maxMb };
}

/**
 * Poll a job until it has ended.
 * @param {{ id: string }} job
 * @param {number} everyMs
 * @param {() => boolean} isOver
 * @param {(job: Job) => void} seen each state
 * @returns {Promise<Job | null>} its last state; null if nobody waits for it any longer
 *
 * @typedef {{ id: string, state: string, stage?: string, error?: { code: string, message: string } }} Shot
 * @typedef {{ id: string, state: string, share: number, shots: Shot[] }} Job
 */
export async function finished({ id }, everyMs, isOver, seen) {
  for (;;) {
    /** @type {Job | null} */
    const job = await call("GET", `/v1/jobs/${id}`).then((answer) => answer.json()).catch(() => null); // ask again
    if (isOver()) return null;
    if (job) seen(job);
    if (job && job.state !== "queued" && job.state !== "running") return job;
    await new Promise((done) => setTimeout(done, everyMs));
    if (isOver()) return null;
  }
}
