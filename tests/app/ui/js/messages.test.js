// @ts-check
import assert from "node:assert/strict";
import { explain, say } from "../../../../app/ui/static/js/messages.js";
import { state } from "../../../../app/ui/static/js/state.js";

Deno.test("placeholders are filled once, and unknown ones stay", () => {
  assert.equal(say("{n} of {all}, {x}", { n: "{all}", all: 3 }), "{all} of 3, {x}");
});

Deno.test("a failure is told in the page's own sentence, or as the server says it", () => {
  state.said.failed = "That did not work.";
  state.said.errors = { bad_input: "So nicht: {message}", drape_failed: "{why}; choose another pose." };
  assert.equal(explain("bad_input", "too $& large"), "So nicht: too $& large");
  assert.equal(explain("drape_failed", "it is tight; use --size"), "it is tight; choose another pose.");
  assert.equal(explain("unheard_of", "Plain words."), "Plain words.");
  assert.equal(explain(), "That did not work.");
});
