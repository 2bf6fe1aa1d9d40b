/**
 * torchtitan: its TOML.
 *
 * @module
 */
import { settingOf, type Settings, withoutDefaults } from "../settings.ts";
import { formatToml, parseToml, type TomlValue } from "../text/toml.ts";
import type { Launcher, LaunchInput } from "../types.ts";
import { torchtitanArguments as known, torchtitanIgnores } from "./arguments.ts";
import { readTorchtitan } from "./read.ts";
import { torchtitanSearches } from "./searches.ts";
import { flavors, torchtitanSettings } from "./tell.ts";

const MODULES = "parallelism.module_fqns_per_model_part";

/** What torchtitan itself checks: `distributed/parallel_dims.py` and the schedules of torch. */
function faults(settings: Settings, { plan, model, workload }: LaunchInput): string[] {
  const at = (name: string) => Number(settingOf(settings, `parallelism.${name}`, known));
  const { tp, cp, ep, etp, schedule, overlap, recompute } = plan;
  const shard = at("data_parallel_shard_degree");
  const found: string[] = [];
  if (model.moe && ep > 1) {
    const beside = etp === tp ? cp : cp * tp;
    if (etp !== tp && etp !== 1) found.push(`etp 1 or ${tp}`);
    else if (ep % beside !== 0 || (shard * beside) % ep !== 0) {
      found.push(
        `ep in multiples of ${beside} and a divisor of the ${shard * beside} ranks of a shard`,
      );
    }
  }
  const slices = tp * 2 * cp;
  if (workload.sequence % slices !== 0) found.push(`a sequence in multiples of ${slices}`);
  if (schedule === "dualpipe-v" && overlap.experts === "dualpipe" && recompute !== "none") {
    found.push("recompute=none for overlap=experts:dualpipe");
  }
  return found;
}

/** Lists of modules are lists of lists in the file. */
function asToml(name: string, value: Settings[string]): TomlValue {
  if (name !== MODULES) return value;
  return (value as readonly string[]).map((part) => part.split(" "));
}

/** torchtitan. */
export const torchtitan: Launcher = {
  name: "torchtitan",
  version: "torchtitan 0.2, JobConfig",
  sources: [
    "pytorch/torchtitan 6404b93 and newer, torchtitan/config/job_config.py",
    "pytorch/torchtitan 0119de1, torchtitan/distributed/parallel_dims.py",
    "pytorch/torchtitan, torchtitan/models/llama3/infra/parallelize.py: replicas alone or shards",
    "pytorch/torchtitan, torchtitan/distributed/pipeline_parallel.py",
  ],
  arguments: known,
  ignores: torchtitanIgnores,
  tell: (input, refuse) => ({
    settings: torchtitanSettings(input, refuse),
    notes: [
      "Data, tokenizer, optimiser, steps and checkpoints are still to be given",
      ...(flavors[input.model.id]
        ? []
        : [`[model] is still to be given: no flavor of ${input.model.id} is known`]),
      ...(input.model.mtp ? ["Its models have no modules that predict further tokens"] : []),
    ],
  }),
  formats: { gradients: "fp32" },
  searches: torchtitanSearches,
  faults,
  write: (settings) =>
    formatToml(
      Object.fromEntries(
        Object.entries(withoutDefaults(settings, known))
          .map(([name, value]) => [name, asToml(name, value)]),
      ),
    ),
  parse(text) {
    const values: Record<string, unknown> = parseToml(text);
    const modules = values[MODULES];
    if (Array.isArray(modules)) {
      values[MODULES] = modules.map((part) => [part].flat().join(" "));
    }
    return { values };
  },
  read(settings, devices) {
    const sequence = settingOf(settings, "training.seq_len", known) as number;
    const [name, flavor] = [settings["model.name"], settings["model.flavor"]];
    const id = Object.keys(flavors).find((id) =>
      flavors[id][0] === name && flavors[id][1] === flavor
    );
    const model: Record<string, string> = id === undefined ? {} : { id };
    return { ...readTorchtitan(settings, devices), sequence, model };
  },
};
