/**
 * Ways to cut a model into stages: schedules and chunks, which hold for a number of stages or not.
 *
 * @module
 */
import { countLayers } from "../memory/stage_parameters.ts";
import type { Plan } from "../plan/plan.ts";
import { defaultStageLayers, modelParts } from "../plan/stage_layers.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import { type MemoryStages, memoryStages } from "./memory_stages.ts";
import type { SearchSite } from "./problem.ts";
import { brokenRule, rulesAt } from "./rules_by_field.ts";
import { type PipelineStages, pipelineStages } from "./stage_shapes.ts";
import { type TokenModes, tokenModes } from "./time_bound.ts";

/** A cut that holds. */
export interface Cut {
  /** What a plan has of it; layers of stages where they are uneven. */
  fields: Pick<Plan, "schedule" | "vpp" | "stageLayers">;
  /** Stages that differ. */
  pipeline: PipelineStages;
  /** Ways in which tokens may be hidden. */
  modes: readonly TokenModes[];
  /** Stages as memory sees them, for so many micro-batches of a replica. */
  memory: (microBatches: number) => MemoryStages;
}

/** Cuts for a number of stages, and how many break which rule. */
export interface Cuts {
  /** Those that hold. */
  held: readonly Cut[];
  /** The number of others, by the rule that they break. */
  broken: ReadonlyMap<string, number>;
  /** What an average stage holds at least under any cut, for so many micro-batches of a replica. */
  least: (microBatches: number) => Pick<MemoryStages, "waiting" | "busy">;
}

/** Ways in which tokens that travel may be hidden under a cut, those alike once. */
function modesOf(plan: Plan, lists: ChoiceLists): TokenModes[] {
  const sharded = plan.pp === 1 && lists.zero.includes(3) ? [0, 3] as const : [0] as const;
  const modes = lists.experts.flatMap((experts) =>
    sharded.map((zero) =>
      tokenModes({ ...plan, ep: 2, zero, overlap: { ...plan.overlap, experts } })
    )
  );
  const keys = modes.map((mode) => Object.values(mode).join());
  return modes.filter((_, i) => keys.indexOf(keys[i]) === i);
}

/** Remembers what follows from a number of micro-batches. */
function byMicroBatches<T>(make: (microBatches: number) => T): (microBatches: number) => T {
  const known = new Map<number, T>();
  return (microBatches) => {
    let value = known.get(microBatches);
    if (value === undefined) known.set(microBatches, value = make(microBatches));
    return value;
  };
}

function leastHeld(held: readonly Cut[]): Cuts["least"] {
  return byMicroBatches((microBatches) => {
    const all = held.map(({ memory }) => memory(microBatches));
    const least = (figure: "waiting" | "busy") => Math.min(...all.map((cut) => cut[figure]));
    return { waiting: least("waiting"), busy: least("busy") };
  });
}

/** The cuts of a problem by number of stages, remembered. */
export function cutsOf(site: SearchSite, lists: ChoiceLists, base: Plan): (pp: number) => Cuts {
  const rules = rulesAt(["pp", "vpp", "schedule"], []);
  const known = new Map<number, Cuts>();

  function make(pp: number): Cuts {
    const held: Cut[] = [];
    const broken = new Map<string, number>();
    for (const schedule of lists.schedule) {
      for (const vpp of lists.vpp) {
        const cut = { pp, vpp, schedule };
        const fits = modelParts(cut) <= site.sizes.layers;
        const stageLayers = base.stageLayers ??
          (fits ? defaultStageLayers(site.sizes.layers, cut) : undefined);
        const plan = { ...base, ...cut, ...(stageLayers && { stageLayers }) };
        const rule = brokenRule(rules, plan, site);
        if (rule !== undefined) {
          broken.set(rule, (broken.get(rule) ?? 0) + 1);
          continue;
        }
        const counts = countLayers(site.sizes, plan);
        held.push({
          fields: { schedule, vpp, ...(stageLayers && { stageLayers }) },
          pipeline: pipelineStages(site.sizes, plan),
          modes: modesOf(plan, lists),
          memory: byMicroBatches((microBatches) =>
            memoryStages({ ...plan, dp: 1, microBatch: 1, globalBatch: microBatches }, counts)
          ),
        });
      }
    }
    return { held, broken, least: leastHeld(held) };
  }

  return (pp) => {
    let cuts = known.get(pp);
    if (cuts === undefined) known.set(pp, cuts = make(pp));
    return cuts;
  };
}
