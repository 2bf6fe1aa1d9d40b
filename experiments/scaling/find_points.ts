/**
 * All points of all sweeps, searched one after the other, going on where a stopped run was.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { SearchProblem } from "../../sim/search/problem.ts";
import type { Context } from "../define.ts";
import { MEMORY } from "../device_profile.ts";
import { readCommit } from "../git.ts";
import { problemOf } from "../planner/planning.ts";
import { clusterOf } from "../../sim/cluster/parse.ts";
import { trainMany } from "../training/train_many.ts";
import { type BestPlans, bestPlans } from "./best_plans.ts";
import { type ComparedPoint, comparePoints } from "./efficiency.ts";
import { memoryRelief } from "./memory_relief.ts";
import { scaledPoint } from "./scaled_step.ts";
import type { Subject } from "./subjects.ts";
import { chosenSweeps, growing, skewId, type Sweep, sweeps } from "./sweeps.ts";

/** A sweep of one subject, done. */
export interface DoneSweep {
  /** The sweep. */
  sweep: Sweep;
  /** What was scaled. */
  subject: Subject;
  /** Its points. */
  points: ComparedPoint[];
  /** How many times faster its reference would be with memory without end, where that explains. */
  relief?: number;
}

/** What was found. */
export interface FoundPoints {
  /** Sweeps in their order, each subject after the other. */
  done: DoneSweep[];
  /** By subject, the best plans of its base, where uneven routing is asked for. */
  bases: BestPlans[];
  /** Removes what was kept for a run that is stopped. */
  forget(): Promise<void>;
}

/** Folder of the suite. */
const suite = fileURLToPath(new URL("../..", import.meta.url));

function labelOf({ sizes, cluster, globalBatch }: SearchProblem): string {
  return `${sizes.name}, ${clusterOf(cluster).devices} devices, ${globalBatch} sequences`;
}

/** Searches the points of the chosen sweeps and holds them against their references. */
export async function findPoints(
  subjects: readonly Subject[],
  context: Pick<Context, "progress" | "signal" | "log" | "quick"> & { sweeps: readonly string[] },
): Promise<FoundPoints> {
  const { progress, signal, log, quick } = context;
  const chosen = chosenSweeps(context.sweeps);
  const asked = sweeps.filter(({ id }) => chosen.has(id)).flatMap((sweep) =>
    subjects.map((subject) => ({ sweep, subject, points: sweep.points(subject) }))
  );
  const problems = [
    ...asked.flatMap(({ points }) => points.map(({ planning }) => problemOf(planning))),
    ...(chosen.has(skewId) ? subjects.map(({ base }) => problemOf(base)) : []),
  ];
  const { outcomes, forget } = await trainMany<SearchProblem, BestPlans>(problems, {
    train: (problem) => bestPlans(problem, { signal, workers: !quick }),
    label: labelOf,
    folder: `${MEMORY}/scaling`,
    under: { commit: await readCommit(suite) },
    ...{ progress, signal },
    log: () => log("What a stopped run had found is taken over"),
  });
  let next = 0;
  const done = asked.map(({ sweep, subject, points }): DoneSweep => {
    const scaled = points.map((point) => scaledPoint(point, outcomes[next++]));
    const compared = comparePoints(scaled, { reference: sweep.reference?.(subject) });
    const relief = growing.includes(sweep.id) ? memoryRelief(compared) : undefined;
    return { sweep, subject, points: compared, ...(relief !== undefined && { relief }) };
  });
  return { done, bases: outcomes.slice(next), forget };
}
