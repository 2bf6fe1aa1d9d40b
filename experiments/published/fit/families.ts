/**
 * The families of software stacks that published steps calibrate: which stacks belong together, and
 * which of their numbers the steps may move.
 *
 * A family is one team's framework; its releases share what the framework does. Numbers that no row
 * of a family could inform (experts in a dense model, tensor exchange without tensor ranks) are left
 * where the base has them.
 *
 * @module
 */
import type { StackParameterName } from "../../../sim/calibrate/parameters.ts";
import type { Stack } from "../../../sim/stack/stack.ts";

/** A family of stacks; see the module. */
export interface StackFamily {
  /** Name. */
  id: string;
  /** Pattern of the ids of its stacks. */
  stacks: RegExp;
  /** What it is, in a sentence. */
  description: string;
  /** Parameters that all share. */
  shared: readonly StackParameterName[];
  /** Parameters of each stack. */
  byStack?: readonly StackParameterName[];
  /** Parameters of each architecture. */
  byArchitecture?: readonly ("productFactor" | "attentionFactor" | "groupedFactor")[];
  /** What differs from the base before any row, by pattern of the stack's id. */
  start?: readonly (readonly [RegExp, Partial<Stack>])[];
}

const compute: readonly StackParameterName[] = [
  "elementwisePasses",
  "activationPasses",
  "lossPasses",
  "hostSeconds",
  "fixedSeconds",
];
const mixture: readonly StackParameterName[] = [
  "permuteFactor",
  "routerPasses",
  "expertKernels",
  "expertBandwidth",
];

/** Families; the first whose pattern fits a stack has it. */
export const stackFamilies: readonly StackFamily[] = [
  {
    id: "aleph",
    stacks: /^aleph/,
    description: "Aleph Alpha's layouts sweep on Megatron-style code, by attention kernel",
    shared: [
      "productFactor",
      "tensorBandwidth",
      "dataBandwidth",
      "elementwisePasses",
      "normPasses",
      "hostSeconds",
      "activationPasses",
      "lossPasses",
      "fixedSeconds",
    ],
    byStack: ["attentionFactor"],
    // Without the fused kernel two norms upcast, square, average, scale and cast back, each as a
    // kernel of its own: some 40 bytes an element. Megatron's fused softmax reads and writes scores
    // half as often as separate kernels do.
    start: [
      [/torch/, { scorePasses: 8, normPasses: 40 }],
      [/fused/, { scorePasses: 4, normPasses: 40 }],
      [/rms/, {}],
      [/./, { normPasses: 40 }],
    ],
  },
  {
    id: "vtrain",
    stacks: /^vtrain/,
    description: "Megatron-DeepSpeed without flash attention, single node",
    shared: [
      ...compute,
      "productFactor",
      "attentionFactor",
      "scorePasses",
      "tensorBandwidth",
      "dataBandwidth",
    ],
    start: [[/./, { scorePasses: 6 }]],
  },
  {
    id: "llm-foundry",
    stacks: /^llm-foundry/,
    description: "MosaicML's llm-foundry on FSDP",
    shared: [...compute, "dataBandwidth", "hiddenParameters", "hiddenGradients", "castPasses"],
    byArchitecture: ["productFactor", "attentionFactor"],
  },
  {
    id: "simumax",
    stacks: /^megatron-core-simumax/,
    description: "Megatron Core with overlap off on one node of B200",
    shared: [
      ...compute,
      ...mixture,
      "productFactor",
      "attentionFactor",
      "groupedFactor",
      "tensorBandwidth",
      "dataBandwidth",
    ],
  },
  {
    id: "megatron-bridge",
    stacks: /^megatron-bridge/,
    description: "Megatron-Bridge by release",
    shared: [
      ...compute,
      ...mixture,
      "mixtureKernels",
      "castPasses",
      "tensorBandwidth",
      "dataBandwidth",
      "hiddenTensor",
      "hiddenGradients",
      "hiddenParameters",
      "hiddenExperts",
    ],
    // Grouped products were rewritten from release to release.
    byStack: ["groupedFactor"],
    byArchitecture: ["productFactor", "attentionFactor"],
  },
  {
    id: "nemo",
    stacks: /^nemo/,
    description: "NeMo on Megatron Core",
    shared: [
      ...compute,
      "productFactor",
      "attentionFactor",
      "castPasses",
      "tensorBandwidth",
      "dataBandwidth",
      "hiddenTensor",
      "hiddenGradients",
    ],
  },
  {
    id: "mpfold",
    stacks: /^megatron-core-mpfold/,
    description: "Megatron Core of MoE Parallel Folding",
    shared: [
      "elementwisePasses",
      "productFactor",
      "attentionFactor",
      "groupedFactor",
      "permuteFactor",
      "tensorBandwidth",
      "dataBandwidth",
      "expertBandwidth",
      "hiddenParameters",
      "hiddenGradients",
    ],
  },
  {
    id: "modelzoo",
    stacks: /^megatron-core-(modelzoo|moe)/,
    description: "Megatron Core of the MoE model zoo",
    shared: [
      "elementwisePasses",
      "productFactor",
      "attentionFactor",
      "groupedFactor",
      "permuteFactor",
      "expertBandwidth",
      "hiddenExperts",
      "hostSeconds",
    ],
  },
  {
    id: "megatron-core-0.8",
    stacks: /^megatron-core-(0|examples)/,
    description: "Megatron Core of 2024",
    shared: ["productFactor", "hostSeconds", "elementwisePasses"],
  },
  {
    id: "megatron-2021",
    stacks: /^megatron-20/,
    description: "Megatron-LM before flash attention",
    shared: ["productFactor", "hostSeconds", "elementwisePasses", "scorePasses", "tensorBandwidth"],
    start: [[/./, { scorePasses: 6 }]],
  },
  {
    id: "deepspeed-zero3",
    stacks: /^deepspeed-zero3/,
    description: "DeepSpeed ZeRO-3 of 2021",
    shared: ["productFactor", "elementwisePasses", "scorePasses", "dataBandwidth"],
    start: [[/./, { scorePasses: 6 }]],
  },
  {
    id: "torchtitan",
    stacks: /^torchtitan/,
    description: "torchtitan on FSDP2",
    shared: ["productFactor", "elementwisePasses", "hiddenParameters", "fixedSeconds"],
  },
  {
    id: "deepseek",
    stacks: /^deepseek/,
    // One step was published: a number that is fitted on it could only repeat it.
    description: "DeepSeek's HAI-LLM, no number of which is fitted",
    shared: [],
  },
];
