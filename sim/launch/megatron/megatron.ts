/**
 * Megatron-LM: a shell command in, a shell command out.
 *
 * @module
 */
import type { Cluster } from "../../cluster/cluster.ts";
import { rankSpans } from "../../cluster/tiers.ts";
import { type Settings, withoutDefaults } from "../settings.ts";
import { shellArguments, shellWord, startArguments, startedDevices } from "../text/shell.ts";
import type { Launcher, LaunchInput, Parsed } from "../types.ts";
import { megatronArguments } from "./arguments.ts";
import { megatronIgnores } from "./ignored.ts";
import { modelSettings } from "./model.ts";
import { planSettings } from "./plan.ts";
import { readModelSettings } from "./read_model.ts";
import { readPlanSettings } from "./read_plan.ts";
import { megatronFaults } from "./rules.ts";
import { megatronSearches } from "./searches.ts";

/** Devices of one host: those of a node, of which a rack-wide one is made of trays of four. */
export function devicesPerHost(cluster: Cluster): number {
  const scaleUp = cluster.tiers.findLastIndex(({ fabric }) =>
    fabric.kind === "switch" || fabric.kind === "torus"
  );
  const node = scaleUp < 0 ? 1 : Math.min(rankSpans(cluster)[scaleUp], cluster.devices);
  return node <= 16 && cluster.devices % node === 0
    ? node
    : [4, 2, 1].find((n) => cluster.devices % n === 0)!;
}

/** Variables that the environment has to have; what `validate_args` asks of it. */
function environment({ plan, cluster }: LaunchInput): string[] {
  if (plan.zero > 1 || plan.overlap.experts === "batches") return [];
  const needed = (plan.tp > 1 || plan.cp > 1) && !/^(b|gb)\d/.test(cluster.device);
  return needed ? ["CUDA_DEVICE_MAX_CONNECTIONS=1"] : [];
}

function words(name: string, value: Settings[string]): string {
  if (value === true) return name;
  return [name, ...[value].flat().map((word) => shellWord(String(word)))].join(" ");
}

function command(settings: Settings, input: LaunchInput): string {
  const host = devicesPerHost(input.cluster);
  const told = Object.entries(settings).filter(([name, value]) =>
    value !== false &&
    !(name === "--expert-tensor-parallel-size" && value === input.plan.tp)
  );
  return [
    [
      ...environment(input),
      `torchrun --nproc-per-node ${host} --nnodes ${input.cluster.devices / host} pretrain_gpt.py`,
    ].join(" "),
    ...told.map(([name, value]) => `  ${words(name, value)}`),
  ].join(" \\\n") + "\n";
}

/** Reads a command or script; a fault in how processes are started is none of the plan's. */
function parse(text: string): Parsed {
  const { values, computed } = shellArguments(text);
  const devices = computed.some((name) => startArguments.test(name))
    ? undefined
    : startedDevices(values);
  const kept = Object.entries(values).filter(([name]) => !startArguments.test(name));
  return {
    values: Object.fromEntries(kept),
    ...(devices !== undefined && { devices }),
    computed: computed.filter((name) => !startArguments.test(name)),
  };
}

/** Megatron-LM. */
export const megatron: Launcher = {
  name: "Megatron-LM",
  version: "Megatron Core 0.15",
  sources: [
    "NVIDIA/Megatron-LM 000c4ac, megatron/training/arguments.py",
    "NVIDIA/Megatron-LM, pull request 2176: HybridEP as a backend of the flex dispatcher",
    "NVIDIA/Megatron-LM, megatron/core/transformer/transformer_config.py",
    "NVIDIA/Megatron-LM, megatron/core/transformer/pipeline_parallel_layer_layout.py",
  ],
  arguments: megatronArguments,
  ignores: megatronIgnores,
  tell: (input, refuse) => ({
    settings: { ...modelSettings(input, refuse), ...planSettings(input, refuse) },
    notes: [
      "Data, tokenizer, learning rate, iterations and checkpoints are still to be given",
      ...(input.plan.formats.gradients === undefined
        ? ["Gradients are reduced in fp32 unless the plan says gradients=bf16"]
        : []),
      ...(input.model.moe && input.plan.dispatcher === "hybridep"
        ? ["HybridEP is newer than Megatron Core 0.15.0"]
        : []),
    ],
  }),
  formats: { gradients: "fp32" },
  searches: megatronSearches,
  faults: (settings, { cluster }) => megatronFaults(settings, cluster.devices),
  write: (settings, input) => command(withoutDefaults(settings, megatronArguments), input),
  parse,
  read(settings, devices) {
    const { plan, ignored } = readPlanSettings(settings, devices);
    const sequence = settings["--seq-length"] as number | undefined;
    return {
      ...{ plan, ignored, model: readModelSettings(settings) },
      ...(sequence !== undefined && { sequence }),
    };
  },
};
