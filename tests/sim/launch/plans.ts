import fc from "fast-check";
import { modelPreset } from "../../../core/spec/presets/presets.ts";
import type { Model } from "../../../core/spec/model.ts";
import { parseCluster } from "../../../sim/cluster/parse.ts";
import { sizesOf } from "../../../sim/cost/sizes_of.ts";
import type { LauncherName, LaunchInput } from "../../../sim/launch/types.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import {
  type Overlap,
  type Plan,
  type Precision,
  precisions,
  recomputeModules,
} from "../../../sim/plan/plan.ts";
import { withDefaults } from "../../../sim/plan/plan_defaults.ts";
import type { PlanInput } from "../../../sim/plan/plan_input.ts";
import { planFault, type PlanSite } from "../../../sim/plan/plan_rules.ts";

export const workload = {
  ...{ sequence: 4096, causal: true },
  routing: { kind: "balanced" as const },
};

/** What a plan is for. */
export function siteOf(model: Model, devices: number) {
  return { devices, sizes: sizesOf(model), workload };
}

/** A plan of a preset on a cluster, complete. */
export function launched(model: string, cluster: string, plan: PlanInput): LaunchInput {
  const preset = modelPreset(model);
  const at = parseCluster(cluster);
  const site = siteOf(preset, at.devices);
  return { plan: completePlan(plan, site), model: preset, cluster: at, workload };
}

const some = <T>(...values: T[]) => fc.constantFrom(...values);

const overlaps = <K extends keyof Overlap>(name: K, ...values: Overlap[K][]) =>
  some(...values).map((value) => ({ overlap: { [name]: value } }) as PlanInput);

const formats = (name: keyof Plan["formats"], ...values: Precision[]) =>
  some(...values).map((format) => ({ formats: { [name]: format } }) as PlanInput);

/** Changes that some launcher can be told. */
const changes: readonly fc.Arbitrary<PlanInput>[] = [
  some({ tp: 2 }, { tp: 4 }, { tp: 2, etp: 2 }, { tp: 2, sequenceParallel: false }),
  some("p2p" as const, "a2a" as const, "all-gather" as const)
    .map((contextExchange) => ({ cp: 2, contextExchange })),
  some({ pp: 2 }, { pp: 4 }, { pp: 4, vpp: 2 }, { pp: 2, vpp: 4 }, { pp: 4, vpp: 3 }),
  some("zb-v" as const, "dualpipe-v" as const, "gpipe" as const, "1f1b" as const)
    .map((schedule) => ({ pp: 4, schedule })),
  some({ ep: 2 }, { ep: 4 }, { ep: 8 }, { ep: 8, etp: 2 }),
  some(0 as const, 2 as const, 3 as const).map((zero) => ({ zero })),
  some({ zero: 0 as const, overlap: { gradients: false } }),
  some({ shardRanks: 4 }, { shardRanks: 8 }),
  some({ microBatch: 2 }, { microBatch: 2, globalBatch: 256 }),
  some({ recompute: "full" as const }, { recompute: "none" as const }),
  fc.subarray([...recomputeModules], { minLength: 1 }).map((recompute) => ({ recompute })),
  some(...precisions).map((precision) => ({ precision })),
  some({ precision: "fp8" as const }, { precision: "mxfp8" as const })
    .map(({ precision }) => ({ precision, formats: { parameters: precision } })),
  some("deepep" as const, "hybridep" as const, "all-gather" as const)
    .map((dispatcher) => ({ ep: 4, dispatcher })),
  some({ capacityFactor: 1.25 }),
  some(0.5, 1).map((optimizer) => ({ offload: { optimizer } })),
  some({ offload: { activationLayers: 2 } }),
  ...[formats("gradients", "bf16", "fp32"), formats("mainGradients", "fp32", "bf16")],
  formats("moments", "fp32", "bf16", "fp8"),
  ...[overlaps("gradients", false), overlaps("parameters", false), overlaps("tensor", true)],
  ...[overlaps("pipeline", true, false), overlaps("experts", "shared", "batches")],
];

/** What a launcher always does. */
const bases: Readonly<Record<LauncherName, PlanInput>> = {
  "megatron-lm": {},
  "megatron-bridge": {},
  deepspeed: { sequenceParallel: false, overlap: { parameters: false } },
  torchtitan: { zero: 2 },
};

/** Plans of a few changes to what a launcher always does. */
export function plansOf(launcher: LauncherName): fc.Arbitrary<PlanInput> {
  return fc.array(fc.oneof(...changes), { maxLength: 5 }).map((changes) =>
    changes.reduce((plan, change) => ({
      ...plan,
      ...change,
      overlap: { ...plan.overlap, ...change.overlap },
      offload: { ...plan.offload, ...change.offload },
      formats: { ...plan.formats, ...change.formats },
    }), { globalBatch: 128, ...bases[launcher] })
  );
}

/** A plan of an input, where one holds; the nearest that does is not looked for. */
export function planOf(input: PlanInput, site: PlanSite): Plan | undefined {
  const plan = withDefaults(input, site);
  return planFault(plan, site) === undefined ? plan : undefined;
}

/** A plan with what changes nothing, and what a launcher always does, said in one way. */
export function canonical(plan: Plan, model: Model, launcher: LauncherName): Plan {
  const { cp, dp, ep, pp, zero, formats, overlap, stageLayers } = plan;
  const implied = { dispatch: "bf16", combine: "bf16", parameters: "bf16" };
  const wide = launcher === "torchtitan"
    ? { gradients: "fp32", mainGradients: "fp32", moments: "fp32" }
    : launcher === "deepspeed"
    ? { moments: "fp32" }
    : {};
  const told = { ...formats };
  // One buffer holds gradients and sends them, in FP32 unless told otherwise.
  if (launcher.startsWith("megatron")) {
    if (plan.precision !== "fp16") told.gradients ??= told.mainGradients ?? "fp32";
    if (told.gradients === "bf16") told.mainGradients = "bf16";
  }
  if (launcher === "deepspeed") told.gradients ??= plan.precision;
  const kept = Object.entries(told).filter(([name, format]) =>
    format !== undefined && format !== ({ ...implied, ...wide } as Record<string, string>)[name]
  );
  const { shardRanks, stageLayers: _, ...rest } = plan;
  const even = stageLayers?.flat().every((layers) => layers === stageLayers[0][0]) ?? true;
  return {
    ...rest,
    ...(zero > 0 && shardRanks !== undefined && shardRanks !== dp * cp && { shardRanks }),
    ...(!even && { stageLayers }),
    contextExchange: cp === 1 ? "p2p" : plan.contextExchange,
    dispatcher: !model.moe || ep === 1 ? "all-to-all" : plan.dispatcher,
    recompute: plan.recompute.length === 0 ? "none" : plan.recompute,
    formats: Object.fromEntries(kept),
    overlap: {
      ...overlap,
      tensor: plan.tp > 1 && overlap.tensor,
      parameters: zero === 0 ? true : overlap.parameters,
      pipeline: pp === 1 ? false : overlap.pipeline,
      experts: plan.schedule === "dualpipe-v" && ep === 1 ? "none" : overlap.experts,
    },
  };
}
