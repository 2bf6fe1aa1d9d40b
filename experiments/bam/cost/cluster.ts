/**
 * A training step of the work's own models on a cluster, in closed form and in events: with the exchange
 * of tokens behind the attention of the parallel block, and with nothing beside it.
 *
 * The work trained on TPUs, of which no profile is known here. Attention experts are on every rank, as
 * in data parallelism: a soft gate sends every token to all of them. The experts of networks are split
 * over `ep` ranks.
 *
 * @module
 */
import type { Model } from "../../../core/spec/model.ts";
import { parameters } from "../../../core/spec/params.ts";
import { modelPreset } from "../../../core/spec/presets/presets.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import {
  baseStack,
  completePlan,
  parseCluster,
  parsePlan,
  simulateStep,
  sizesOf,
} from "../../../sim/mod.ts";
import { simulationMachine } from "../../simulate/simulation.ts";
import { simulationMemory } from "../../simulate/simulation_memory.ts";
import { closedStep } from "../../simulate/step.ts";

/** Which of the work's sizes. */
export type PaperSize = "small" | "large";

/** A model of the work at one of its sizes. */
export interface PaperModel {
  /** Id of the variant. */
  id: string;
  /** As tables name it. */
  name: string;
  /** Which size. */
  size: PaperSize;
  /** Its description. */
  model: Model;
}

/** Tokens of a step at each size (section 4.2 of the work). */
export const paperBatchTokens: Readonly<Record<PaperSize, number>> = {
  small: 2 ** 20,
  large: 2 ** 22,
};

/** The models of a size: dense, BTX with 4 and 6 experts, BAM with each kind of keys and values. */
export function paperSizeModels(size: PaperSize): PaperModel[] {
  const preset = (suffix: string) => modelPreset(`bam-${size}${suffix}`);
  const btx = modelPreset(`btx-${size}`);
  const six: Model = { ...btx, id: `btx-6-${size}`, moe: { ...btx.moe!, experts: 6, topK: 3 } };
  const of = (id: string, name: string, model: Model): PaperModel => ({ id, name, size, model });
  return [
    of("seed", "Dense seed", preset("-seed")),
    of("btx-4", "BTX, 4 experts top-1", btx),
    of("btx-6", "BTX, 6 experts top-3", six),
    of("bam-expert-kv", "BAM, expert KV", preset("")),
    of("bam-shared-kv", "BAM, shared KV", preset("-shared-kv")),
  ];
}

/** A question to the simulator. */
export interface ClusterSetting {
  /** Cluster in words. */
  cluster: string;
  /** Tokens of a sequence. */
  sequence: number;
  /** Sequences of a micro-batch on a rank. */
  microBatch: number;
  /** Ranks that experts are split over: as many as divide the experts, up to this. */
  expertRanks: number;
}

/** What hides the exchange of tokens. */
export type Hiding = "none" | "attention";

/** A simulated step. */
export interface ClusterStep {
  /** The model. */
  paper: PaperModel;
  /** Where. */
  cluster: string;
  /** Ranks that the experts are split over. */
  expertRanks: number;
  /** What hides tokens. */
  hiding: Hiding;
  /** Seconds of a step in closed form. */
  stepSeconds: number;
  /** The same in events. */
  eventSeconds: number;
  /** Exchange of tokens that shows, seconds of a step. */
  tokenSeconds: number;
  /** Exchange of tokens that is hidden, seconds of a step. */
  hiddenSeconds: number;
  /** Tokens a second. */
  tokensPerSecond: number;
  /** Bytes on the fullest device. */
  peakBytes: number;
  /** Whether they fit. */
  fits: boolean;
  /** Parameters in all. */
  parameters: number;
}

/** The most ranks, up to some, that divide a model's experts and a cluster. */
export function expertRanksOf(
  { moe }: Model,
  { most, devices }: { most: number; devices: number },
) {
  if (!moe) return 1;
  let ranks = Math.min(most, moe.experts);
  while (moe.experts % ranks !== 0 || devices % ranks !== 0) ranks--;
  return ranks;
}

function checkSetting({ sequence, microBatch, expertRanks }: ClusterSetting): void {
  for (const [name, value] of Object.entries({ sequence, microBatch, expertRanks })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new UserError(
      `Cannot simulate BAM with ${name}=${value}: wanted a whole number of 1 or more`,
    );
  }
}

/**
 * A step of a model with nothing beside its tokens and, where it has experts, with attention beside
 * them.
 *
 * @throws {UserError} where the cluster cannot share out the batch.
 */
export function clusterSteps(paper: PaperModel, setting: ClusterSetting): ClusterStep[] {
  checkSetting(setting);
  const { model, size } = paper;
  const { sequence, microBatch } = setting;
  const cluster = parseCluster(setting.cluster);
  const { devices } = cluster;
  const ep = expertRanksOf(model, { most: setting.expertRanks, devices });
  const sizes = sizesOf(model);
  const workload = { sequence, routing: { kind: "balanced" }, causal: true } as const;
  const globalBatch = Math.round(paperBatchTokens[size] / sequence);
  if (globalBatch % (devices * microBatch) !== 0) {
    throw new UserError(
      `Cannot share out ${globalBatch} sequences over ${devices} devices by ${microBatch}: wanted ` +
        `devices times sequences of a micro-batch that divide ${globalBatch}`,
    );
  }
  const ways: Hiding[] = ep > 1 ? ["none", "attention"] : ["none"];
  return ways.map((hiding): ClusterStep => {
    const words = `ep=${ep},gb=${globalBatch},mb=${microBatch},zero=1,` +
      `overlap=gradients+parameters${hiding === "none" ? "" : `+experts:${hiding}`}`;
    const plan = completePlan(parsePlan(words), { devices, sizes, workload });
    const simulation = {
      ...{ sizes, cluster, plan, workload, stack: baseStack, graphs: "none" } as const,
    };
    const machine = simulationMachine(simulation);
    const { stepSeconds, breakdown, hidden } = closedStep(simulation, machine);
    const { peakBytes, fits } = simulationMemory(simulation);
    const { tokenSeconds } = breakdown;
    return {
      ...{ paper, cluster: setting.cluster, expertRanks: ep, hiding, stepSeconds, tokenSeconds },
      eventSeconds: simulateStep({ sizes, plan, workload, machine }).stepSeconds,
      hiddenSeconds: hiding === "none" ? 0 : hidden.tokenSeconds,
      tokensPerSecond: globalBatch * sequence / stepSeconds,
      ...{ peakBytes, fits, parameters: parameters(model).total },
    };
  });
}
