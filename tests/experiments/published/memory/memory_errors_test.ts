import { assert, assertEquals } from "@std/assert";
import { loadCases } from "../../../../experiments/published/load_cases.ts";
import { memoryCase } from "../../../../experiments/published/memory/memory_case.ts";
import { memoryErrors } from "../../../../experiments/published/memory/memory_errors.ts";

const rows = await loadCases();
const errors = memoryErrors(rows);
const of = <T extends { group: string }>(list: readonly T[], group: string): T => {
  const found = list.find((entry) => entry.group === group);
  assert(found, `no group ${group}`);
  return found;
};

Deno.test("allocations that SimuMax's authors measured by rank are predicted to one percent", () => {
  const { n, median, p90, worst } = of(errors.peaks, "megatron-core-simumax");
  assertEquals(n, 46);
  assert(median < 0.003 && p90 < 0.01, `${median} ${p90}`);
  assert(worst[0] > -0.01 && worst[1] < 0.01, `${worst}`);
});

Deno.test("small models of Megatron's tests are predicted roughly", () => {
  const { n, median } = of(errors.peaks, "megatron-core-moe");
  assert(n >= 15);
  assert(median < 0.1, `${median}`);
});

Deno.test("the sweep's outcomes are right in 92 rows of 100, and in 95 away from the limit", () => {
  const [all] = errors.sweep;
  assertEquals([all.n, all.bothEnd + all.falseFit], [603, 340]);
  assert(all.right > 0.92, `${all.right}`);
  assert(of(errors.sweep, "further from the limit").right > 0.95);
  for (const group of ["sequence 2048", "sequence 8192", "recompute full", "recompute none"]) {
    assert(of(errors.sweep, group).right > 0.88, group);
  }
});

Deno.test("the tables of the sweep part its rows without rest", () => {
  const [all] = errors.sweep;
  const sum = (pattern: RegExp) =>
    errors.sweep.filter(({ group }) => pattern.test(group)).reduce((n, entry) => n + entry.n, 0);
  for (const pattern of [/limit$/, /^sequence/, /^recompute/, /^aleph/]) {
    assertEquals(sum(pattern), all.n);
  }
});

Deno.test("97 of 100 other runs are predicted to fit, as they did", () => {
  const n = errors.others.reduce((sum, entry) => sum + entry.n, 0);
  const right = errors.others.reduce((sum, entry) => sum + entry.bothFit + entry.bothEnd, 0);
  assert(n > 1100 && right / n > 0.97, `${right} of ${n}`);
});

Deno.test("rows that cannot be described say why", () => {
  const row = rows.find(({ id }) => id === "tutel-t9-mem-4096")!;
  const found = memoryCase(row);
  assert("unsupported" in found && /not printed/.test(found.unsupported));
  assert(Object.values(errors.unsupported).reduce((sum, n) => sum + n, 0) < 60);
});
