/**
 * Tables of the planner's page: the best plans, the front, and the plans in words.
 *
 * @module
 */
import { exactly } from "../../../kernels/base/estimate.ts";
import type { Row, TableInfo } from "../../../reports/result.ts";
import { formatPlan } from "../../../sim/plan/plan_words.ts";
import type { PlanLine } from "../plan_record.ts";
import { planColumns } from "./plan_columns.ts";
import { calledBy, type NamedComparison, type PlanPage } from "./plan_page.ts";

/** A table with its rows. */
export interface FilledTable {
  /** The table. */
  info: TableInfo;
  /** Its rows. */
  rows: Row[];
}

/** Rows of the front that are shown. */
const FRONT = 24;

/** Some of many, both ends among them. */
export function pickEvenly<T>(from: readonly T[], count: number): T[] {
  if (from.length <= count) return [...from];
  return Array.from(
    { length: count },
    (_, i) => from[Math.round(i * (from.length - 1) / (count - 1))],
  );
}

const closed = (value: number) => exactly(value, "closed form");
const events = (value: number) => exactly(value, "events");

/** What a plan costs beside its time. */
const prices = ({ dollars, energyJoules }: PlanLine, said: typeof closed): Row["metrics"] => ({
  ...(dollars !== undefined && { costDollars: said(dollars) }),
  ...(dollars === undefined && energyJoules !== undefined && { energyJoules: said(energyJoules) }),
});

function bestTable({ record }: PlanPage): FilledTable {
  const { best, asked } = record;
  const columns = planColumns(best.map(({ plan }) => plan));
  const [first] = best;
  return {
    info: {
      id: "best",
      title: "The best plans",
      note:
        "Each stands for the plans with its degrees, sharding and schedule, and for others with its " +
        "time and memory; alike is how many more of them are within 1 %. Their steps share the interval of the card above: its errors " +
        "are those of the machine and the software, and move all of them alike.",
      columns: ["place", "devices", "stepSeconds", "behindFraction"],
      best: { stepSeconds: "lowest", peakBytes: "lowest", tokensPerSecond: "highest" },
    },
    rows: best.map((line, i): Row => ({
      id: `best-${i + 1}`,
      table: "best",
      labels: {
        place: i + 1,
        ...(asked.fewerDevices && { devices: line.devices }),
        ...columns[i],
      },
      kind: "simulated",
      metrics: {
        stepSeconds: events(line.eventSeconds),
        ...(i > 0 && {
          behindFraction: events(line.eventSeconds / first.eventSeconds - 1),
        }),
        closedFormSeconds: closed(line.closedSeconds),
        peakBytes: closed(line.peakBytes),
        tokensPerSecond: events(line.tokensPerSecond),
        mfuFraction: events(line.mfuFraction),
        ...prices(line, events),
        alikeCount: exactly(line.alike.plans, "counted among the plans that were kept"),
      },
      warnings: [],
    })),
  };
}

function frontTable({ record }: PlanPage): FilledTable {
  const { front, asked } = record;
  const shown = pickEvenly(front, FRONT);
  const columns = planColumns(shown.map(({ plan }) => plan));
  return {
    info: {
      id: "front",
      title: "The front",
      note: shown.length < front.length
        ? `${shown.length} of the ${front.length} plans on it, evenly from the fastest to the smallest.`
        : "From the fastest to the smallest.",
      best: { stepSeconds: "lowest", peakBytes: "lowest" },
    },
    rows: shown.map((line, i): Row => ({
      id: `front-${i + 1}`,
      table: "front",
      labels: {
        place: i + 1,
        ...(asked.fewerDevices && { devices: line.devices }),
        ...columns[i],
      },
      kind: "simulated",
      metrics: {
        stepSeconds: closed(line.closedSeconds),
        peakBytes: closed(line.peakBytes),
        memoryFraction: closed(line.memoryFraction),
        mfuFraction: closed(line.mfuFraction),
        ...prices(line, closed),
      },
      warnings: [],
    })),
  };
}

function comparedMetrics(
  { comparison: { a, b } }: NamedComparison,
  deviceBytes: number,
): Row["metrics"] {
  return {
    stepSeconds: closed(b.stepSeconds),
    behindFraction: closed(b.stepSeconds / a.stepSeconds - 1),
    peakBytes: closed(b.peakBytes),
    memoryFraction: closed(b.peakBytes / deviceBytes),
  };
}

function comparedTable({ record, comparisons = [] }: PlanPage): FilledTable {
  const { deviceBytes, limitBytes } = record.asked;
  const columns = planColumns(comparisons.map(({ comparison: { b } }) => formatPlan(b.plan)));
  return {
    info: {
      id: "compared",
      title: "Plans that were named",
      note: "Beside the best plan, in closed form.",
    },
    rows: comparisons.map((named, i): Row => ({
      id: `compared-${i + 1}`,
      table: "compared",
      labels: { plan: calledBy(named, i), ...columns[i] },
      kind: "simulated",
      metrics: comparedMetrics(named, deviceBytes),
      warnings: named.comparison.b.peakBytes > limitBytes
        ? ["does not fit into the memory that was allowed"]
        : [],
    })),
  };
}

function searchTable({ record: { searches } }: PlanPage): FilledTable {
  return {
    info: {
      id: "searches",
      title: "The searches",
      note: "The fastest plan of each, in closed form.",
      best: { fastestSeconds: "lowest" },
    },
    rows: searches.map(({ name, devices, counts, complete, bestSeconds }, i): Row => ({
      id: `searches-${i + 1}`,
      table: "searches",
      labels: { search: name, devices },
      kind: "simulated",
      metrics: {
        ...(bestSeconds !== undefined && { fastestSeconds: closed(bestSeconds) }),
        pricedCount: exactly(Number(counts.evaluated), "counted"),
      },
      warnings: complete ? [] : ["stopped before its end"],
      ...(bestSeconds === undefined && complete && { infeasible: "nothing fits" }),
    })),
  };
}

function wordTable({ record, comparisons = [] }: PlanPage): FilledTable {
  const plans: [string, string][] = [
    ...record.best.map(({ plan }, i): [string, string] => [`place ${i + 1}`, plan]),
    ...comparisons.map((named, i): [string, string] => [
      calledBy(named, i),
      formatPlan(named.comparison.b.plan),
    ]),
  ];
  return {
    info: {
      id: "words",
      title: "The plans in words",
      note: "As simulate --plan and plan --fix take them.",
    },
    rows: plans.map(([which, plan], i) => ({
      id: `words-${i + 1}`,
      table: "words",
      labels: { which, plan },
      kind: "simulated",
      metrics: {},
      warnings: [],
    })),
  };
}

/** All tables of the page. */
export function planTables(page: PlanPage): FilledTable[] {
  return [
    bestTable(page),
    frontTable(page),
    ...((page.comparisons ?? []).length > 0 ? [comparedTable(page)] : []),
    ...(page.record.searches.length > 1 ? [searchTable(page)] : []),
    wordTable(page),
  ];
}
