import { assert, assertEquals } from "@std/assert";
import { loadCases } from "../../../../experiments/published/load_cases.ts";
import { memoryCase } from "../../../../experiments/published/memory/memory_case.ts";
import { compareMemory } from "../../../../experiments/published/memory/predict_memory.ts";
import { memoryErrors } from "../../../../experiments/published/memory/memory_errors.ts";
import { stackById } from "../../../../sim/stack/stacks.ts";

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

Deno.test("what torchtitan's allocator held is predicted to five percent in most rows", () => {
  const { n, median, worst } = of(errors.peaks, "torchtitan");
  assertEquals(n, 7);
  assert(median < 0.05, `${median}`);
  // Checkpoints by operator know no products in NVFP4, and keep less there than is predicted.
  assert(worst[0] > -0.12 && worst[1] < 0.35, `${worst}`);
});

Deno.test("DeepSeek-V3 is predicted to fit on the devices that it was trained on", () => {
  const { bothFit, n } = of(errors.others, "deepseek-hai");
  assertEquals([bothFit, n], [1, 1]);
});

Deno.test("overheads are those of the row's stack, without fragments where segments grow", () => {
  const compared = (id: string) => {
    const found = memoryCase(rows.find((row) => row.id === id)!);
    if ("unsupported" in found) throw new Error(found.unsupported);
    const { allocatedBytes, peakBytes } = compareMemory(found);
    return { found, most: Math.max(...allocatedBytes), peakBytes };
  };
  const grown = compared("mb-26.04-llama3.1_405b-gb200-fp8-133");
  const { allocatorFactor, reservedBytes } = stackById(grown.found.description.stack);
  assertEquals(grown.peakBytes, grown.most + reservedBytes);
  const usual = compared("mb-26.04-llama3_70b-gb200-fp8-126");
  assertEquals(usual.peakBytes, usual.most * allocatorFactor + reservedBytes);
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

Deno.test("99 of 100 other runs are predicted to fit, as they did", () => {
  const n = errors.others.reduce((sum, entry) => sum + entry.n, 0);
  const right = errors.others.reduce((sum, entry) => sum + entry.bothFit + entry.bothEnd, 0);
  assert(n > 1100 && right / n > 0.99, `${right} of ${n}`);
});

Deno.test("rows that cannot be described say why", () => {
  const row = rows.find(({ id }) => id === "tutel-t9-mem-4096")!;
  const found = memoryCase(row);
  assert("unsupported" in found && /not printed/.test(found.unsupported));
  assert(Object.values(errors.unsupported).reduce((sum, n) => sum + n, 0) < 60);
});
