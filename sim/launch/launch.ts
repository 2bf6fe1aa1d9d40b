/**
 * Plans for launchers, and plans from their configurations.
 *
 * A launcher is a table of arguments: which field of ours an argument says, what it takes, and what
 * holds where it is left out. What a launcher cannot say is refused by name, with the nearest that it
 * can; so is what it would refuse itself. What a configuration says is read with the launcher's own
 * defaults, since it is them that run.
 *
 * @module
 */
import { editDistance, nearest, UserError } from "../../kernels/base/errors.ts";
import { launcherOf } from "./launchers.ts";
import { type LaunchArguments, readSetting, type Setting } from "./settings.ts";
import {
  type IgnoredArgument,
  type Launcher,
  type LauncherName,
  type LaunchInput,
  type LaunchReading,
  type LaunchText,
} from "./types.ts";

/** What is known of a launcher: its arguments are the table of what it can say. */
export interface LauncherFacts {
  /** Name, as people write it. */
  name: string;
  /** The version whose arguments and rules are followed. */
  version: string;
  /** Files that say them. */
  sources: readonly string[];
  /** The arguments that say something of ours. */
  arguments: LaunchArguments;
}

/**
 * What is known of a launcher.
 *
 * @throws {UserError} for an unknown name.
 */
export function launcherFacts(launcher: string): LauncherFacts {
  const { name, version, sources, arguments: known } = launcherOf(launcher);
  return { name, version, sources, arguments: known };
}

/**
 * A plan as a launcher's configuration.
 *
 * What holds anyway is left out, except in overrides of a recipe, which has a plan of its own.
 *
 * @param input A complete plan, and what it is for.
 * @throws {UserError} for all that the launcher cannot say, each with the nearest that it can, or for
 * all that it would refuse itself.
 *
 * @example
 * ```ts
 * import { modelPreset } from "@moelab/moelab/core";
 * import { completePlan, parseCluster, parsePlan, sizesOf, writeLaunch } from "@moelab/moelab/sim";
 * import { assert, assertThrows } from "@std/assert";
 *
 * const model = modelPreset("mixtral-8x7b");
 * const cluster = parseCluster("h100:64");
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const site = { devices: 64, sizes: sizesOf(model), workload };
 * const write = (words: string) => {
 *   const plan = completePlan(parsePlan(words), site);
 *   return writeLaunch({ plan, model, cluster, workload }, { launcher: "megatron-lm" }).text;
 * };
 * assert(write("tp=2,pp=4,ep=8").includes("--expert-model-parallel-size 8"));
 * assertThrows(
 *   () => write("pp=4,schedule=zb-v"),
 *   TypeError,
 *   "it has no schedule zb-v; nearest it has: interleaved",
 * );
 * ```
 */
export function writeLaunch(input: LaunchInput, options: { launcher: LauncherName }): LaunchText {
  const launcher = launcherOf(options.launcher);
  const refused: string[] = [];
  const { settings, notes = [] } = launcher.tell(input, (wanted, nearest) => {
    refused.push(`it has no ${wanted}; nearest it has: ${nearest}`);
  });
  if (refused.length === 0) {
    refused.push(...launcher.faults(settings, input).map((wanted) => `it wants ${wanted}`));
  }
  if (refused.length > 0) {
    throw new UserError(
      `Cannot write the plan for ${launcher.name} (${launcher.version}): ${refused.join("; ")}`,
    );
  }
  return {
    launcher: options.launcher,
    version: launcher.version,
    text: launcher.write(settings, input),
    notes,
  };
}

/** Letters by which a name that is not known may differ from one that is, to be a slip. */
const SLIP = 2;

function unknown(name: string, launcher: Launcher): IgnoredArgument {
  const match = nearest(name, Object.keys(launcher.arguments));
  if (match !== undefined && editDistance(name, match) <= SLIP) {
    throw new UserError(`Unknown argument "${name}" of ${launcher.name}: did you mean "${match}"?`);
  }
  const hint = match === undefined ? "" : `; the nearest that is: ${match}`;
  return { argument: name, why: `not known to say anything of a plan${hint}` };
}

/**
 * What a launcher's configuration says: arguments in a shell script or on a command line, overrides,
 * JSON or TOML.
 *
 * @param text The configuration.
 * @param options `launcher` that it is for; `devices` of the job, where the text does not say them.
 * @throws {UserError} for a value that an argument does not take, and for a name that is a slip of
 * one that is known.
 *
 * @example
 * ```ts
 * import { readLaunch } from "@moelab/moelab/sim";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const script = `
 *   TP=4
 *   torchrun --nproc-per-node 8 --nnodes 2 pretrain_gpt.py --num-experts 8 --lr 1e-4 \\
 *     --tensor-model-parallel-size $TP --sequence-parallel --expert-model-parallel-size 4
 * `;
 * const { plan, devices, model, ignored } = readLaunch(script, { launcher: "megatron-lm" });
 * assertEquals([plan.tp, plan.ep, plan.etp, plan.zero, devices], [4, 4, 4, 0, 16]);
 * assertEquals([model["moe.experts"], ignored[0].argument], [8, "--lr"]);
 * assertThrows(
 *   () => readLaunch("--tensor-model-paralel-size 2", { launcher: "megatron-lm" }),
 *   TypeError,
 *   'did you mean "--tensor-model-parallel-size"',
 * );
 * ```
 */
export function readLaunch(
  text: string,
  options: { launcher: LauncherName; devices?: number },
): LaunchReading {
  const launcher = launcherOf(options.launcher);
  const { values, devices = options.devices, computed = [] } = launcher.parse(text);
  const settings: Record<string, Setting> = {};
  const ignored: IgnoredArgument[] = computed.map((argument) => ({
    argument,
    why: "the script computes its value",
  }));
  for (const [name, value] of Object.entries(values)) {
    const argument = launcher.arguments[name];
    if (argument !== undefined) {
      settings[name] = readSetting(name, value, argument);
      continue;
    }
    const why = launcher.ignores(name);
    ignored.push(why === undefined ? unknown(name, launcher) : { argument: name, why });
  }
  const { ignored: more = [], ...said } = launcher.read(settings, devices);
  return {
    launcher: options.launcher,
    ...said,
    ...(devices !== undefined && { devices }),
    understood: Object.keys(settings),
    ignored: [...ignored, ...more],
  };
}
