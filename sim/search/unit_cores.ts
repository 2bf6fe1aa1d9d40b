/**
 * The last level before prices: what hides tokens and sends, what is computed again, what is sharded.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { isHopeless } from "./incumbents.ts";
import { gathersParameters, type Sharding } from "./leaf_options.ts";
import { memoryBound } from "./memory_bound.ts";
import type { Core } from "./search_cores.ts";
import type { PreparedSearch } from "./search_space.ts";
import type { UnitSite } from "./search_unit.ts";
import { type BoundSite, leastShards, leastTimes, tokenModes } from "./time_bound.ts";
import type { Shape } from "./unit_shapes.ts";

/** Least times of a shape by set of modules, for plans that shard parameters and others. */
function timesOf(
  plan: Plan,
  bound: BoundSite,
  of: { space: PreparedSearch; shardings: readonly Sharding[] },
): Float64Array[] {
  const { space: { site, tables }, shardings } = of;
  const { pipeline } = plan.overlap;
  const usual = leastTimes(bound, { modes: tokenModes({ ...plan, zero: 0 }), pipeline });
  return shardings.map(({ zero, shardRanks }) => {
    if (zero < 3) return usual;
    const overlap = { ...plan.overlap, gradients: true, parameters: true };
    const own = { ...plan, zero, shardRanks, overlap };
    const { added, all } = leastShards(tables.shards(own), {
      ...{ plan: own, microBatches: bound.microBatches },
      machine: site.machine(plan.precision),
    });
    const inside = leastTimes(bound, { modes: tokenModes(own), pipeline });
    return inside.map((seconds) => Math.max(seconds + added, all));
  });
}

/** Plans of a shape that may be kept, by what their time without surroundings follows from. */
export function coresOf(from: Shape, of: UnitSite): Core[] {
  const { plan: shape, cut, bound: bare, options, leastSeconds } = from;
  const { space, known, rules, tally } = of;
  const { site, lists, tables } = space;
  const { shardings } = options;
  const sets = lists.recompute.length;
  const leastBytes = memoryBound(shape, tables.memory(shape), { site, cut, sets });
  const plans = shardings.map((sharding) =>
    lists.gradients.length * (gathersParameters(sharding) ? lists.parameters.length : 1)
  );
  const fallen = { memory: 0, time: 0 };
  // The smallest of them, were it as fast as the fastest.
  let smallest = Infinity;
  for (const sharding of shardings) {
    const bytes = leastBytes({ sharding, paired: false, pipeline: false });
    for (let s = 0; s < sets; s++) if (bytes[s] < smallest) smallest = bytes[s];
  }
  const corner = { stepSeconds: leastSeconds, peakBytes: smallest };
  const tooBig = smallest > site.limitBytes;
  if (tooBig || isHopeless(known, corner, rules)) {
    tally[tooBig ? "memory" : "time"] += BigInt(options.plans * options.experts.length * sets);
    return [];
  }
  const bound = { ...bare, work: tables.work(shape, "all") };
  const cores: Core[] = [];
  for (const experts of options.experts) {
    const paired = experts === "batches" || experts === "dualpipe";
    for (const pipeline of options.pipeline) {
      const plan = { ...shape, overlap: { ...shape.overlap, experts, pipeline } };
      const times = timesOf(plan, bound, { space, shardings });
      const bytes = shardings.map((sharding) => leastBytes({ sharding, paired, pipeline }));
      for (let s = 0; s < sets; s++) {
        const left: Core["shardings"] = [];
        for (let at = 0; at < shardings.length; at++) {
          const point = { stepSeconds: times[at][s], peakBytes: bytes[at][s] };
          if (point.peakBytes > site.limitBytes) fallen.memory += plans[at];
          else if (isHopeless(known, point, rules)) fallen.time += plans[at];
          else left.push({ sharding: shardings[at], ...point });
        }
        if (left.length === 0) continue;
        cores.push({ plan: { ...plan, recompute: lists.recompute[s] }, shardings: left });
      }
    }
  }
  tally.memory += BigInt(fallen.memory);
  tally.time += BigInt(fallen.time);
  return cores.sort((a, b) => a.shardings[0].stepSeconds - b.shardings[0].stepSeconds);
}
