/**
 * A software stack: what a training framework does beside the arithmetic, in numbers that hold for
 * every model and plan that it runs. Hardware numbers live in the device profile and the cluster.
 *
 * @module
 */

/** How a step's kernels are issued. */
export type Graphs = "none" | "partial" | "full";

/** Efficiency of a stack's libraries over that of a device's profile. */
export interface LibraryFactors {
  /** Of products. */
  productFactor?: number;
  /** Of attention. */
  attentionFactor?: number;
  /** Of grouped products, beside `productFactor`. */
  groupedFactor?: number;
}

/** A software stack; see the module. Passes are full reads or writes of the tensor named. */
export interface Stack {
  /** Version of this format. */
  schema: 1;
  /** Lower case with hyphens, name and version, such as "megatron-core-0.15". */
  id: string;
  /** What it is, in a sentence. */
  description: string;
  /** Where each figure comes from. */
  sources: string[];
  /** Host seconds to issue a kernel. */
  hostSeconds: number;
  /** Factor of `hostSeconds` under partial and full graphs. */
  graphFactor: { partial: number; full: number };
  /** Seconds between two kernels on the device. */
  gapSeconds: number;
  /** Kernels of a layer's forward pass: always, in a mixture beside that, for each local expert. */
  kernels: { layer: number; moe: number; expert: number };
  /** Passes over [tokens, dModel] in 16 bits by norms, residuals and dropout, forward. */
  elementwisePasses: number;
  /** Passes that norms add to those where they are no single kernel, forward; 0 where they are. */
  normPasses: number;
  /** Passes over the hidden rows by the activation function, forward. */
  activationPasses: number;
  /** Factor of the passes over rows that a dispatcher's permutations make. */
  permuteFactor: number;
  /** Passes over [tokens, experts] in FP32 by the router, forward. */
  routerPasses: number;
  /** Passes over [tokens, vocabulary] in FP32 by the loss. */
  lossPasses: number;
  /** Passes over stored scores [heads, queries, keys] in 16 bits, forward; 0 with flash attention. */
  scorePasses: number;
  /** Passes over the inputs of a product in a narrow format that scale and cast them. */
  castPasses: number;
  /** Factor of the device's attention efficiency. */
  attentionFactor: number;
  /** Factor of the device's product efficiency. */
  productFactor: number;
  /** Factor of the efficiency of grouped products, beside `productFactor`. */
  groupedFactor: number;
  /** Factor of the fabric's bandwidth by kind of exchange. */
  bandwidthFactor: { tensor: number; data: number; experts: number };
  /** Share of an exchange that runs beside kernels where the plan asks for overlap. */
  hiddenShare: { tensor: number; gradients: number; parameters: number; experts: number };
  /** Factors that hold in place of the above on an architecture, such as "hopper". */
  byArchitecture?: Record<string, LibraryFactors>;
  /** Seconds that every step adds. */
  fixedSeconds: number;
  /** Memory that the framework holds beside tensors, bytes. */
  reservedBytes: number;
  /** Bytes held over bytes asked for. */
  allocatorFactor: number;
}

/** The stack as it is on an architecture. */
export function resolveStack(stack: Stack, architecture: string): Stack {
  const factors = stack.byArchitecture?.[architecture];
  return factors ? { ...stack, ...factors } : stack;
}
