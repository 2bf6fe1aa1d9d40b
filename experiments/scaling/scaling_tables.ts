/**
 * Sweeps as tables.
 *
 * @module
 */
import { exactly } from "../../kernels/base/estimate.ts";
import { formatNumber } from "../../reports/format.ts";
import type { Row, TableInfo } from "../../reports/result.ts";
import type { Plan } from "../../sim/plan/plan.ts";
import { formatPlan } from "../../sim/plan/plan_words.ts";
import type { KnownErrors } from "../simulate/known_errors.ts";
import { withInterval } from "../simulate/report.ts";
import { stepPartNames } from "../../sim/explain/words/figures.ts";
import type { ComparedPoint } from "./efficiency.ts";
import type { DoneSweep } from "./find_points.ts";
import { isFaster } from "./memory_relief.ts";
import { subjectId, subjectName } from "./subjects.ts";

/** A table with its rows. */
export interface ScalingTable {
  /** The table. */
  info: TableInfo;
  /** Its rows. */
  rows: Row[];
}

/** Words of a plan that a table has room for, where they say more than the usual. */
const shown: Readonly<Record<string, string>> = {
  ...{ tp: "1", cp: "1", dp: "1", pp: "1", vpp: "1", ep: "1", etp: "1", zero: "0", mb: "" },
  ...{ schedule: "1f1b", recompute: "none", dispatcher: "all-to-all" },
};

/** What a plan is, in short: degrees above 1 and what else is not as usual. */
export function shortPlan(plan: Plan): string {
  return formatPlan(plan).split(",").map((word) => word.split("=")).filter(([name, value]) =>
    name in shown && shown[name] !== value && !(name === "schedule" && plan.pp === 1)
  ).map(([name, value]) => `${name} ${value}`).join(", ");
}

/** What is said of a point beside its figures. */
function warningsOf(point: ComparedPoint, { relief }: DoneSweep): string[] {
  return [
    ...(point.found.complete ? [] : ["not the whole space was searched"]),
    ...(relief !== undefined && isFaster(point)
      ? [
        `faster than on the smallest cluster, which would be ${
          formatNumber(relief - 1, "fraction", 2)
        } faster ` +
        "with memory without end",
      ]
      : []),
  ];
}

function rowOf(
  point: ComparedPoint,
  done: DoneSweep,
  { errors, named }: { errors: KnownErrors; named: boolean },
): Row {
  const { sweep: { id, column, axis }, subject } = done;
  const { planning: { globalBatch }, step, compared, label, x } = point;
  const model = subjectName(subject);
  const key = `${id}-${subjectId(subject)}-${label}`;
  const labels: Row["labels"] = {
    [column]: axis ? x : label,
    ...(named && { model }),
    ...(column === "sequences" ? {} : { sequences: globalBatch }),
  };
  const bare = { id: key, table: id, kind: "simulated" as const };
  const warnings = warningsOf(point, done);
  if (!step) {
    const infeasible = "no plan holds and fits into the memory of a device";
    return { ...bare, labels, metrics: {}, warnings, infeasible };
  }
  const { rates, stepSeconds, peakBytes, deviceBytes } = step;
  const simulated = (value: number) => exactly(value, "closed form");
  const dollars = rates.dollars === undefined ? undefined : rates.dollars / rates.tokens * 1e6;
  const most = compared?.added[0];
  const grows = most && most.addedFraction > 0.005
    ? `${stepPartNames[most.part]} (+${(100 * most.addedFraction).toFixed(0)} %)`
    : "nothing";
  return {
    ...bare,
    labels: { ...labels, plan: shortPlan(step.plan), "grows most": grows },
    metrics: {
      stepSeconds: withInterval(stepSeconds, errors, "closed form"),
      deviceTokensPerSecond: simulated(rates.tokensPerSecondPerDevice),
      mfuFraction: simulated(rates.mfuFraction),
      efficiencyFraction: exactly(compared?.efficiencyFraction ?? 1, "ratio of closed forms"),
      peakBytes: simulated(peakBytes),
      memoryFraction: simulated(peakBytes / deviceBytes),
      ...(dollars !== undefined && { dollarsPerMillionTokens: simulated(dollars) }),
    },
    warnings,
  };
}

const reading = '"Grows most" is the part of the step that adds most to the device-seconds of a ' +
  "token, as a share of all of the reference's.";

/** A table for each sweep. */
export function sweepTables(
  done: readonly DoneSweep[],
  errorsOf: (done: DoneSweep) => KnownErrors,
): ScalingTable[] {
  // One model is named above the tables.
  const named = new Set(done.map(({ subject }) => subject)).size > 1;
  return [...Map.groupBy(done, ({ sweep }) => sweep)].map(([sweep, own]) => ({
    info: {
      ...{ id: sweep.id, title: sweep.title, note: `${sweep.note} ${reading}` },
      columns: [sweep.column, "model", "sequences", "plan", "grows most", "stepSeconds"],
    },
    rows: own.flatMap((one) =>
      one.points.map((point) => rowOf(point, one, { errors: errorsOf(one), named }))
    ),
  }));
}

/** The plans in words that `simulate --plan` takes. */
export function planTable(done: readonly DoneSweep[]): ScalingTable {
  const rows = done.flatMap(({ sweep, subject, points }) =>
    points.flatMap(({ step, label, planning: { cluster, globalBatch } }): Row[] =>
      step
        ? [{
          id: `plans-${sweep.id}-${subjectId(subject)}-${label}`,
          table: "plans",
          labels: {
            point: `${sweep.id} ${label}`,
            model: subjectName(subject),
            devices: cluster.devices,
            sequences: globalBatch,
            plan: formatPlan(step.plan),
          },
          kind: "simulated",
          metrics: {},
          warnings: [],
        }]
        : []
    )
  );
  const note = "Each is the best of its whole space, in the words that simulate --plan takes.";
  return { info: { id: "plans", title: "The plans of all points", note }, rows };
}
