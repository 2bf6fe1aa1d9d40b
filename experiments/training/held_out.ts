/**
 * What a model makes of held-out text: the loss of each sequence, and what each layer did.
 *
 * @module
 */
import type { Evaluable, LayerCounts } from "../../core/train/evaluate.ts";
import { batchOf, type Corpus, type Objective } from "../../core/train/data/corpus.ts";
import { floorOf, type LossFloor } from "../../core/train/data/synthetic.ts";
import { IGNORED } from "../../kernels/mod.ts";
import type { LayerFigures, RouterFigures, TrainingSettings } from "./router_run.ts";

/** Mean loss of the predicted tokens of each sequence. */
export function lossBySequence(
  losses_T: ArrayLike<number>,
  { targets, length }: { targets: ArrayLike<number>; length: number },
): number[] {
  return Array.from({ length: targets.length / length }, (_, s) => {
    let [sum, count] = [0, 0];
    for (let t = s * length; t < (s + 1) * length; t++) {
      if (targets[t] === IGNORED) continue;
      sum += losses_T[t];
      count++;
    }
    return sum / count;
  });
}

/** Counts of a layer over several batches of one size. */
function together(batches: readonly LayerCounts[]): LayerFigures {
  const added = (of: (one: LayerCounts) => ArrayLike<number>) =>
    Array.from(of(batches[0]), (_, i) => batches.reduce((n, one) => n + of(one)[i], 0));
  const mean = (of: (one: LayerCounts) => number) =>
    batches.reduce((sum, one) => sum + of(one), 0) / batches.length;
  return {
    wanted_E: added((one) => one.wanted_E),
    kept_E: added((one) => one.kept_E),
    byTag_GE: added((one) => one.byTag_GE),
    entropy: mean((one) => one.entropy),
    logSumExp2: mean((one) => one.logSumExp2),
  };
}

/** Evaluates a model; each batch costs a wait. The text depends on nothing but the settings. */
export async function evaluateHeldOut(
  model: Evaluable,
  corpus: Corpus,
  { objective, training }: { objective: Objective; training: TrainingSettings },
): Promise<Pick<RouterFigures, "heldOut_S" | "floor" | "layers" | "heldOutTokens">> {
  const { sequences, length, heldOut } = training;
  const heldOut_S: number[] = [];
  const layers: LayerCounts[][] = [];
  const floors: LossFloor[] = [];
  for (let step = 0; step < heldOut; step++) {
    const part = "held-out";
    const batch = batchOf(corpus, { sequences, length, seed: 1, step, part, objective });
    const found = await model.evaluate(batch);
    // Where a work is used otherwise than it is trained, that is how it is compared.
    const losses_T = found.decoded_T ?? found.losses_T;
    heldOut_S.push(...lossBySequence(losses_T, { targets: batch.targets, length }));
    found.layers.forEach((layer, i) => (layers[i] ??= []).push(layer));
    const floor = objective === "next" ? floorOf(corpus, { ...batch, length }) : undefined;
    if (floor) floors.push(floor);
  }
  const mean = (key: keyof LossFloor) => floors.reduce((s, one) => s + one[key], 0) / floors.length;
  return {
    heldOut_S,
    ...(floors.length > 0 && { floor: { told: mean("told"), inferred: mean("inferred") } }),
    layers: layers.map(together),
    heldOutTokens: heldOut * sequences * length,
  };
}
