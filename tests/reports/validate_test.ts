import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../kernels/base/errors.ts";
import { validateResult } from "../../reports/validate.ts";
import { fixture } from "./fixture.ts";

type Branch = Record<string, unknown>;

/** The fixture with the field at `path` changed, or taken out where the value is undefined. */
function changed(path: string, value: unknown): unknown {
  const result = structuredClone(fixture());
  const names = path.slice(1).split("/");
  const last = names.pop()!;
  const branch = names.reduce((at, name) => at[name] as Branch, result as unknown as Branch);
  if (value === undefined) delete branch[last];
  else branch[last] = value;
  return result;
}

const refused = (path: string, value: unknown, message: string) =>
  assertThrows(() => validateResult(changed(path, value), "r.json"), UserError, message);

Deno.test("a result read back from its file is the result", () => {
  const result = fixture();
  assertEquals(validateResult(JSON.parse(JSON.stringify(result)), "r.json"), result);
});

Deno.test("a wrong field is named with the value found and the value wanted", () => {
  refused("/schema", 2, "Cannot read r.json: at /schema expected one of 1 but found 2");
  refused("/question", undefined, "at /question expected string but found nothing");
  refused("/rows/3/kind", "guessed", "at /rows/3/kind expected one of");
  refused("/pairs/0/measured/value", null, "at /pairs/0/measured/value expected number");
  refused("/rows/0/metrics/seconds/lo", 9, "at /rows/0/metrics/seconds expected lo at most hi");
  refused("/timelines/0/spans/0/endSeconds", -1, "expected startSeconds at most endSeconds");
  refused("/verdcit", "", 'expected no field "verdcit"');
});

Deno.test("a row names a table that is there, and ids stand once", () => {
  refused("/rows/0/table", "kernel", 'but found "kernel"; did you mean "kernels"');
  refused("/rows/1/id", fixture().rows[0].id, "at /rows expected unique ids but found");
});

Deno.test("a value that is no result at all is refused", () => {
  assertThrows(() => validateResult([], "r.json"), UserError, "Cannot read r.json");
  assertThrows(() => validateResult(null, "r.json"), UserError, "Cannot read r.json");
});
