/**
 * Megatron Bridge: overrides of a recipe, key=value. A recipe says the model and has a plan of its
 * own, so that every field of the plan is written, those that hold anyway among them.
 *
 * @module
 */
import type { PlanInput } from "../../plan/plan_input.ts";
import { megatronIgnores } from "../megatron/ignored.ts";
import { modelSettings } from "../megatron/model.ts";
import { planSettings } from "../megatron/plan.ts";
import { readModelSettings } from "../megatron/read_model.ts";
import { readPlanSettings } from "../megatron/read_plan.ts";
import { megatronFaults } from "../megatron/rules.ts";
import { megatronSearches } from "../megatron/searches.ts";
import type { Setting, Settings } from "../settings.ts";
import { shellArguments, shellWord, startedDevices } from "../text/shell.ts";
import type { Launcher, LaunchInput, Parsed, Refuse } from "../types.ts";
import { bridgeArguments, modelKeys, planKeys, precisionRecipes } from "./keys.ts";

/** Chunks of a stage, null where nothing is interleaved. */
const VIRTUAL = "model.virtual_pipeline_model_parallel_size";

/** What a recipe may have and a plan has not. */
const nothing: Settings = {
  "model.pipeline_model_parallel_layout": "null",
  "model.recompute_granularity": "null",
  "optimizer.optimizer_cpu_offload": false,
  "ddp.use_megatron_fsdp": false,
};

/** Settings of Megatron-LM as Bridge's fields. */
function bridgeSettings(settings: Settings, input: LaunchInput): Settings {
  const { plan, model } = input;
  const told: Record<string, Setting> = { ...nothing, [VIRTUAL]: plan.vpp };
  if (model.moe) told["model.moe_expert_capacity_factor"] = "null";
  for (const [key, name] of Object.entries(planKeys)) {
    const value = settings[name.replace("!", "")];
    if (value !== undefined) told[key] = name.startsWith("!") ? !value : value;
  }
  // A recipe may have chosen another backend, and two are refused.
  if (told["model.moe_enable_deepep"]) {
    delete told["model.moe_enable_deepep"];
    told["model.moe_flex_dispatcher_backend"] = "deepep";
  }
  const { gradients } = plan.formats;
  const narrow = "--fp8-format" in settings || "--fp4-format" in settings;
  const recipe = settings["--fp16"] ? "fp16_mixed" : "bf16_mixed";
  if (settings["--fp16"] || settings["--bf16"]) {
    if (!narrow && (gradients === undefined || (gradients === "fp32" && recipe === "bf16_mixed"))) {
      for (const name of ["bf16", "fp16"]) delete told[`mixed_precision.${name}`];
      told["mixed_precision"] = recipe;
      return told;
    }
  }
  if (gradients !== undefined) told["mixed_precision.grad_reduce_in_fp32"] = gradients === "fp32";
  return told;
}

/** Bridge's fields as settings of Megatron-LM. */
function megatronSettings(told: Settings): Settings {
  const settings: Record<string, Setting> = {};
  for (const [key, name] of Object.entries({ ...planKeys, ...modelKeys })) {
    if (told[key] === undefined || told[key] === "null") continue;
    settings[name.replace("!", "")] = name.startsWith("!") ? !told[key] : told[key];
  }
  Object.assign(settings, precisionRecipes[String(told["mixed_precision"])]);
  const reduced = told["mixed_precision.grad_reduce_in_fp32"];
  if (reduced !== undefined) {
    settings["--accumulate-allreduce-grads-in-fp32"] = reduced;
    settings["--grad-reduce-in-bf16"] = !reduced;
    // Only under BF16 is there a choice.
    settings["--bf16"] ??= !settings["--fp16"];
  }
  if (told["model.num_query_groups"] !== undefined) settings["--group-query-attention"] = true;
  return settings;
}

function valueText(key: string, value: Setting): string {
  if (key === VIRTUAL && value === 1) return "null";
  if (!Array.isArray(value)) return String(value);
  return key === "model.cp_comm_type" ? value[0] : `[${value.join(",")}]`;
}

function valueOf(key: string, text: string): unknown {
  if (text === "null" || text === "None") {
    return key === VIRTUAL ? 1 : Object.hasOwn(nothing, key) ? "null" : undefined;
  }
  if (/^\[.*\]$/.test(text)) return text.slice(1, -1).split(",").map((word) => word.trim());
  return text;
}

function parse(text: string): Parsed {
  const { values, words } = shellArguments(text);
  const devices = startedDevices(values);
  const pairs = [...words, ...Object.values(values).flat()]
    .map((word) => /^\+{0,2}([a-z_][\w]*(?:\.\w+)+|mixed_precision)=(.*)$/s.exec(word))
    .filter((pair) => pair !== null)
    .map(([, key, value]) => [key, valueOf(key, value)] as const)
    .filter(([, value]) => value !== undefined);
  return {
    values: Object.fromEntries(pairs),
    ...(devices !== undefined && { devices }),
  };
}

/** The part of a plan whose fields are stated; the recipe says the rest. */
function stated(plan: PlanInput, told: Settings): PlanInput {
  const says = new Set(Object.keys(told).map((key) => bridgeArguments[key].says));
  if (says.has("vpp") || says.has("stageLayers")) ["vpp", "schedule"].forEach((s) => says.add(s));
  if (told["mixed_precision"] !== undefined) {
    ["formats.gradients", "formats.parameters"].forEach((field) => says.add(field));
  }
  if (says.has("formats.gradients")) says.add("formats.mainGradients");
  const part = <T extends object>(group: string, fields: T | undefined): T | undefined => {
    const kept = Object.entries(fields ?? {}).filter(([name]) => says.has(`${group}.${name}`));
    return kept.length > 0 ? Object.fromEntries(kept) as T : undefined;
  };
  const { overlap, offload, formats, ...rest } = plan;
  const groups = {
    overlap: part("overlap", overlap),
    offload: part("offload", offload),
    formats: part("formats", formats),
  };
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([name]) => name === "dp" || says.has(name))),
    ...Object.fromEntries(Object.entries(groups).filter(([, group]) => group !== undefined)),
  };
}

/** What Bridge's overrides cannot say and Megatron-LM's arguments can. */
function refuseFormats({ plan }: LaunchInput, refuse: Refuse): void {
  for (const field of ["moments", "mainGradients"] as const) {
    const format = plan.formats[field];
    if (format === undefined) continue;
    refuse(`override of ${field} (a torch.dtype, set in Python)`, "fp32, where the plan says none");
  }
  if (plan.formats.parameters === "fp4") refuse("parameters gathered in fp4", "bf16");
}

/** Megatron Bridge. */
export const bridge: Launcher = {
  name: "Megatron Bridge",
  version: "Megatron Bridge 0.2, on Megatron Core 0.15 and newer",
  sources: [
    "NVIDIA-NeMo/Megatron-Bridge, docs/megatron-lm-to-megatron-bridge.md",
    "NVIDIA-NeMo/Megatron-Bridge, src/megatron/bridge/training/config.py",
    "NVIDIA-NeMo/Megatron-Bridge 0509780, src/megatron/bridge/training/mixed_precision.py",
    "NVIDIA-NeMo/Megatron-Bridge 0685ff5, src/megatron/bridge/training/comm_overlap.py",
  ],
  arguments: bridgeArguments,
  ignores(name) {
    const [group, ...rest] = name.split(".");
    const groups = /^(scheduler|logger|tokenizer|checkpoint|rng|dist|profiling|peft|validation)$/;
    if (groups.test(group)) return "what is learned, watched or kept";
    return megatronIgnores(`--${rest.join(".").replaceAll("_", "-")}`);
  },
  tell(input, refuse) {
    refuseFormats(input, refuse);
    // The recipe says the model; that Megatron can say it is asked for all the same.
    modelSettings(input, refuse);
    return {
      settings: bridgeSettings(planSettings(input, refuse), input),
      notes: [
        `Overrides of a recipe of ${input.model.name}, which says the model`,
        "The recipe's comm_overlap and mixed_precision have to be objects where their fields are set",
      ],
    };
  },
  formats: { gradients: "fp32" },
  searches: megatronSearches,
  faults: (settings, input) =>
    megatronFaults(
      { ...modelSettings(input, () => {}), ...megatronSettings(settings) },
      input.cluster.devices,
    ),
  write: (settings) =>
    Object.entries(settings)
      .map(([key, value]) => `${shellWord(`${key}=${valueText(key, value)}`)}\n`).join(""),
  parse,
  read(told, devices) {
    const settings = megatronSettings(told);
    const { plan, ignored } = readPlanSettings(settings, devices);
    const sequence = settings["--seq-length"] as number | undefined;
    return {
      ...{ plan: stated(plan, told), ignored, model: readModelSettings(settings) },
      ...(sequence !== undefined && { sequence }),
    };
  },
};
