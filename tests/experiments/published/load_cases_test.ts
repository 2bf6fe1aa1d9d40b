import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { loadCaseIndex, loadCases, parseCases } from "../../../experiments/published/load_cases.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { rowOf } from "./rows.ts";

Deno.test("every row passes the schema, and the index counts them", async () => {
  const index = await loadCaseIndex();
  const cases = await loadCases();
  assertEquals(cases.length, index.rows);
  assertEquals(new Set(cases.map(({ id }) => id)).size, index.rows, "an id is there twice");
  for (const { ref, rows, categories, quality, commits, repos } of index.files) {
    const own = cases.filter((row) => row.source.ref === ref);
    const count = (key: (row: typeof own[number]) => string) =>
      Object.fromEntries(
        Object.entries(Object.groupBy(own, key)).map(([k, group]) => [k, group!.length]),
      );
    assertEquals(own.length, rows, ref);
    assertEquals(count((row) => row.category), categories, ref);
    assertEquals(count((row) => row.quality), quality, ref);
    const named = (key: "commit" | "repo") =>
      [...new Set(own.map(({ source }) => source[key]).filter((s) => s !== undefined))].sort();
    assertEquals(named("commit"), commits, ref);
    assertEquals(named("repo"), repos ?? [], ref);
  }
});

Deno.test("an error names the file, the row and the field", () => {
  const row = rowOf("aleph-13B-s2048-32gpu-trial131689");
  const changed = (change: object) => JSON.stringify({ ...row, ...change });
  const wrong: [string, string][] = [
    [
      changed({ workload: { ...row.workload, layers: 40.5 } }),
      `a.jsonl, row "${row.id}": at /workload/layers expected int but found 40.5`,
    ],
    [
      changed({ plan: { ...row.plan, ttp: 2 } }),
      `a.jsonl, row "${row.id}": at /plan expected no field "ttp"`,
    ],
    [changed({ result: { step_time_s: -1 } }), "at /result/step_time_s expected more than 0"],
    [changed({ quality: "D" }), 'at /quality expected one of "A", "B", "C" but found "D"'],
    ["{", "Cannot read a.jsonl, line 1: it is not JSON"],
    ["7", "Cannot read a.jsonl, line 1: "],
    [`${changed({})}\n${changed({})}`, `row "${row.id}" is there twice`],
  ];
  for (const [text, message] of wrong) {
    assertThrows(() => parseCases(text, "a.jsonl"), UserError, message);
  }
  assertEquals(parseCases(changed({}), "a.jsonl"), [row]);
});

Deno.test("a folder without an index is named", async () => {
  const error = await assertRejects(
    () => loadCases(new URL("./nowhere/", import.meta.url)),
    UserError,
    "there is no such file",
  );
  assert(error.message.includes("nowhere/index.json"));
});
