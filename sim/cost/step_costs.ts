/**
 * The costs of a training step under a plan: what `closed_form.ts` adds up and what events run.
 *
 * @module
 */
import {
  allGatherSeconds,
  allReduceSeconds,
  allToAllSeconds,
  reduceScatterSeconds,
  sendSeconds,
} from "../network/closed/mod.ts";
import type { Plan } from "../plan/plan.ts";
import { addExchanges } from "./exchange_cost.ts";
import { type Groups, groupsOf } from "./groups.ts";
import { layerKernels } from "./layer_cost.ts";
import { layersOfStages } from "./layout.ts";
import { formats } from "./formats.ts";
import type { Machine } from "./machine.ts";
import { rankParameters } from "./parameters.ts";
import type { ChunkCost, LayerCost, LayerKind, StageStep, StepCosts } from "./phases.ts";
import type { Sizes } from "./sizes.ts";
import { type Split, splitOf } from "./split.ts";
import { type HeldParameters, updateSeconds } from "./update_cost.ts";
import type { Workload } from "./workload.ts";

/** Replicas of an expert add up their gradients: each sends its own and gets the sum. */
function replicaSeconds(
  bytes: number,
  { sizes: { moe }, machine, groups }: { sizes: Sizes; machine: Machine; groups: Groups },
): number {
  if (!moe?.redundant) return 0;
  const share = moe.redundant / (moe.experts + moe.redundant);
  return 2 * allToAllSeconds(bytes * share, groups.expert, machine.fabric);
}

function stageStep(
  held: HeldParameters,
  options: { sizes: Sizes; plan: Plan; machine: Machine; groups: Groups },
): StageStep {
  const { plan, machine, groups } = options;
  const { fabric, stack } = machine;
  const slower = 1 / stack.bandwidthFactor.data;
  const gradient = formats[plan.formats.gradients ?? "bf16"].bytes;
  const parameter = formats[plan.formats.parameters ?? "bf16"].bytes;
  const scatter = reduceScatterSeconds(held.dense * gradient, groups.shard, fabric) +
    reduceScatterSeconds(held.experts * gradient, groups.expertData, fabric);
  // Hybrid sharding: what a shard's owner has is added up over the owners of equal shards.
  const replicas = allReduceSeconds(
    held.dense * gradient / groups.shard.ranks,
    groups.replica,
    fabric,
  );
  const copies = replicaSeconds(held.experts * gradient, options);
  const gather = allGatherSeconds(held.dense * parameter, groups.shard, fabric) +
    allGatherSeconds(held.experts * parameter, groups.expertData, fabric);
  const sharded = plan.zero > 0;
  const perMicroBatch = plan.zero === 3;
  return {
    gradientSeconds: (perMicroBatch ? 0 : scatter + (sharded ? 0 : gather)) * slower +
      (replicas + copies) * slower,
    parameterSeconds: perMicroBatch || !sharded ? 0 : gather * slower,
    updateSeconds: updateSeconds(held, plan, machine),
  };
}

/** A chunk with what a rank holds of it. */
interface HeldChunk extends ChunkCost, HeldParameters {}

/** What the events and the closed form need to know of a step. */
export interface CostedStep extends StepCosts {
  /** Shares of a rank. */
  split: Split;
  /** Groups of ranks. */
  groups: Groups;
  /** What a rank of each stage holds. */
  held: readonly HeldParameters[];
}

/** What a step is costed from; the plan is complete and holds (see `completePlan`). */
export interface StepInput {
  /** The model. */
  sizes: Sizes;
  /** The plan. */
  plan: Plan;
  /** Sequences and routing. */
  workload: Workload;
  /** Devices, links and software. */
  machine: Machine;
}

/** What each stage does once a step. */
function perStepOf(
  held: readonly HeldParameters[],
  of: Omit<StepInput, "workload"> & { groups: Groups },
): StageStep[] {
  let last: { held: HeldParameters; step: StageStep } | undefined;
  return held.map((own) => {
    // Most stages hold as much as the one before.
    if (last?.held.dense !== own.dense || last.held.experts !== own.experts) {
      last = { held: own, step: stageStep(own, of) };
    }
    return last.step;
  });
}

/**
 * The costs of a step whose plan differs in sharding alone (ZeRO 0 to 2, and over whom) and in what hides
 * data ranks from one that was costed.
 */
export function reshardedCosts(costs: CostedStep, input: StepInput): CostedStep {
  const { sizes, plan, machine } = input;
  const groups = groupsOf(plan, machine.fabric);
  return { ...costs, groups, perStep: perStepOf(costs.held, { sizes, plan, machine, groups }) };
}

/** The costs of a step; the plan is complete and holds (see `completePlan`). */
export function stepCosts(input: StepInput): CostedStep {
  const { sizes, plan, workload, machine } = input;
  const split = splitOf(sizes, plan, workload);
  const groups = groupsOf(plan, machine.fabric);
  const known: Partial<Record<LayerKind, LayerCost>> = {};
  const heldBy: Partial<Record<LayerKind, HeldParameters>> = {};
  const site = { sizes, plan, split, machine, groups };
  const costOf = (kind: LayerKind) =>
    known[kind] ??= addExchanges(layerKernels(kind, site), heldOf(kind), site);
  const heldOf = (kind: LayerKind) => heldBy[kind] ??= rankParameters(kind, sizes, plan);
  const layout = layersOfStages(sizes, plan);
  const chunks = new Map<readonly LayerKind[], HeldChunk>();
  const chunkOf = (kinds: readonly LayerKind[]): HeldChunk => {
    let chunk = chunks.get(kinds);
    if (chunk === undefined) {
      chunk = { layers: kinds.map(costOf), dense: 0, experts: 0 };
      for (const kind of kinds) {
        const held = heldOf(kind);
        chunk.dense += held.dense;
        chunk.experts += held.experts;
      }
      chunks.set(kinds, chunk);
    }
    return chunk;
  };
  const stages = layout.map((own) => own.map(chunkOf));
  const held = stages.map((own) => {
    let dense = 0;
    let experts = 0;
    for (const chunk of own) {
      dense += chunk.dense;
      experts += chunk.experts;
    }
    return { dense, experts };
  });
  const bytes = split.ownTokens * sizes.dModel * 2;
  return {
    stages,
    microBatches: plan.globalBatch / (plan.dp * plan.microBatch),
    sendSeconds: plan.pp > 1 ? sendSeconds(bytes, groups.stagesTogether, machine.fabric) : 0,
    perStep: perStepOf(held, { sizes, plan, machine, groups }),
    fixedSeconds: machine.stack.fixedSeconds,
    ...{ split, groups, held },
  };
}
