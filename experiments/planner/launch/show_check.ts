/**
 * A checked configuration as text on the terminal.
 *
 * @module
 */
import { formatNumber } from "../../../reports/format.ts";
import { launcherFacts } from "../../../sim/launch/launch.ts";
import { stepTokens } from "../../simulate/simulation.ts";
import { formatTable } from "../../table.ts";
import type { LaunchCheck, LaunchMismatch } from "./check_launch.ts";
import { fieldText } from "./field_text.ts";

const bytes = (value: number) => formatNumber(value, "bytes", 3);

/** What a configuration is, in words. */
function nameOf({ launcher, version }: LaunchCheck): string {
  return launcher === "plan" ? "a plan" : `${launcherFacts(launcher).name} (${version})`;
}

/** Whether it would run, in a sentence. */
export function checkVerdict(check: LaunchCheck): string {
  const { whyNot, price, limitBytes, refused } = check;
  if (whyNot !== undefined || price === undefined) return `It does not hold: ${whyNot}`;
  const room = limitBytes - price.peakBytes;
  const fits = room >= 0
    ? `It fits: ${bytes(room)} of ${bytes(limitBytes)} are left on the fullest stage`
    : `It does not fit: ${bytes(-room)} beyond ${bytes(limitBytes)} on the fullest stage`;
  if (refused === undefined || check.launcher === "plan") return fits;
  return `${fits}\n${launcherFacts(check.launcher).name} would refuse it: ${refused}`;
}

function figures({ price, planning, plan }: LaunchCheck): string[] {
  if (!price || !plan) return [];
  const { workload, cluster } = planning;
  const tokens = stepTokens({ plan, workload });
  const rate = tokens / price.stepSeconds / cluster.devices;
  return [formatTable([{ head: "figure" }, { head: "value" }], [
    ["step, closed form", formatNumber(price.stepSeconds, "seconds")],
    ["tokens of a step", formatNumber(tokens, "count")],
    ["tokens/s of a device", formatNumber(rate, "count")],
    ["memory of the fullest stage", bytes(price.peakBytes)],
  ])];
}

const askedNames: Readonly<Record<LaunchMismatch["what"], string>> = {
  devices: "devices",
  sequence: "tokens of a sequence",
  globalBatch: "sequences of a step",
};

function differenceTables({ differences, mismatches, planning, source }: LaunchCheck): string[] {
  const rows = [
    ...mismatches.map(({ what, said, asked }) => [askedNames[what], said, asked]),
    ...differences.map(({ field, said = "", wanted = "" }) => [
      `${planning.model.id}: ${field}`,
      fieldText(said),
      fieldText(wanted),
    ]),
  ];
  if (rows.length === 0) return [];
  return [formatTable([{ head: "differs" }, { head: source }, { head: "asked, and taken" }], rows)];
}

/** Arguments that were read over, those with one reason in one line. */
function ignoredList({ ignored }: LaunchCheck): string[] {
  if (ignored.length === 0) return [];
  const reasons = new Map<string, string[]>();
  for (const { argument, why } of ignored) {
    reasons.set(why, [...(reasons.get(why) ?? []), argument]);
  }
  const lines = [...reasons].map(([why, names]) => `- ${names.join(", ")}: ${why}`);
  return [["Read over", ...lines].join("\n")];
}

/** Everything that there is to say of a checked configuration. */
export function showCheck(check: LaunchCheck): string {
  const { planning: { model, cluster, workload }, source, words, assumed, modelAsked, launcher } =
    check;
  return [
    `${source}, ${nameOf(check)}: ${model.id}${modelAsked ? "" : ", as it describes"} on ` +
    `${cluster.devices} x ${cluster.id}, ${workload.sequence} tokens a sequence` +
    (words === undefined ? "" : `\n${words}`),
    ...figures(check),
    checkVerdict(check),
    ...differenceTables(check),
    ...(assumed.length > 0
      ? [
        `Not said${launcher === "megatron-bridge" ? " here but by its recipe" : ""}, and taken: ${
          assumed.join(", ")
        }`,
      ]
      : []),
    ...ignoredList(check),
  ].join("\n\n");
}
