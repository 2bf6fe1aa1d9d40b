/**
 * Experts that come and go: DYNMoE, arXiv 2405.14297 (survey, section 4.1.1). The gate counts on the
 * device (`gates/select/threshold.ts`); every so many steps the counts are read, which costs a wait,
 * and reviewed (`gates/training/grow.ts`). A place that gets a new expert begins anew: its vector where
 * the tokens without an expert point, its threshold at 0, its network from a stream of its own.
 *
 * @module
 */
import { download, layoutOf, type Tensor } from "../../../kernels/mod.ts";
import { reviewExperts } from "../../gates/training/grow.ts";
import { firstValues } from "../../nn/parameters.ts";
import type { HooksOf, ReviewRun, TrainedTensor } from "./hooks.ts";

/** What a layer's gate has counted, in this order. */
const counted = ["alive", "wanted", "without", "missed"] as const;

/** Entry e of a bank [E, ...] as a tensor of its own: a view that can be written. */
function entryOf(bank: Tensor, e: number): Tensor {
  const shape = bank.shape.slice(1);
  const stride = shape.length === 1 ? bank.pitch : layoutOf(bank.shape).elements / bank.shape[0];
  return { ...bank, ...layoutOf(shape), shape, offset: bank.offset + e * stride };
}

/** Gives an entry of a parameter new values, and its update nothing to remember. */
function restart(
  { pool, seed, step }: ReviewRun,
  { value, m, v, init }: TrainedTensor,
  entry: { e: number; name: string; values?: Float32Array<ArrayBuffer> },
): void {
  const { e, name } = entry;
  const to = entryOf(value, e);
  const {
    values = firstValues({ shape: to.shape, init }, { seed, name: `${name}/${step}/${e}` }),
  } = entry;
  pool.write(to, values);
  for (const memory of [m, v]) pool.write(entryOf(memory, e), new Float32Array(values.length));
}

/** Sets column e of rows [1, E] to 0. */
async function clearColumn({ device, pool }: ReviewRun, rows: readonly Tensor[], e: number) {
  const values = await download(device, rows);
  values.forEach((row, i) => {
    row[e] = 0;
    pool.write(rows[i], row);
  });
}

/** Reviews the experts of a layer by its counts. */
async function reviewLayer(run: ReviewRun, layer: number, counts: readonly Float32Array[]) {
  const { pool, states, parameter } = run;
  const [alive_E, wanted_E, [without], sum_D] = counts.map((row) => Float64Array.from(row));
  const { alive_E: next_E, added } = reviewExperts(
    { wanted_E, without, sum_D },
    Array.from(alive_E, (one) => one > 0),
  );
  counted.forEach((name, i) => {
    const values = name === "alive" ? next_E.map(Number) : counts[i].map(() => 0);
    pool.write(states[`layers.${layer}.state.${name}`], Float32Array.from(values));
  });
  if (!added) return;
  const { place: e, direction_D } = added;
  const values = { "gate.experts": Float32Array.from(direction_D) };
  for (const part of ["gate.experts", "moe.up", "moe.down"] as const) {
    const name = `layers.${layer}.${part}`;
    const one = parameter(name);
    if (one) {
      restart(run, one, { e, name, ...part in values && { values: values["gate.experts"] } });
    }
  }
  const thresholds = parameter(`layers.${layer}.gate.thresholds`);
  if (thresholds) await clearColumn(run, [thresholds.value, thresholds.m, thresholds.v], e);
}

/** See the module. */
export const growHooks: HooksOf<"grow"> = {
  due({ every, share }, { step, steps }) {
    const apart = Math.max(1, Math.min(every, Math.ceil(share * steps)));
    return step > 0 && step % apart === 0;
  },
  async review(run) {
    const layers = [...run.shapes.keys()];
    const tensors = layers.flatMap((layer) =>
      counted.map((name) => run.states[`layers.${layer}.state.${name}`])
    );
    const values = await download(run.device, tensors);
    for (const [i, layer] of layers.entries()) {
      await reviewLayer(run, layer, values.slice(counted.length * i, counted.length * (i + 1)));
    }
  },
};
