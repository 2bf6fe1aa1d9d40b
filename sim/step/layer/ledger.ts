/**
 * Tensors that are taken and put back by name: what a step's memory is followed with.
 *
 * @module
 */
import { bufferBytes, mirrorRows, ROW_BYTES } from "../../../kernels/base/layout.ts";
import type { Lifetime } from "../../../kernels/base/memory_plan.ts";

/** Tensors by name, taken and put back in the order of the step. */
export interface Ledger {
  /** Takes a tensor of f32 or u32. */
  take(name: string, shape: readonly number[]): void;
  /** Mirrors a tensor, where mirrors are used and it has none. */
  mirror(name: string): void;
  /** Puts tensors back, with their mirrors. */
  free(...names: string[]): void;
  /** What was taken so far. */
  lifetimes: Lifetime[];
}

const ELEMENT_BYTES = 4;
/** Rows of the highest texture: those of small models are far below. */
const MOST_ROWS = 16384;

/** Makes an empty ledger. */
export function createLedger(options: { mirrors: boolean }): Ledger {
  const lifetimes: Lifetime[] = [];
  const open = new Map<string, Lifetime[]>();
  let now = 0;
  const add = (label: string, kind: Lifetime["kind"], size: number) => {
    const lifetime = { label, kind, size, from: now++, to: Infinity };
    lifetimes.push(lifetime);
    open.set(label, [...open.get(label) ?? [], lifetime]);
  };
  const opened = (name: string): Lifetime[] => {
    const found = open.get(name);
    if (!found) throw new RangeError(`Cannot follow ${name}: found no such tensor in use`);
    return found;
  };
  return {
    lifetimes,
    take(name, shape) {
      if (open.has(name)) throw new RangeError(`Cannot take ${name}: it is in use`);
      add(name, "buffer", bufferBytes(shape, ELEMENT_BYTES));
    },
    mirror(name) {
      const [buffer, mirrored] = opened(name);
      if (!options.mirrors || mirrored) return;
      add(name, "mirror", mirrorRows(buffer.size / ROW_BYTES, MOST_ROWS));
    },
    free(...names) {
      for (const name of names) {
        for (const lifetime of opened(name)) lifetime.to = now;
        open.delete(name);
        now++;
      }
    },
  };
}
