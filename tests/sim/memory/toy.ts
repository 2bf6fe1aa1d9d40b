/** Small models and plans for the tests of memory. */
import type { MoeSizes, Sizes } from "../../../sim/cost/sizes.ts";
import type { Workload } from "../../../sim/cost/workload.ts";
import type { MemoryStack } from "../../../sim/memory/site.ts";
import type { Plan } from "../../../sim/plan/plan.ts";

export const dense: Sizes = {
  name: "toy",
  layers: 8,
  dModel: 256,
  vocab: 4096,
  tied: false,
  attention: { heads: 8, kvHeads: 8, qkDim: 32, vDim: 32 },
  ffnWidth: 1024,
  ffnMatrices: 3,
  mtpLayers: 0,
  learnedPositions: false,
  norms: { perLayer: 2, bias: false },
};

const experts: MoeSizes = {
  experts: 16,
  topK: 2,
  width: 512,
  sharedWidth: 512,
  firstDense: 1,
  every: 1,
};

export const mixture: Sizes = { ...dense, moe: experts };

export const workload: Workload = {
  sequence: 512,
  routing: { kind: "balanced" },
  causal: true,
};

export const stack: MemoryStack = { id: "megatron", allocatorFactor: 1, reservedBytes: 0 };

export const plan: Plan = {
  tp: 1,
  cp: 1,
  dp: 8,
  pp: 1,
  vpp: 1,
  ep: 1,
  etp: 1,
  sequenceParallel: false,
  contextExchange: "p2p",
  zero: 1,
  schedule: "1f1b",
  microBatch: 1,
  globalBatch: 128,
  recompute: "none",
  offload: { optimizer: 0, activationLayers: 0 },
  precision: "bf16",
  formats: {},
  dispatcher: "all-to-all",
  overlap: {
    gradients: false,
    parameters: false,
    tensor: false,
    pipeline: false,
    experts: "none",
  },
};
