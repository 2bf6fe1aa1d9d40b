/**
 * The costs of a layer, part by part, added into its three phases.
 *
 * A product of [m, k] and [k, n] in the forward pass is one of [m, n] and [n, k] for the gradient of
 * its input and one of [k, m] and [m, n] for that of its weights, which is added to the main
 * gradients in FP32. Element-wise work is counted in passes: reads and writes of a whole tensor.
 *
 * @module
 */
import {
  attentionSeconds,
  castSeconds,
  type DeviceModel,
  gemmSeconds,
  groupedGradientSeconds,
  groupedSeconds,
} from "./device.ts";
import type { Machine } from "./machine.ts";
import type { LayerCost, LayerKind, LayerPhase } from "./phases.ts";

/** The fields of a phase that hold kernel seconds. */
export type KernelSlot =
  | "mixerSeconds"
  | "ffnSeconds"
  | "routeSeconds"
  | "expertSeconds"
  | "sharedSeconds"
  | "mergeSeconds";

/** A phase of nothing. */
export function emptyPhase(): LayerPhase {
  return {
    mixerSeconds: 0,
    ffnSeconds: 0,
    routeSeconds: 0,
    expertSeconds: 0,
    sharedSeconds: 0,
    mergeSeconds: 0,
    tensorSeconds: 0,
    tensorHiddenSeconds: 0,
    contextSeconds: 0,
    contextHiddenSeconds: 0,
    dispatchSeconds: 0,
    combineSeconds: 0,
    gatherSeconds: 0,
    scatterSeconds: 0,
    flops: 0,
    kernels: 0,
  };
}

/** A layer of nothing. */
export function emptyLayer(kind: LayerKind): LayerCost {
  return {
    kind,
    forward: emptyPhase(),
    backwardInput: emptyPhase(),
    backwardWeight: emptyPhase(),
  };
}

/** Bytes that an element of a weight gradient moves: it is added to a main gradient in FP32. */
const accumulateBytes = 8;

/** Where a part's work goes. */
export interface Part {
  /** Layer that it is added to. */
  layer: LayerCost;
  /** Field of its phases. */
  slot: KernelSlot;
  /** Whether the backward pass does the forward work again. */
  again: boolean;
}

function cast(elements: number, device: DeviceModel, { stack }: Machine): number {
  return castSeconds(elements, device) * stack.castPasses;
}

/** Adds a product with weights of k rows and n columns over m tokens. */
export function addProduct(
  part: Part,
  [m, n, k]: readonly [m: number, n: number, k: number],
  machine: Machine,
  device = machine.device,
): void {
  const { forward, backwardInput, backwardWeight } = part.layer;
  const { slot, again } = part;
  const slower = 1 / machine.stack.productFactor;
  const there = gemmSeconds(m, n, k, device) * slower + cast(m * k, device, machine);
  const back = gemmSeconds(m, k, n, device) * slower + cast(m * n, device, machine);
  const flops = 2 * m * n * k;
  forward[slot] += there;
  backwardInput[slot] += back + (again ? there : 0);
  backwardWeight[slot] += gemmSeconds(k, n, m, device, accumulateBytes) * slower;
  forward.flops += flops;
  backwardInput.flops += again ? 2 * flops : flops;
  backwardWeight.flops += flops;
}

/** Adds the products of the experts of a rank, [rows, k] with weights of k rows and n columns. */
export function addGrouped(
  part: Part,
  [rows, groups, n, k, largest]: readonly [number, number, number, number, number],
  machine: Machine,
): void {
  const { device, stack } = machine;
  const { forward, backwardInput, backwardWeight } = part.layer;
  const { slot, again } = part;
  const slower = 1 / (stack.productFactor * stack.groupedFactor);
  const there = groupedSeconds(rows, groups, n, k, device, largest) * slower +
    cast(rows * k, device, machine);
  const back = groupedSeconds(rows, groups, k, n, device, largest) * slower +
    cast(rows * n, device, machine);
  const flops = 2 * rows * n * k;
  forward[slot] += there;
  backwardInput[slot] += back + (again ? there : 0);
  backwardWeight[slot] += groupedGradientSeconds(rows, groups, n, k, device, largest) * slower;
  forward.flops += flops;
  backwardInput.flops += again ? 2 * flops : flops;
  backwardWeight.flops += flops;
}

/** Backward over forward traffic of element-wise work: reads of values and of gradients. */
const backwardPasses = 1.6;

/** Adds element-wise work that moves so many bytes in the forward pass. */
export function addPasses(part: Part, bytes: number, { device }: Machine): void {
  const seconds = bytes * device.secondsPerByte;
  part.layer.forward[part.slot] += seconds;
  part.layer.backwardInput[part.slot] += seconds * (backwardPasses + (part.again ? 1 : 0));
}

/** Sizes of softmax attention on a rank. */
export interface AttentionWork {
  /** Sequences times heads. */
  heads: number;
  /** Queries of a sequence here. */
  queries: number;
  /** Keys that a query sees on average. */
  keys: number;
  /** Keys that scores are stored for, where they are stored. */
  storedKeys: number;
  /** Width of a query. */
  qkDim: number;
  /** Width of a value. */
  vDim: number;
}

/** Adds softmax attention: a fused kernel, or products and passes over stored scores. */
export function addAttention(part: Part, work: AttentionWork, machine: Machine): void {
  const { wide, stack } = machine;
  const { heads, queries, keys, storedKeys, qkDim, vDim } = work;
  const { forward, backwardInput } = part.layer;
  const { slot, again } = part;
  if (stack.scorePasses === 0) {
    const seconds = (pass: "forward" | "backward") =>
      attentionSeconds(heads, queries, keys, qkDim, vDim, pass, wide) / stack.attentionFactor;
    const there = seconds("forward");
    const flops = 2 * heads * queries * keys * (qkDim + vDim);
    forward[slot] += there;
    backwardInput[slot] += seconds("backward") + (again ? there : 0);
    forward.flops += flops;
    backwardInput.flops += flops * (again ? 3.5 : 2.5);
    return;
  }
  const products = (heads * queries > 0)
    ? heads * (gemmSeconds(queries, storedKeys, qkDim, wide) +
      gemmSeconds(queries, vDim, storedKeys, wide)) /
      stack.attentionFactor
    : 0;
  const passes = heads * queries * storedKeys * 2 * stack.scorePasses * wide.secondsPerByte;
  const flops = 2 * heads * queries * storedKeys * (qkDim + vDim);
  forward[slot] += products + passes;
  backwardInput[slot] += 2 * products + backwardPasses * passes + (again ? products + passes : 0);
  forward.flops += flops;
  backwardInput.flops += flops * (again ? 3 : 2);
}
