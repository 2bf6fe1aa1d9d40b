import { assert } from "@std/assert";
import { sizesOf } from "../../../sim/cost/sizes_of.ts";
import { leastBytes } from "../../../sim/search/memory_bound.ts";
import { prepareSearch } from "../../../sim/search/search_space.ts";
import { divisorsOf } from "../../../sim/search/choices.ts";
import { modelPreset } from "../../../core/spec/mod.ts";

const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;

Deno.test("cuts that are said to grow hold no less in fewer and larger micro-batches", () => {
  const problem = {
    sizes: sizesOf(modelPreset("deepseek-v3")),
    ...{ cluster: "h100:64", workload, globalBatch: 120, fix: { tp: 1, cp: 1, ep: 8, etp: 1 } },
    memoryLimit: 1e18,
  };
  const { site, tables, base, cuts, lists } = prepareSearch(problem);
  const memory = tables.memory({ ...base, ep: 8 });
  const dispatcher = lists.dispatcher.length;
  let grow = 0;
  let pairs = 0;
  for (const pp of [1, 2, 4, 8, 16]) {
    for (const cut of cuts(pp).held) {
      const bytes = (microBatches: number) => {
        const stages = cut.memory(microBatches);
        const always = stages.held.map(() => [0]);
        const parts = { memory, microBatch: 120 / microBatches, stages, always };
        return leastBytes(parts, { site, pp, dispatcher });
      };
      const numbers = divisorsOf(120);
      for (const many of numbers) {
        for (const few of numbers.filter((number) => number <= many)) {
          pairs++;
          if (!cut.growsFrom(many, few)) continue;
          grow++;
          const before = bytes(many);
          const says = JSON.stringify([pp, cut.fields.schedule, cut.fields.vpp, many, few]);
          bytes(few).forEach((after, way) => assert(after >= before[way] * (1 - 1e-12), says));
        }
      }
    }
  }
  assert(grow > 0.7 * pairs && grow < pairs, `${grow} of ${pairs} grow`);
});

Deno.test("all cuts grow where each of them does, and could have as many micro-batches", () => {
  const problem = {
    sizes: sizesOf(modelPreset("mixtral-8x7b")),
    ...{ cluster: "h100:32", workload, globalBatch: 48, memoryLimit: 1e18 },
  };
  const { cuts } = prepareSearch(problem);
  const seen = new Set<boolean>();
  for (const pp of [1, 2, 4, 8]) {
    const { withBatches, allGrowFrom } = cuts(pp);
    for (const many of divisorsOf(48)) {
      for (const few of divisorsOf(48)) {
        const before = withBatches(many).held;
        const all = few <= many &&
          withBatches(few).held.every((cut) => before.includes(cut) && cut.growsFrom(many, few));
        assert(allGrowFrom(many, few) === all);
        seen.add(all);
      }
    }
  }
  assert(seen.size === 2);
});
