/**
 * What a recipe asks of a training beside the losses of its gate, as functions that the trainer calls
 * at named places:
 *
 *     phase      a stretch of steps that are recorded alike; a new one is planned anew
 *     frozen     parameters that a phase leaves as they are
 *     passes     how often a batch goes through the model
 *     reads      what is wanted of each layer's gate
 *     losses     losses over what the passes gave, in the language of `core/arrays`
 *     due,
 *     review     what the host does between two steps, the only place that may read back
 *
 * A kind of `TrainingSpec` is a file that has some of them, and a row of `table.ts`.
 *
 * @module
 */
import type { Device, Pool, Tensor } from "../../../kernels/mod.ts";
import type { Arrays } from "../../arrays/arrays.ts";
import type { AuxiliaryLoss, Gated, GateShape, GateTensor, Init } from "../../gates/gate.ts";
import type { TrainingSpec } from "../../gates/recipe.ts";
import type { SpecOf } from "../../gates/shorthand.ts";

/** Where a training stands. */
export interface TrainingPlace {
  /** Steps that were made. */
  step: number;
  /** Steps of the whole training. */
  steps: number;
}

/** What a pass gave. */
export interface ObjectivePass<A> {
  /** Logits [T, V]; recorded where they are asked for. */
  logits(): A;
  /** Cross-entropy of each token, [T, 1], without a gradient; 0 where nothing is predicted. */
  losses_T1: A;
  /** What {@linkcode TrainingHooks.reads} found in each layer with experts, in order. */
  gates: readonly A[];
}

/** What losses are made of. */
export interface ObjectiveRun<A, I, S extends TrainingSpec = TrainingSpec> {
  /** The language. */
  g: Arrays<A, I>;
  /** What the recipe says. */
  spec: S;
  /** The phase that the step is in. */
  phase: string;
  /** Sizes of the gates, in the order of the layers with experts. */
  shapes: readonly GateShape[];
  /** The passes. */
  passes: readonly ObjectivePass<A>[];
  /** What is to be predicted, [T, 1], NONE where nothing is. */
  targets: I;
  /** Own parameters. */
  w: Readonly<Record<string, A>>;
  /** Own states, as the step before left them. */
  state: Readonly<Record<string, A>>;
}

/** What is recorded beside the cross-entropy. */
export interface ObjectiveLosses<A> {
  /** Losses, multiplied by their coefficients. */
  losses: AuxiliaryLoss<A>[];
  /** New values of own states; what is not there stays. */
  state?: Record<string, A>;
}

/** A parameter on the device, with what its update remembers. */
export interface TrainedTensor {
  /** The weight. */
  value: Tensor;
  /** How it begins. */
  init: Init;
  /** Running mean of gradients. */
  m: Tensor;
  /** Running mean of squared gradients. */
  v: Tensor;
}

/** What the host sees between two steps. */
export interface ReviewRun<S extends TrainingSpec = TrainingSpec> {
  /** What the recipe says. */
  spec: S;
  /** The device. */
  device: Device;
  /** Where tensors are written. */
  pool: Pool;
  /** Seed of the weights. */
  seed: number;
  /** Steps that were made. */
  step: number;
  /** Sizes of the gates by the index of the layer. */
  shapes: ReadonlyMap<number, GateShape>;
  /** A parameter by its name in the model; undefined where there is none. */
  parameter(name: string): TrainedTensor | undefined;
  /** States by their names in the model. */
  states: Readonly<Record<string, Tensor>>;
}

/** See the module. What is absent is as if the recipe asked for nothing. */
export interface TrainingHooks<S extends TrainingSpec = TrainingSpec> {
  /** Parameters of its own by name, trained with the model's. */
  parameters?(spec: S, shapes: readonly GateShape[]): Record<string, GateTensor>;
  /** States of its own by name. */
  states?(spec: S, shapes: readonly GateShape[]): Record<string, GateTensor>;
  /** The phase of a step. */
  phase?(spec: S, at: TrainingPlace): string;
  /** Whether a phase leaves a parameter as it is, by its name in the model. */
  frozen?(phase: string, name: string): boolean;
  /** Passes of a batch in a step, each with chances of its own; 1 where absent. */
  passes?: number;
  /** What it wants of a layer's gate: [T, n]; undefined where the gate has no such thing. */
  reads?<A, I>(gated: Gated<A, I>): A | undefined;
  /** Losses beside the cross-entropy. */
  losses?<A, I>(run: ObjectiveRun<A, I, S>): ObjectiveLosses<A>;
  /** Whether the host has something to do once so many steps were made. */
  due?(spec: S, at: TrainingPlace): boolean;
  /** Does it. */
  review?(run: ReviewRun<S>): Promise<void>;
}

/** The hooks of a kind. */
export type HooksOf<K extends TrainingSpec["kind"]> = TrainingHooks<SpecOf<TrainingSpec, K>>;
