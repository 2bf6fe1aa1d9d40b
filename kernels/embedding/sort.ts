/**
 * A stable sort of numbers on the device: passes over a few bits each, from the lowest on, each a
 * counting sort of {@linkcode groupTokens}. No atomics and no read-back.
 *
 * @module
 */
import { groupTensors, groupTokens } from "../group_tokens/group_tokens.ts";
import { compile, type Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import digitCode from "./digit.wgsl" with { type: "text" };

/** Bits of a pass: more would make fewer passes, but their scan of counts longer than that saves. */
const MOST_BITS = 6;

/** Sorted keys, and for each the position it came from; u32. */
export interface Sorted {
  /** Keys, ascending. */
  keys: Tensor;
  /** Where each stood; equal keys stay in their order. */
  order: Tensor;
}

/** Records a stable sort of `keys` [N], u32 below `bound`. */
export function sortKeys(
  recorder: Recorder,
  keys: Tensor,
  options: { bound: number; label?: string },
): Sorted {
  const { bound, label = "sort" } = options;
  const { pool, device } = recorder;
  const [count] = keys.shape;
  const bits = Math.max(1, Math.ceil(Math.log2(bound)));
  const passes = Math.ceil(bits / MOST_BITS);
  const step = Math.ceil(bits / passes);
  const fresh = (name: string) => pool.tensor(`${label} ${name}`, [count], { dtype: "u32" });
  let now: Sorted = { keys, order: keys };
  let places: Tensor | undefined;
  for (let pass = 0; pass <= passes; pass++) {
    const next = { keys: fresh("keys"), order: fresh("order") };
    const digit = fresh("digit");
    recorder.launch({
      label,
      kernel: compile(device, "sort digit", digitCode),
      inputs: [now.keys, now.order, places ?? keys, next.keys, next.order, digit],
      uniforms: [count, pass === 0 ? 1 : 0, pass * step, 2 ** step],
      grid: [Math.ceil(count / 64)],
    });
    if (places) pool.release(now.keys, now.order, places);
    now = next;
    if (pass < passes) {
      const groups = groupTokens(recorder, digit, { experts: 2 ** step, tileRows: count, label });
      places = groups.rowIds;
      pool.release(...groupTensors(groups).filter((t) => t !== places));
    }
    pool.release(digit);
  }
  return now;
}
