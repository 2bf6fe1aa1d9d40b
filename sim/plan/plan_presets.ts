/**
 * Named plans: the four hybrids of the survey's figure 8 and plans of published trainings.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig, type Schema } from "../../kernels/base/config.ts";
import { unknownName } from "../../kernels/base/errors.ts";
import { type PlanInput, planSchema } from "./plan_input.ts";
import dataExpert from "./presets/data-expert.json" with { type: "json" };
import dataExpertPipeline from "./presets/data-expert-pipeline.json" with { type: "json" };
import dataExpertTensor from "./presets/data-expert-tensor.json" with { type: "json" };
import deepseekV3 from "./presets/deepseek-v3.json" with { type: "json" };
import expertTensor from "./presets/expert-tensor.json" with { type: "json" };
import mixtral8x22b from "./presets/mixtral-8x22b.json" with { type: "json" };
import qwen3 from "./presets/qwen3-235b-a22b.json" with { type: "json" };

/** A plan with a name. */
export interface PlanPreset {
  /** Version of this format. */
  schema: 1;
  /** Lower case with hyphens. */
  id: string;
  /** What it is, in a sentence. */
  description: string;
  /** The fewest devices that show it, or those it ran on. */
  devices: number;
  /** The model preset that it was run with; any with experts where absent. */
  model?: string;
  /** The plan. */
  plan: PlanInput;
  /** What happens to tokens in a layer with experts, from the gate to the sum. */
  steps: readonly string[];
  /** Where it comes from. */
  sources: readonly string[];
}

const texts = z.array(z.string().min(1)).min(1);

const presetSchema: Schema<PlanPreset> = z.strictObject({
  schema: z.literal(1),
  id: z.string().regex(/^[a-z0-9-]+$/),
  description: z.string().min(1),
  devices: z.int().min(1),
  model: z.string().min(1).optional(),
  plan: planSchema as z.ZodType<PlanInput>,
  steps: texts.length(6),
  sources: texts,
});

/** The named plans. */
export const planPresets: Readonly<Record<string, PlanPreset>> = Object.fromEntries(
  [
    ...[dataExpert, dataExpertTensor, dataExpertPipeline, expertTensor],
    ...[deepseekV3, mixtral8x22b, qwen3],
  ].map((json) => [
    json.id,
    parseConfig(presetSchema, json, `sim/plan/presets/${json.id}.json`),
  ]),
);

/**
 * The plan with a name.
 *
 * @throws {UserError} for an unknown name.
 *
 * @example
 * ```ts
 * import { planPreset } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const { plan, devices } = planPreset("deepseek-v3");
 * assertEquals([devices, plan.pp, plan.ep, plan.schedule], [2048, 16, 64, "dualpipe"]);
 * ```
 */
export function planPreset(name: string): PlanPreset {
  if (!Object.hasOwn(planPresets, name)) {
    throw unknownName("plan", name, Object.keys(planPresets));
  }
  return planPresets[name];
}
