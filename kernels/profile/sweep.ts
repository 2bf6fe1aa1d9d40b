/**
 * What a sweep is: an operator, the grid of shapes that it is measured on, and how one is recorded.
 *
 * @module
 */
import type { OpKind } from "../base/op.ts";
import type { BegunTiles } from "../base/profile_schema.ts";
import { normals, split } from "../base/random.ts";
import type { Device } from "../device.ts";
import type { Recorder } from "../recorder.ts";
import type { Pool, Tensor } from "../tensor.ts";
import type { KernelChoice } from "../tune.ts";

/** Dimensions of a corner by name. */
export type Dims = Record<string, number>;

/** Inputs on the device, and how to record a corner. */
export interface Prepared {
  /** Tensors of all corners, those that are made on the way included. */
  inputs: Tensor[];
  /**
   * Records a corner and gives the tensors to put back. Launches whose label begins with `label`
   * are its time; what else it takes is labelled {@linkcode UNTIMED}.
   */
  record(recorder: Recorder, dims: Dims, label: string): Tensor[];
}

/** One operator's grid and how to run it. */
export interface Sweep {
  /** The operator. */
  kind: OpKind;
  /** Grid coordinates by dimension. */
  axes: Record<string, number[]>;
  /** Tile sizes that dimensions are rounded up to. */
  quantum: Dims;
  /** Dimensions that are the same at all corners; prices scale with them as the FLOP do. */
  fixed: Dims;
  /** Groups of one begun tile each, measured beside the grid: these corners are dealt evenly. */
  begun?: Omit<BegunTiles, "seconds">;
  /** Makes the inputs of all corners. */
  prepare(pool: Pool): Prepared;
}

/** What sweeps depend on. */
export interface SweepContext {
  /** The device. */
  device: Device;
  /** Kernel variants. */
  kernels: KernelChoice;
}

/** Label of launches that are no part of what is measured. */
export const UNTIMED = "-1";

/** Tensors that are made once for each key and kept. */
export function keeper<T extends Tensor>(inputs: Tensor[]): (key: string, make: () => T) => T {
  const known = new Map<string, T>();
  return (key, make) => {
    const at = known.get(key);
    if (at) return at;
    const made = make();
    known.set(key, made);
    inputs.push(made);
    return made;
  };
}

/** Tensors by name and shape, filled when first asked for. */
export interface Filler {
  /** All that were made. */
  inputs: Tensor[];
  /** Seeded normal numbers. */
  fill(shape: readonly number[], name?: string): Tensor;
  /** Integers, u32. */
  count(length: number, name: string, of: (i: number) => number): Tensor;
}

/** Makes a filler. */
export function filler(pool: Pool): Filler {
  const inputs: Tensor[] = [];
  const values = normals(split(0, "profile"), 65537, 0.1);
  const keep = keeper(inputs);
  return {
    inputs,
    fill: (shape, name = "") =>
      keep(`${name} ${shape}`, () => {
        const n = shape.reduce((a, b) => a * b);
        const data = new Float32Array(n);
        for (let i = 0; i < n; i += values.length) data.set(values.subarray(0, n - i), i);
        return pool.upload(`${name} ${shape}`, shape, data);
      }),
    count: (length, name, of) =>
      keep(
        `${name} ${length}`,
        () => pool.upload(name, [length], Uint32Array.from({ length }, (_, i) => of(i))),
      ),
  };
}

/** Prepares a sweep whose inputs come from a filler: `make` gives how to record a corner. */
export function staged(
  make: (stage: Filler & { pool: Pool }) => Prepared["record"],
): Sweep["prepare"] {
  return (pool) => {
    const stage = filler(pool);
    return { inputs: stage.inputs, record: make({ ...stage, pool }) };
  };
}

/** A tensor that was just written: its mirror, if a kernel reads one, has to be made again. */
export function fresh(tensor: Tensor): Tensor {
  tensor.slot.mirrored = false;
  return tensor;
}

/** A place for each of `n` rows that scatters them as a routing does: a stride without a factor of n. */
export const scattered = (n: number) => (i: number): number => (i * 7919) % n;
