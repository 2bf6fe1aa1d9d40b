/**
 * What the experiment on scaling can be asked: models, clusters, batches, and what is varied.
 *
 * @module
 */
import type { Parameter, Wide } from "../define.ts";

/** Parameters of the experiment. Lists of models, clusters and batches have one value for each
 * model, or one for all. */
export const scalingParameters = {
  models: {
    quick: ["qwen1.5-moe-a2.7b"],
    full: ["mixtral-8x22b", "deepseek-v3"],
    note: "presets or files of models",
  },
  clusters: {
    quick: ["h100"],
    full: ["h100", "h800"],
    note: "clusters of these models, presets or files; their number of devices is varied",
  },
  smallest: { quick: [8], full: [8, 128], note: "devices of the smallest cluster" },
  largest: {
    quick: [256],
    full: [1024, 2048],
    note: "devices of the largest cluster; sizes between double",
  },
  batch: {
    quick: [256],
    full: [1024, 15360],
    note: "sequences of a step where the batch is held",
  },
  perDevice: {
    quick: [4],
    full: [8, 7.5],
    note: "sequences of a step for each device where the batch grows with the cluster",
  },
  at: {
    quick: [32],
    full: [256, 1024],
    note: "devices of the sweeps that vary something else",
  },
  sequence: { quick: 4096, full: 4096, note: "tokens of a sequence" },
  hold: {
    quick: "precision=bf16,cp=1,etp=1",
    full: "precision=bf16",
    note: "words of a plan that every point keeps",
  },
  stack: { quick: "base", full: "base", note: "software: an id or a file" },
  sweeps: {
    quick: ["all"],
    full: ["all"],
    note: "sweeps to make, such as strong,weak,skew; or all",
  },
  factors: {
    quick: [0.25, 0.5, 1, 2, 4],
    full: [0.5, 1, 2],
    note: "times the batch and the bandwidth of the network",
  },
  skews: {
    quick: [0, 0.2, 0.4, 0.6, 0.8, 1],
    full: [0, 0.2, 0.4, 0.6, 0.8, 1],
    note: "exponents by which the popularity of experts falls with their rank",
  },
} satisfies Record<string, Parameter>;

/** Their values. */
export type ScalingValues = {
  -readonly [K in keyof typeof scalingParameters]: Wide<(typeof scalingParameters)[K]["quick"]>;
};
