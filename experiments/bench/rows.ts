/**
 * From the samples of a heat to rows and contests.
 *
 * @module
 */
import { type Estimate, median } from "../../kernels/base/estimate.ts";
import type {
  BenchContest,
  BenchRoof,
  BenchRow,
  ContestVerdict,
} from "../../reports/bench_file.ts";
import type { Contender, Contest, Goal } from "./heat.ts";
import { ratios } from "./race.ts";
import type { Bounds } from "./roof.ts";

/** Samples of the bounds, a round each. */
export type BoundSamples = Record<keyof Bounds, readonly number[]>;

/** Seconds that the roof allows for a contender's work in each round. */
function leastSeconds(
  { flops = 0, bytes = 0 }: Contender,
  bounds: Bounds,
  samples: BoundSamples,
): number[] {
  return samples.peak.map((seconds, round) =>
    Math.max(
      flops * seconds / bounds.peak.flops!,
      bytes * samples.copy[round] / bounds.copy.bytes!,
    )
  );
}

/** The row of a contender; with the bounds, its share of the roof of the same rounds. */
export function rowOf(
  contender: Contender,
  samples: number[],
  options: { family: string; roof?: { bounds: Bounds; samples: BoundSamples } },
): BenchRow {
  const { family, roof } = options;
  const { id, flops, bytes, underRoof } = contender;
  const labels = { family, ...contender.labels };
  const seconds = median(samples);
  const busy = seconds.hi > 1.5 * seconds.lo;
  const warnings = busy ? ["interval wider than half of its lower end: the machine was busy"] : [];
  const row = { id, labels, seconds, samples, flops, bytes, warnings };
  if (!roof || !underRoof) return row;
  const least = leastSeconds(contender, roof.bounds, roof.samples);
  return { ...row, roofFraction: median(ratios(samples, least)) };
}

/** Work a second, from the time of a row. */
function rate(amount: number, { value, lo, hi, n, method }: Estimate): Estimate {
  return { value: amount / value, lo: amount / hi, hi: amount / lo, n, method };
}

/** The roof, from all rounds of all heats. */
export function roofOf(bounds: Bounds, samples: BoundSamples): BenchRoof {
  return {
    peakFlopsPerSecond: rate(bounds.peak.flops!, median(samples.peak)),
    copyBytesPerSecond: rate(bounds.copy.bytes!, median(samples.copy)),
  };
}

const speedOfGoal = (goal: Goal) => "speed" in goal ? goal.speed : 1 / goal.time;

function goalWords(goal: Goal | undefined): string {
  if (!goal) return "";
  if ("time" in goal) return `at most ${goal.time} times its time`;
  return `at least ${goal.speed} ${goal.speed < 2 ? "of its speed" : "times its speed"}`;
}

/** What an interval says of a goal. */
export function verdictOf(speed: Estimate, target: number | undefined): ContestVerdict {
  if (target === undefined) return "no goal";
  return speed.lo >= target ? "reached" : speed.hi < target ? "missed" : "open";
}

/** The outcome of a contest. */
export function contestOf(
  contest: Contest,
  parties: readonly { contender: Contender; samples: readonly number[] }[],
): BenchContest {
  const { says, per, goal } = contest;
  const [ours, theirs] = [contest.ours, contest.theirs].map((id) => {
    const found = parties.find(({ contender }) => contender.id === id);
    if (!found) throw new RangeError(`Cannot hold a contest: found no contender "${id}"`);
    return found;
  });
  const work = per ? ours.contender[per]! / theirs.contender[per]! : 1;
  const samples = ratios(ours.samples, theirs.samples).map((ratio) => work * ratio);
  const speed = median(samples);
  const target = goal && speedOfGoal(goal);
  return {
    id: `${ours.contender.id} / ${theirs.contender.id}`,
    says,
    ours: ours.contender.id,
    theirs: theirs.contender.id,
    speed,
    samples,
    target,
    goal: goalWords(goal),
    verdict: verdictOf(speed, target),
  };
}
