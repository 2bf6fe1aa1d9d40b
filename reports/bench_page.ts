/**
 * From a benchmark's file to one HTML page: the roofline with every operator under it, what each
 * reaches of it, and the contests.
 *
 * @module
 */
import type { Estimate } from "../kernels/base/estimate.ts";
import { UserError } from "../kernels/base/errors.ts";
import type { BenchContest, BenchFile, BenchRow, ContestVerdict } from "./bench_file.ts";
import { formatNumber } from "./format.ts";
import { renderReport } from "./report.ts";
import type { Provenance, Result, Roofline, Row, TableInfo } from "./result.ts";

const countOf = (contests: readonly BenchContest[], verdict: ContestVerdict) =>
  contests.filter((contest) => contest.verdict === verdict).length;

/** The answer in one sentence. */
function verdictOf({ rows, contests }: BenchFile): string {
  const [reached, missed, open] = (["reached", "missed", "open"] as const)
    .map((verdict) => countOf(contests, verdict));
  const goals = reached + missed + open;
  // By the lower end of the interval: a value that the next run may not find again is no best.
  const best = rows.filter(({ roofFraction }) => roofFraction)
    .toSorted((a, b) => b.roofFraction!.lo - a.roofFraction!.lo)[0];
  const nearest = best
    ? ` Nearest to the roof is ${best.id}, at ${
      formatNumber(best.roofFraction!.lo, "fraction", 2)
    } of it or more.`
    : "";
  if (goals === 0) return `Rows timed, with no goal set: ${rows.length}.${nearest}`;
  return `Goals: ${reached} reached, ${missed} missed, ${open} left open by their intervals.` +
    nearest;
}

/** Speed over the speed that is wanted: below 1, the goal is not reached. */
const shareOfGoal = ({ speed, target }: BenchContest) => speed.value / target!;

/** What the answer supports. */
function decisionOf({ contests }: BenchFile): string {
  const missed = contests.filter(({ verdict }) => verdict === "missed")
    .toSorted((a, b) => shareOfGoal(a) - shareOfGoal(b));
  if (missed.length === 0) return "No goal is missed: what is slow is to be looked for elsewhere.";
  const [{ says, speed, goal }] = missed;
  return `Where to work first: ${says}, at ${formatNumber(speed.value, "plain", 3)} where ` +
    `${goal} is wanted. An interval that holds its goal needs more rounds, not another kernel.`;
}

/** Work a second, from the time of a row. */
function rate(amount: number, { value, lo, hi, n, method }: Estimate): Estimate {
  return { value: amount / value, lo: amount / hi, hi: amount / lo, n, method };
}

/** The family of what bounds the others. */
const ROOF = "roof";

function operatorRow(row: BenchRow): Row {
  const { id, seconds, flops, bytes, roofFraction, warnings } = row;
  const { family: _, ...labels } = row.labels;
  return {
    id,
    table: row.labels.family === ROOF ? roofTable.id : operatorTable.id,
    labels,
    kind: "measured",
    metrics: {
      ...(roofFraction && { shareOfRoofFraction: roofFraction }),
      ...(flops && { flopsPerSecond: rate(flops, seconds) }),
      ...(bytes && { bytesPerSecond: rate(bytes, seconds) }),
      seconds,
    },
    warnings,
  };
}

const verdictWords: Readonly<Record<ContestVerdict, string>> = {
  reached: "✓ reached",
  missed: "✗ missed",
  open: "open",
  "no goal": "–",
};

function contestRow(contest: BenchContest): Row {
  const { id, says, speed, goal, verdict } = contest;
  return {
    id,
    table: "contests",
    labels: { contest: says, goal: goal || "none", verdict: verdictWords[verdict] },
    kind: "measured",
    metrics: { timesTheSpeed: speed },
    warnings: [],
  };
}

const contestTable: TableInfo = {
  id: "contests",
  title: "Contests",
  note: "Two that do the same work, timed in turn in the same rounds: how many times the speed " +
    "of the other the first has, in bytes where it stands beside the driver's copy. A goal is " +
    "reached, or missed, where the whole interval says so.",
};

const operatorTable: TableInfo = {
  id: "operators",
  title: "Operators",
  note: "FLOP count the products that are asked for, without the padding of tiles; bytes count " +
    "every input once and every output once. The share of the roof is the least time that peak " +
    "and memory of the same rounds allow, over the time taken.",
  columns: ["operator", "shape", "by", "shareOfRoofFraction"],
};

const roofTable: TableInfo = {
  id: "roof",
  title: "The roof",
  note:
    "What bounds every operator, timed in every round: multiply-adds in registers alone, and the " +
    "driver's own copy, read and written.",
  columns: ["operator", "shape", "by"],
};

function rooflineOf({ roof, rows }: BenchFile): Roofline | undefined {
  if (!roof) return undefined;
  return {
    peakFlopsPerSecond: roof.peakFlopsPerSecond.value,
    memoryBytesPerSecond: roof.copyBytesPerSecond.value,
    points: rows.filter(({ flops, bytes, roofFraction }) => flops && bytes && roofFraction)
      .map(({ id, labels, flops, bytes, seconds }) => ({
        id,
        // A series is named by the first word: operators of one family share a colour.
        label: `${labels.family} ${id}`,
        flopPerByte: flops! / bytes!,
        flopsPerSecond: rate(flops!, seconds),
      })),
  };
}

function provenanceOf(file: BenchFile): Provenance {
  const { bench, startedAt, wallSeconds, command, commit, versions, os, cpu, lockHash } = file;
  return {
    ...{ runId: `bench-${bench}`, startedAt, wallSeconds, command, commit, versions, os, cpu },
    ...{ lockHash, seed: 0, inputs: {} },
    ...file.device!,
  };
}

/**
 * A benchmark as a result, which the report's page shows.
 *
 * @throws {UserError} where no device was measured: there is no roof to show.
 */
export function benchResult(file: BenchFile): Result {
  const { bench, rows, contests, notes, skipped } = file;
  if (!file.device) {
    throw new UserError(`Cannot show a page of "${bench}": found no device in it, wanted one`);
  }
  return {
    schema: 1,
    experiment: `bench ${bench}`,
    title: "Operators under the roof",
    question: "How near does each operator come to what this device can do, and how does it do " +
      "beside others that do the same work?",
    verdict: verdictOf(file),
    decision: decisionOf(file),
    notes: [
      { heading: "How it was taken", paragraphs: notes },
      ...skipped.length > 0
        ? [{
          heading: "What was left out",
          paragraphs: skipped.map(({ what, why }) => `${what}: ${why}.`),
        }]
        : [],
    ],
    provenance: provenanceOf(file),
    tables: [...contests.length > 0 ? [contestTable] : [], operatorTable, roofTable],
    rows: [...contests.map(contestRow), ...rows.map(operatorRow)],
    samples: Object.fromEntries(rows.map(({ id, samples }) => [id, samples])),
    pairs: [],
    pairSummaries: [],
    roofline: rooflineOf(file),
    timelines: [],
    checks: [],
  };
}

/**
 * A benchmark as one HTML page that needs nothing else, in the manner of
 * {@linkcode renderReport}. The same file gives the same bytes.
 *
 * @throws {UserError} where no device was measured.
 */
export function renderBench(file: BenchFile): string {
  return renderReport(benchResult(file));
}
