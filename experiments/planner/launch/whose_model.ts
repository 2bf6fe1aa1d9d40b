/**
 * The model that a launcher's configuration is for, where the user names none.
 *
 * @module
 */
import type { Model } from "../../../core/spec/model.ts";
import { modelPreset, modelPresets, presetIds } from "../../../core/spec/presets/presets.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import type { Cluster } from "../../../sim/cluster/cluster.ts";
import { launchModel, modelDifferences } from "../../../sim/launch/model_fields.ts";
import type { LaunchInput } from "../../../sim/launch/types.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import { fieldText } from "./field_text.ts";
import type { KindReading } from "./read_kind.ts";

/** A plan that splits nothing: what is said of a model depends on it no more than on any other. */
export const wholePlan: Plan = {
  ...{ tp: 1, cp: 1, dp: 1, pp: 1, vpp: 1, ep: 1, etp: 1, sequenceParallel: false },
  ...{ contextExchange: "p2p", zero: 0, schedule: "1f1b", microBatch: 1, globalBatch: 1 },
  ...{ recompute: "none", offload: { optimizer: 0, activationLayers: 0 } },
  ...{ precision: "bf16", formats: {}, dispatcher: "all-to-all" },
  overlap: { gradients: true, parameters: true, tensor: false, pipeline: false, experts: "none" },
};

/** Where a configuration is read. */
export interface WhoseModel {
  /** What it says. */
  reading: KindReading;
  /** Where it runs. */
  cluster: Cluster;
  /** Name of the file. */
  source: string;
}

/** Fields in which a model differs from what a configuration says. */
export function differencesFrom(model: Model, { reading, cluster }: Omit<WhoseModel, "source">) {
  const { kind, plan: { tp = 1 }, sequence = 1 } = reading;
  const workload = { sequence, routing: { kind: "balanced" as const }, causal: true };
  const input: LaunchInput = { plan: { ...wholePlan, tp }, model, cluster, workload };
  const wanted = kind === "plan" ? { id: model.id } : launchModel(input, kind);
  return modelDifferences(reading.model, wanted, { partial: kind === "megatron-bridge", tp });
}

/** Fields that are shown of a near model, at most. */
const SHOWN = 4;

/**
 * The preset that a configuration describes.
 *
 * @throws {UserError} where it describes none, with what it says and the nearest preset.
 */
export function modelOfReading(of: WhoseModel): Model {
  const { reading: { model, kind }, source } = of;
  const cannot = (why: string) =>
    new UserError(`Cannot check ${source} without --model: ${why}, wanted such as mixtral-8x7b`);
  if (typeof model.id === "string" && presetIds.includes(model.id)) return modelPreset(model.id);
  if (kind === "plan" && model.id !== undefined) throw cannot(`it is for ${model.id}, no preset`);
  const fields = Object.keys(model);
  if (fields.length === 0) throw cannot("it says nothing of a model");
  if (kind === "megatron-bridge") throw cannot(`its recipe says all but ${fields.join(", ")}`);
  const [near] = modelPresets().map((preset) => ({ preset, differ: differencesFrom(preset, of) }))
    .sort((a, b) => a.differ.length - b.differ.length);
  if (near.differ.length === 0) return near.preset;
  const text = near.differ.slice(0, SHOWN).map(({ field, said = "none", wanted = "none" }) =>
    `${field} (it says ${fieldText(said)}, that has ${fieldText(wanted)})`
  );
  const more = near.differ.length - text.length;
  throw cannot(
    `no preset is what it describes; the nearest, ${near.preset.id}, differs in ` +
      `${text.join(", ")}${more > 0 ? ` and ${more} more` : ""}`,
  );
}
