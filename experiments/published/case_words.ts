/**
 * What the words of published tables mean in a plan: number formats, recomputation, sharding,
 * dispatchers, devices. Each is a list of patterns of which the first that fits counts.
 *
 * @module
 */
import type { Dispatcher, Plan, Precision, RecomputeModule } from "../../sim/plan/plan.ts";
import type { Graphs } from "../../sim/stack/stack.ts";
import type { CaseRecipe } from "./case.ts";

/** Patterns of lower-case words and what they mean. */
type Words<T> = readonly (readonly [RegExp, T])[];

/** The meaning of a text, or nothing where no pattern fits. */
function meaning<T>(words: Words<T>, text: string | undefined): T | undefined {
  const lower = text?.toLowerCase();
  return lower === undefined ? undefined : words.find(([pattern]) => pattern.test(lower))?.[1];
}

/** Formats. "CS" is scaling by tensor with the current maximum, "MX" by blocks of 32. */
const formats: Words<Precision> = [
  [/mxfp8|fp8-mx|granularity: mx/, "mxfp8"],
  [/fp4/, "fp4"],
  [/fp8/, "fp8"],
  [/bf16|bfloat16/, "bf16"],
  [/fp16|half/, "fp16"],
  [/tf32/, "tf32"],
  [/fp32/, "fp32"],
];

/** Devices by the name of their cluster preset. */
const devices: Words<string> = [
  [/gb300/, "gb300"],
  [/gb200|blackwell 184 gib/, "gb200"],
  [/b300/, "b300"],
  [/b200/, "b200"],
  [/h800/, "h800"],
  [/h200/, "h200"],
  [/h20\b/, "h20"],
  [/h100/, "h100"],
  [/a100.*40 ?gb/, "a100-40gb"],
  [/a100/, "a100"],
  [/v100/, "v100"],
];

const dispatchers: Words<Dispatcher> = [
  [/hybrid-?ep/, "hybridep"],
  [/deep-?ep/, "deepep"],
  [/all-?gather/, "all-gather"],
  [/a2a|all-?to-?all/, "all-to-all"],
];

const shardings: Words<0 | 1 | 2 | 3> = [
  [/grad_op|zero-?2/, 2],
  [/fsdp|full_shard|zero-?3/, 3],
  [/zero-?1|distributed optimizer/, 1],
  [/none|replicated/, 0],
];

/** Modules of Megatron's selective recomputation, and the words of tables for them. */
const modules: readonly (readonly [RegExp, readonly RecomputeModule[]])[] = [
  [/mla_up/, ["mla_up"]],
  [/norm/, ["norm"]],
  [/core_attn|attention/, ["attention_core"]],
  [/shared_experts/, ["shared_experts"]],
  [/\bmlp\b/, ["ffn"]],
  [/\bmoe\b/, ["experts"]],
  [/(^|[ ,_])act\b/, ["activation"]],
  // Every second product and all that lies between products (torchtitan's selective checkpoints).
  [/per-op/, ["norm", "activation"]],
];

/** The number format that a table names. */
export function precisionOf(text: string | undefined): Precision | undefined {
  return meaning(formats, text);
}

/** The cluster preset of a device that a table names. */
export function deviceOf(gpu: string): string | undefined {
  return meaning(devices, gpu);
}

/** The dispatcher that a recipe or a table names. */
export function dispatcherOf(text: string | undefined): Dispatcher | undefined {
  return meaning(dispatchers, text);
}

/** The ZeRO stage that a table names. */
export function zeroOf(text: string | undefined): 0 | 1 | 2 | 3 | undefined {
  return meaning(shardings, text);
}

/** What is computed again, from words such as "every_layer" or "selective moe_act, mlp". */
export function recomputeOf(text: string | undefined): Plan["recompute"] | undefined {
  const lower = text?.toLowerCase();
  if (lower === undefined) return undefined;
  if (/^(full|every_layer)/.test(lower)) return "full";
  if (/^(none|disabled|off)/.test(lower)) return "none";
  const found = modules.filter(([word]) => word.test(lower)).flatMap(([, m]) => m);
  return found.length > 0 ? found : undefined;
}

/** What a recipe's list of modules computes again. */
export function recomputeModulesOf(list: readonly string[]): Plan["recompute"] {
  return list.length === 0 ? "none" : recomputeOf(`selective ${list.join(", ")}`) ?? "none";
}

/** How kernels are issued under a recipe's `[implementation, scope]`. */
export function graphsOf(setting: CaseRecipe["cuda_graph"]): Graphs {
  const implementation = setting?.[0] ?? "none";
  if (implementation === "none") return "none";
  return /full_iteration/.test(JSON.stringify(setting)) ? "full" : "partial";
}
