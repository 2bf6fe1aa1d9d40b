import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../kernels/base/errors.ts";
import { validateResult } from "../../reports/validate.ts";
import { fixture } from "./fixture.ts";

// deno-lint-ignore no-explicit-any -- tests break fields of any type
type Loose = any;

const refused = (change: (result: Loose) => void, message: string) => {
  const result = structuredClone(fixture()) as Loose;
  change(result);
  assertThrows(() => validateResult(result, "r.json"), UserError, message);
};

Deno.test("a result read back from its file is the result", () => {
  const result = fixture();
  assertEquals(validateResult(JSON.parse(JSON.stringify(result)), "r.json"), result);
});

Deno.test("a wrong field is named with the value found and the value wanted", () => {
  refused((r) => r.schema = 2, "Cannot read r.json: at /schema expected one of 1 but found 2");
  refused((r) => delete r.question, "at /question expected string but found nothing");
  refused((r) => r.rows[3].kind = "guessed", "at /rows/3/kind expected one of");
  refused((r) => r.pairs[0].measured.value = null, "at /pairs/0/measured/value expected number");
  refused(
    (r) => r.rows[0].metrics.seconds.lo = 9,
    "at /rows/0/metrics/seconds expected lo at most hi",
  );
  refused(
    (r) => r.timelines[0].spans[0].endSeconds = -1,
    "expected startSeconds at most endSeconds",
  );
  refused((r) => r.verdcit = "", 'expected no field "verdcit"');
});

Deno.test("a row names a table that is there, and ids stand once", () => {
  refused((r) => r.rows[0].table = "kernel", 'but found "kernel"; did you mean "kernels"');
  refused((r) => r.rows[1].id = r.rows[0].id, "at /rows expected unique ids but found");
});

Deno.test("a value that is no result at all is refused", () => {
  assertThrows(() => validateResult([], "r.json"), UserError, "Cannot read r.json");
  assertThrows(() => validateResult(null, "r.json"), UserError, "Cannot read r.json");
});
