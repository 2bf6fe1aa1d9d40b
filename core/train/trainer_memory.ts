/**
 * What a trainer keeps on the device between steps: weights, their copies in f16, moments, states of
 * gates, and the batch.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import {
  cast,
  createRecorder,
  type Device,
  mapRecipes,
  mapTensors,
  type Pool,
  ropeTable,
  type Tensor,
} from "../../kernels/mod.ts";
import type { Gating } from "../nn/gating.ts";
import { checkRunnableModel } from "../nn/model_check.ts";
import { createParameters, createStates, type ModelParameters } from "../nn/parameters.ts";
import { besideModel } from "./objectives/table.ts";
import type { Variable } from "../nn/tape.ts";
import type { Batch } from "../nn/transformer.ts";
import type { Model } from "../spec/model.ts";

/** A parameter's moments. */
export interface Moments {
  /** Running mean of gradients. */
  m: Tensor;
  /** Running mean of squared gradients. */
  v: Tensor;
}

/** See the module. */
export interface TrainerMemory {
  /** The weights, f32. */
  parameters: ModelParameters;
  /** What products read: the weights, or their copies in f16. */
  weights: Readonly<Record<string, Variable>>;
  /** The copies in f16, by the names of their weights; none in f32. */
  copies: Readonly<Record<string, Tensor>>;
  /** Moments by the names of the weights. */
  moments: Readonly<Record<string, Moments>>;
  /** States of gates, by their names in the model. */
  states: Readonly<Record<string, Tensor>>;
  /** The batch. */
  batch: Required<Batch>;
  /** Cosines and sines, where the model has rotary positions. */
  rope?: Tensor;
  /** Makes the copies again, after weights were written. */
  refresh(): void;
  /** Puts all back into the pool. */
  release(): void;
}

/** Matrices and biases are operands of products; norms, sinks and gates stay in f32. */
const isCopied = (name: string, { shape }: Tensor) =>
  !name.includes(".gate.") && (shape.length > 1 || name.endsWith(".bias"));

/** @throws {UserError} where the device has no 16-bit floats. */
function checkHalf({ gpu, adapter }: Device): void {
  if (gpu.features.has("shader-f16")) return;
  throw new UserError(
    `Cannot train in f16: ${adapter.description} has no shader-f16, wanted storage f32`,
  );
}

/** Entries whose names others do not have. */
const without = <T>(all: Readonly<Record<string, T>>, others: object) =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !(name in others)));

function makeCopies(pool: Pool, parameters: ModelParameters): Record<string, Tensor> {
  const recorder = createRecorder(pool);
  const copies = Object.entries(parameters)
    .filter(([name, { value }]) => isCopied(name, value))
    .map(([name, { value }]) => [name, cast(recorder, value, { to: "f16" })]);
  recorder.submit();
  return Object.fromEntries(copies);
}

/**
 * Makes the memory of a trainer.
 *
 * @throws {UserError} where the model has a part that does not run, or the device no f16 where asked.
 */
export function createMemory(
  pool: Pool,
  model: Model,
  options: {
    sequences: number;
    length: number;
    seed: number;
    causal?: boolean;
    gating?: Gating;
    storage: "f32" | "f16";
  },
): TrainerMemory {
  const { sequences, length, seed, causal, gating, storage } = options;
  const { headDim } = checkRunnableModel(model, { recipe: gating?.recipe, causal, length });
  if (storage === "f16") checkHalf(pool.device);
  const tokens = sequences * length;
  const beside = besideModel(gating);
  const parameters = createParameters(pool, model, {
    ...{ seed, gating, causal, length },
    beside: beside.parameters,
  });
  const copies = storage === "f16" ? makeCopies(pool, without(parameters, beside.parameters)) : {};
  const zeros = (name: string, like: Tensor) =>
    pool.upload(name, like.shape, new Float32Array(like.shape.reduce((a, b) => a * b)));
  const moments = Object.fromEntries(
    Object.entries(parameters).map(([name, { value }]): [string, Moments] => [name, {
      m: zeros(`${name} m`, value),
      v: zeros(`${name} v`, value),
    }]),
  );
  const indices = (name: string, of: (t: number) => number = () => 0) =>
    pool.upload(name, [tokens], Uint32Array.from({ length: tokens }, (_, t) => of(t)));
  const batch = {
    ...{ ids: indices("ids"), targets: indices("targets"), length },
    ...{ before: indices("before"), tags: indices("tags") },
    positions: indices("positions", (t) => t % length),
  };
  const states = gating ? createStates(pool, gating, { seed, beside: beside.states }) : {};
  const rope = model.embedding.positions.kind === "rope"
    ? ropeTable(pool, { positions: length, rotary: headDim })
    : undefined;
  const weights = Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]): [string, Variable] => [
      name,
      copies[name] ? { value: copies[name] } : parameter,
    ]),
  );
  const { length: _, ...tensors } = batch;
  return {
    ...{ parameters, weights, copies, moments, states, batch, rope },
    refresh() {
      const recorder = createRecorder(pool);
      for (const [name, y] of Object.entries(copies)) {
        mapTensors(recorder, mapRecipes.copy, { tensors: { x: parameters[name].value, y } });
      }
      recorder.submit();
    },
    release() {
      pool.release(
        ...Object.values(parameters).map(({ value }) => value),
        ...Object.values(moments).flatMap(({ m, v }) => [m, v]),
        ...[copies, states, tensors].flatMap((all) => Object.values<Tensor>(all)),
        ...(rope ? [rope] : []),
      );
    },
  };
}
