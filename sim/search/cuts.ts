/**
 * Ways to cut a model into stages: schedules and chunks, which hold for a number of stages or not.
 *
 * @module
 */
import { countLayers } from "../memory/stage_parameters.ts";
import type { Plan } from "../plan/plan.ts";
import { defaultStageLayers, modelParts } from "../plan/stage_layers.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import { degreeFields } from "./degrees.ts";
import { holdNoLess, type MemoryStages, memoryStages } from "./memory_stages.ts";
import type { SearchSite } from "./problem.ts";
import { recall } from "./recall.ts";
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
  /** Whether it holds no less when the same sequences come in fewer and larger micro-batches. */
  growsFrom: (many: number, few: number) => boolean;
}

/** Cuts under a number of micro-batches, and how many break which rule. */
export interface BatchedCuts {
  /** Those that hold. */
  held: readonly Cut[];
  /** The number of others, by the rule that they break. */
  broken: ReadonlyMap<string, number>;
}

/** Cuts for a number of stages, and how many break which rule. */
export interface Cuts extends BatchedCuts {
  /** Those of them that can have so many micro-batches of a replica. */
  withBatches: (microBatches: number) => BatchedCuts;
  /** Whether all that can have so few could have as many, and hold no less with few. */
  allGrowFrom: (many: number, few: number) => boolean;
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
  return (microBatches) => recall(known, microBatches, () => make(microBatches));
}

function leastHeld(held: readonly Cut[]): Cuts["least"] {
  return byMicroBatches((microBatches) => {
    const all = held.map(({ memory }) => memory(microBatches));
    const least = (figure: "waiting" | "busy") => Math.min(...all.map((cut) => cut[figure]));
    return { waiting: least("waiting"), busy: least("busy") };
  });
}

const batchRules = rulesAt(["schedule", "vpp"], [...degreeFields, "microBatch", "pp"])
  .filter(({ name }) => name === "micro-batches");

/** Cuts of a number of stages by number of micro-batches. */
function batchedCuts(
  held: readonly Cut[],
  of: { pp: number; base: Plan; site: SearchSite },
): Cuts["withBatches"] {
  const { pp, base, site } = of;
  return byMicroBatches((microBatches) => {
    const broken = new Map<string, number>();
    const own = held.filter(({ fields }) => {
      const batches = { dp: 1, microBatch: 1, globalBatch: microBatches };
      const rule = brokenRule(batchRules, { ...base, pp, ...fields, ...batches }, site);
      if (rule !== undefined) broken.set(rule, (broken.get(rule) ?? 0) + 1);
      return rule === undefined;
    });
    return { held: own, broken };
  });
}

/** Remembers what follows from two numbers of micro-batches, the second no larger than the first. */
function byBoth(make: (many: number, few: number) => boolean): Cut["growsFrom"] {
  const from = byMicroBatches((many) => byMicroBatches((few) => few <= many && make(many, few)));
  return (many, few) => from(many)(few);
}

/** Whether the stages of a cut hold no less with fewer micro-batches. */
const growth = (memory: Cut["memory"]) =>
  byBoth((many, few) => holdNoLess(memory(many), memory(few), many / few));

/** The same of all cuts that can have so few. */
const allGrowth = (withBatches: Cuts["withBatches"]) =>
  byBoth((many, few) => {
    const before = new Set(withBatches(many).held);
    return withBatches(few).held.every((cut) => before.has(cut) && cut.growsFrom(many, few));
  });

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
        const memory = byMicroBatches((microBatches) =>
          memoryStages({ ...plan, dp: 1, microBatch: 1, globalBatch: microBatches }, counts)
        );
        held.push({
          fields: { schedule, vpp, ...(stageLayers && { stageLayers }) },
          pipeline: pipelineStages(site.sizes, plan),
          modes: modesOf(plan, lists),
          memory,
          growsFrom: growth(memory),
        });
      }
    }
    const withBatches = batchedCuts(held, { pp, base, site });
    return {
      ...{ held, broken, withBatches, allGrowFrom: allGrowth(withBatches) },
      least: leastHeld(held),
    };
  }

  return (pp) => recall(known, pp, () => make(pp));
}
