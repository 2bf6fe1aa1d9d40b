/**
 * Constants of gates on the device: uploaded when first asked for by their name, and never while a
 * step is recorded again.
 *
 * @module
 */
import { createPool, type Device, type Tensor } from "../../kernels/mod.ts";
import type { Shape } from "./arrays.ts";

/** Constants by name and shape, in memory of their own. */
export interface ConstantStore {
  /** A matrix f32; `values` is asked for once. */
  matrix(name: string, shape: Shape, values: () => ArrayLike<number>): Tensor;
  /** Indices, u32 [rows * columns]. */
  indices(name: string, shape: Shape, values: () => ArrayLike<number>): Tensor;
  /** Gives all memory back. */
  close(): void;
}

/** Makes an empty store. */
export function createConstants(device: Device): ConstantStore {
  const pool = createPool(device);
  const known = new Map<string, Tensor>();
  const once = (key: string, make: () => Tensor) => {
    const tensor = known.get(key) ?? make();
    known.set(key, tensor);
    return tensor;
  };
  return {
    matrix: (name, shape, values) =>
      once(
        `${name} ${shape.join("x")}`,
        () => pool.upload(name, shape, Float32Array.from(values())),
      ),
    indices: (name, shape, values) =>
      once(
        `ids ${name} ${shape.join("x")}`,
        () => pool.upload(name, [shape[0] * shape[1]], Uint32Array.from(values())),
      ),
    close() {
      pool.release(...known.values());
      known.clear();
      pool.trim();
    },
  };
}
