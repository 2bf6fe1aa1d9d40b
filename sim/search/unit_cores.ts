/**
 * The last level before prices: formats of rows, what hides tokens and sends, what is computed again,
 * what is sharded.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { isHopeless, mostSeconds } from "./incumbents.ts";
import { gathersParameters, type Sharding } from "./leaf_options.ts";
import { leastBytes, type MemoryBound, memoryBound } from "./memory_bound.ts";
import type { UnitSite } from "./unit_site.ts";
import {
  type BoundSite,
  leastOfSet,
  leastShards,
  type StageLine,
  stageLines,
  tokenModes,
} from "./time_bound.ts";
import type { Shape } from "./unit_shapes.ts";
import { triedRowFormats } from "./row_formats.ts";
import { type ByWay, hasHope } from "./ways.ts";

/** A sharding that may fit. */
export interface CoreSharding {
  /** What is sharded. */
  sharding: Sharding;
  /** Seconds of a step at least. */
  stepSeconds: number;
  /** Of these, the optimiser's step. */
  updateSeconds: number;
  /** Bytes at least. */
  peakBytes: number;
}

/** Plans that differ in sharding and in what hides data ranks alone. */
export interface Core {
  /** What they share. */
  plan: Plan;
  /** Shardings that may fit, with the least seconds of a step and the least bytes. */
  shardings: CoreSharding[];
}

/** Shardings that share their least times, by their places in the list. */
interface Alike {
  places: readonly number[];
  lines: readonly StageLine[];
  /** What exchanges of sharded parameters add, and take in all. */
  shards: { added: number; all: number };
}

const nothing = { added: 0, all: 0 };

/** Least times of a shape: sharded parameters have their own. */
function timesOf(
  plan: Plan,
  bound: BoundSite,
  of: { site: UnitSite; shardings: readonly Sharding[] },
): Alike[] {
  const { site: { space: { site, lists, tables } }, shardings } = of;
  const { pipeline } = plan.overlap;
  const usual = shardings.flatMap(({ zero }, at) => zero < 3 ? [at] : []);
  const alike: Alike[] = [];
  if (usual.length > 0) {
    const modes = tokenModes({ ...plan, zero: 0 });
    alike.push({ places: usual, lines: stageLines(bound, { modes, pipeline }), shards: nothing });
  }
  shardings.forEach((sharding, at) => {
    if (sharding.zero < 3) return;
    const own = { ...plan, ...sharding };
    const shards = leastShards(tables.shards(own), {
      ...{ lists, microBatches: bound.microBatches },
      machine: site.machine(plan.precision),
    });
    const lines = stageLines(bound, { modes: tokenModes(own), pipeline });
    alike.push({ places: [at], lines, shards });
  });
  return alike;
}

/** For every set of modules the longest time that plans may take and be kept; see `mostSeconds`. */
function longestOfSets(memory: MemoryBound, of: UnitSite, paired: boolean): Float64Array {
  const { space: { site, lists }, known, rules } = of;
  return Float64Array.from(lists.recompute, (_, set) => {
    const bytes = memory.smallest(set, paired);
    // Below all times: nothing fits.
    return bytes > site.limitBytes ? -1 : mostSeconds(known, bytes, rules);
  });
}

/** Plans of a shape that may be kept, by what their time without surroundings follows from. */
export function coresOf(from: Shape, of: UnitSite): Core[] {
  const { plan: shape, bound: bare, options, least, updates } = from;
  const { space, known, rules, tally } = of;
  const { site, lists, tables } = space;
  const { limitBytes } = site;
  const { shardings } = options;
  const sets = lists.recompute.length;
  const hopes = (bytes: ByWay) =>
    hasHope(known, { bytes, seconds: least.seconds }, { rules, limitBytes });
  const all = BigInt(options.plans * options.experts.length * sets);
  // Much may have been found since the shape was made.
  if (!hopes(least.bytes)) {
    tally.time += all;
    return [];
  }
  const chosen = { site, pp: shape.pp, dispatcher: lists.dispatcher.indexOf(shape.dispatcher) };
  const bytes = leastBytes(from, chosen);
  if (!hopes(bytes)) {
    tally[bytes.every((way) => way > limitBytes) ? "memory" : "time"] += all;
    return [];
  }
  const memory = memoryBound(from, chosen);
  const formats = triedRowFormats(shape, lists);
  const rows = lists.dispatch.length * lists.combine.length;
  tally.dominance += all / BigInt(rows) * BigInt(rows - formats.length);
  const plans = shardings.map((sharding) =>
    lists.gradients.length * (gathersParameters(sharding) ? lists.parameters.length : 1)
  );
  const fallen = { memory: 0, time: 0 };
  const variants = formats.flatMap((formats) => {
    const bound = { ...bare, work: tables.work({ ...shape, formats }, "all") };
    return options.experts.flatMap((experts) =>
      options.pipeline.map((pipeline) => ({
        bound,
        plan: { ...shape, formats, overlap: { ...shape.overlap, experts, pipeline } },
      }))
    );
  });
  const cores: Core[] = [];
  const longest: Float64Array[] = [];
  for (const { plan, bound } of variants) {
    const { experts, pipeline } = plan.overlap;
    const paired = experts === "batches" || experts === "dualpipe";
    const most = longest[paired ? 1 : 0] ??= longestOfSets(memory, of, paired);
    for (const { places, lines, shards } of timesOf(plan, bound, { site: of, shardings })) {
      const all = places.reduce((sum, at) => sum + plans[at], 0);
      const update = Math.min(...places.map((at) => updates[at]));
      for (let s = 0; s < sets; s++) {
        if (most[s] < 0) {
          fallen.memory += all;
          continue;
        }
        const inside = Math.max(leastOfSet(lines, s) + shards.added, shards.all);
        if (inside + update > most[s]) {
          fallen.time += all;
          continue;
        }
        const left: Core["shardings"] = [];
        for (const at of places) {
          const peakBytes = memory.bytes(s, at, { paired, pipeline });
          const fits = peakBytes <= limitBytes;
          const updateSeconds = updates[at];
          const stepSeconds = inside + updateSeconds;
          if (fits && !isHopeless(known, { stepSeconds, peakBytes }, rules)) {
            left.push({ sharding: shardings[at], stepSeconds, updateSeconds, peakBytes });
          } else fallen[fits ? "time" : "memory"] += plans[at];
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
