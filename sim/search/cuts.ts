/**
 * Ways to cut a model into stages: schedules and chunks, which hold for a number of stages or not.
 *
 * @module
 */
import { countLayers, type KindCounts } from "../memory/stage_parameters.ts";
import type { Plan } from "../plan/plan.ts";
import { defaultStageLayers, modelParts } from "../plan/stage_layers.ts";
import type { ChoiceLists } from "./choices.ts";
import type { SearchSite } from "./problem.ts";
import { brokenRule, rulesAt } from "./rules_by_field.ts";
import { type PipelineStages, pipelineStages } from "./stage_shapes.ts";
import { pairSlack, type TokenModes, tokenModes } from "./time_bound.ts";

/** A cut that holds. */
export interface Cut {
  /** What a plan has of it; layers of stages where they are uneven. */
  fields: Pick<Plan, "schedule" | "vpp" | "stageLayers">;
  /** Stages that differ. */
  pipeline: PipelineStages;
  /** Ways in which tokens may be hidden. */
  modes: readonly TokenModes[];
  /** Layers by kind of every chunk, `[stage][chunk]`. */
  counts: readonly (readonly KindCounts[])[];
}

/** Cuts for a number of stages, and how many break which rule. */
export interface Cuts {
  /** Those that hold. */
  held: readonly Cut[];
  /** The number of others, by the rule that they break. */
  broken: ReadonlyMap<string, number>;
}

/** Ways in which tokens may be hidden under a cut, those alike once. */
function modesOf(plan: Plan, lists: ChoiceLists): TokenModes[] {
  const lines = plan.pp === 1 && lists.zero.includes(3);
  const modes = lists.experts.map((experts) => {
    const own = tokenModes({ ...plan, zero: 0, overlap: { ...plan.overlap, experts } });
    return { ...own, slack: lines ? Math.min(own.slack, pairSlack) : own.slack };
  });
  const keys = modes.map((mode) => Object.values(mode).join());
  return modes.filter((_, i) => keys.indexOf(keys[i]) === i);
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
        held.push({
          fields: { schedule, vpp, ...(stageLayers && { stageLayers }) },
          pipeline: pipelineStages(site.sizes, plan),
          modes: modesOf(plan, lists),
          counts: countLayers(site.sizes, plan),
        });
      }
    }
    return { held, broken };
  }

  return (pp) => {
    let cuts = known.get(pp);
    if (cuts === undefined) known.set(pp, cuts = make(pp));
    return cuts;
  };
}
