/**
 * The numbers of a software stack that measurements of whole steps may move, with what is known of
 * each before any row.
 *
 * Every parameter is positive and is moved in its logarithm; a share s is moved as its odds
 * s / (1 - s). `spread` is the standard deviation of that logarithm: how far a stack of another team
 * may be from the start without surprise.
 *
 * @module
 */
import type { Stack } from "../stack/stack.ts";

/** A parameter; see the module. Where a stack has 0, it lacks what is counted and keeps it. */
export interface StackParameter {
  /** Value of a stack, above 0. */
  read: (stack: Stack) => number;
  /** The stack with another value. */
  write: (stack: Stack, value: number) => Stack;
  /** Standard deviation of the logarithm before any row. */
  spread: number;
}

type NumberKey = {
  [K in keyof Stack]-?: Stack[K] extends number ? K : never;
}[keyof Stack];

const plain = (key: NumberKey, spread: number): StackParameter => ({
  read: (stack) => stack[key],
  write: (stack, value) => ({ ...stack, [key]: value }),
  spread,
});

const bandwidth = (kind: keyof Stack["bandwidthFactor"], spread: number): StackParameter => ({
  read: (stack) => stack.bandwidthFactor[kind],
  write: (stack, value) => ({
    ...stack,
    bandwidthFactor: { ...stack.bandwidthFactor, [kind]: value },
  }),
  spread,
});

const hidden = (kind: keyof Stack["hiddenShare"], spread: number): StackParameter => ({
  read: (stack) => stack.hiddenShare[kind] / (1 - stack.hiddenShare[kind]),
  write: (stack, odds) => ({
    ...stack,
    hiddenShare: { ...stack.hiddenShare, [kind]: odds / (1 + odds) },
  }),
  spread,
});

const kernels = (kind: keyof Stack["kernels"], spread: number): StackParameter => ({
  read: (stack) => stack.kernels[kind],
  write: (stack, value) => ({ ...stack, kernels: { ...stack.kernels, [kind]: value } }),
  spread,
});

/** Parameters by name. */
export const stackParameters = {
  hostSeconds: plain("hostSeconds", 0.7),
  elementwisePasses: plain("elementwisePasses", 0.5),
  normPasses: plain("normPasses", 0.4),
  activationPasses: plain("activationPasses", 0.4),
  permuteFactor: plain("permuteFactor", 0.6),
  routerPasses: plain("routerPasses", 0.7),
  lossPasses: plain("lossPasses", 0.4),
  scorePasses: plain("scorePasses", 0.5),
  castPasses: plain("castPasses", 0.5),
  attentionFactor: plain("attentionFactor", 0.5),
  productFactor: plain("productFactor", 0.15),
  groupedFactor: plain("groupedFactor", 0.3),
  fixedSeconds: plain("fixedSeconds", 1),
  tensorBandwidth: bandwidth("tensor", 0.4),
  dataBandwidth: bandwidth("data", 0.4),
  expertBandwidth: bandwidth("experts", 0.4),
  hiddenTensor: hidden("tensor", 1),
  hiddenGradients: hidden("gradients", 1),
  hiddenParameters: hidden("parameters", 1),
  hiddenExperts: hidden("experts", 1),
  mixtureKernels: kernels("moe", 0.4),
  expertKernels: kernels("expert", 0.5),
} satisfies Record<string, StackParameter>;

/** Name of a parameter. */
export type StackParameterName = keyof typeof stackParameters;

/** Names of all parameters. */
export const stackParameterNames = Object.keys(stackParameters) as StackParameterName[];
