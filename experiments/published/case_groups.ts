/**
 * Groups of rows to leave out together, so that an error is one of something never seen.
 *
 * @module
 */
import type { PublishedCase } from "./case.ts";
import { releaseOf } from "./case_stack.ts";
import { deviceOf } from "./case_words.ts";
import { modelFamily } from "./model_family.ts";
import { sourceRules } from "./source_rules.ts";

/** The groups of a row; see the module. */
export interface CaseGroups {
  /** Publisher: one software and one way to measure. */
  source: string;
  /** Source and release of the software. */
  release: string;
  /** Model, whatever its proxy depth. */
  family: string;
  /** Device preset. */
  device: string;
  /** Generation of the device. */
  hardware: "volta" | "ampere" | "hopper" | "blackwell" | "other";
  /** Same software, model, devices, sequence and batch: what differs is the plan. */
  sweep: string;
}

const generations: readonly (readonly [RegExp, CaseGroups["hardware"]])[] = [
  [/^v100/, "volta"],
  [/^a100/, "ampere"],
  [/^h\d/, "hopper"],
  [/^g?b\d/, "blackwell"],
];

/**
 * The groups of a row of training.
 *
 * @example
 * ```ts
 * import { caseGroups, loadCases } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const row = (await loadCases()).find((r) => r.id === "mb-26.04-kimi_k2-gb300-mxfp8-164")!;
 * const { family, hardware, release } = caseGroups(row);
 * assertEquals([family, hardware, release], ["kimi-k2", "blackwell", "megatron-bridge/26.04"]);
 * ```
 */
export function caseGroups(row: PublishedCase): CaseGroups {
  const { workload: w, hardware: h } = row;
  const source = sourceRules(row).id;
  const device = deviceOf(h.gpu) ?? h.gpu.toLowerCase();
  const release = [source, releaseOf(row)].filter((part) => part !== undefined).join("/");
  const kind = [w.kernel, w.precision, w.task].filter((part) => part !== undefined);
  return {
    source,
    release,
    family: familyKey(row),
    device,
    hardware: generations.find(([pattern]) => pattern.test(device))?.[1] ?? "other",
    sweep: [release, w.model, `${device}:${h.n_gpus}`, w.seq_len, w.gbs, ...kind].join("|"),
  };
}

/** Families that hold several models are told apart by size, so that one can be left out. */
function familyKey(row: PublishedCase): string {
  const { model, hidden, layers, full_layers } = row.workload;
  const key = modelFamily(row)?.key;
  if (key !== undefined && !["gpt", "mpt", "llama-1", "llama-2"].includes(key)) return key;
  return [key ?? model, `d${hidden}`, `l${full_layers ?? layers}`].join("-");
}
