/**
 * Whose configuration a text is, told from the text.
 *
 * @module
 */
import { unknownName, UserError } from "../../kernels/base/errors.ts";
import { planWords } from "../plan/plan_words.ts";
import { launcherOf } from "./launchers.ts";
import { parseObject } from "./text/flat.ts";
import { shellArguments } from "./text/shell.ts";
import { type LauncherName, launcherNames } from "./types.ts";

/** Whose configuration there is: a launcher's, or "plan" for a plan of our own. */
export type LaunchKind = LauncherName | "plan";

/** The kinds. */
export const launchKinds: readonly LaunchKind[] = [...launcherNames, "plan"];

/** Whether DeepSpeed's JSON has a field, or a group of fields, of that name. */
function isDeepspeed(field: string): boolean {
  const { arguments: known, ignores } = launcherOf("deepspeed");
  return Object.keys(known).some((path) => path.split(".")[0] === field) ||
    ignores(field) !== undefined;
}

/** Whether a text is a plan in words: "tp=2,pp=4". */
function isWords(text: string): boolean {
  const parts = text.trim().split(",").map((part) => part.split("=")[0].trim());
  return !/[{}]|\n/.test(text.trim()) && parts.every((word) => planWords.includes(word));
}

/** Names in a shell script or on a command line that a launcher knows. */
function knownNames(text: string, launcher: "megatron-lm" | "megatron-bridge"): number {
  const { arguments: known, parse } = launcherOf(launcher);
  return Object.keys(parse(text).values).filter((name) => Object.hasOwn(known, name)).length;
}

/** What a shell's text is for, if anything is known of it. */
function shellKind(text: string): LaunchKind | undefined {
  const bridge = knownNames(text, "megatron-bridge");
  const megatron = knownNames(text, "megatron-lm");
  if (bridge + megatron > 0) return bridge > megatron ? "megatron-bridge" : "megatron-lm";
  const { values } = shellArguments(text);
  return Object.keys(values).length > 0 ? "megatron-lm" : undefined;
}

/**
 * Whose configuration a text is.
 *
 * @param source The name of the file; its ending counts.
 * @throws {UserError} where nothing tells it, or the JSON is none.
 *
 * @example
 * ```ts
 * import { launchKindOf } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(launchKindOf('{"zero_optimization": {"stage": 2}}', "a.json"), "deepspeed");
 * assertEquals(launchKindOf('{"tp": 2}', "b.json"), "plan");
 * assertEquals(launchKindOf("torchrun x.py --bf16 --swiglu", "run.sh"), "megatron-lm");
 * assertEquals(launchKindOf("model.context_parallel_size=2", "run.sh"), "megatron-bridge");
 * assertEquals(launchKindOf("[parallelism]", "c.toml"), "torchtitan");
 * ```
 */
export function launchKindOf(text: string, source: string): LaunchKind {
  if (/\.toml$/i.test(source)) return "torchtitan";
  if (/^\s*\{/.test(text) || /\.json$/i.test(source)) {
    return Object.keys(parseObject(text, source)).some(isDeepspeed) ? "deepspeed" : "plan";
  }
  if (isWords(text)) return "plan";
  if (/^\s*\[[a-z_]+(\.\w+)*\]\s*(#.*)?$/m.test(text)) return "torchtitan";
  const kind = shellKind(text);
  if (kind !== undefined) return kind;
  throw new UserError(
    `Cannot tell whose configuration ${source} is: wanted arguments of Megatron-LM, overrides of ` +
      `Megatron-Bridge, JSON of DeepSpeed, TOML of torchtitan, or a plan; say it with --launcher`,
  );
}

/**
 * A kind that a user names.
 *
 * @throws {UserError} for another name, with the nearest that is known.
 */
export function parseLaunchKind(name: string): LaunchKind {
  if ((launchKinds as readonly string[]).includes(name)) return name as LaunchKind;
  throw unknownName("launcher", name, launchKinds);
}
