/**
 * The searches that a question comes to: one for each number of devices, and where plans are for a
 * launcher one for each product of values that it can be told.
 *
 * @module
 */
import { launchSearches } from "../../sim/launch/choices.ts";
import type { LauncherName } from "../../sim/launch/types.ts";
import type { SearchProblem } from "../../sim/search/problem.ts";
import { onFewerDevices } from "./device_counts.ts";
import { type Planning, problemOf } from "./planning.ts";

/** One search of a question. */
export interface SearchTask {
  /** The question on its devices, with all that is held of its plans. */
  planning: Planning;
  /** What is searched. */
  problem: SearchProblem;
  /** A few letters that it is called by, such as "64-2". */
  name: string;
}

/** What the searches are for. */
export interface TaskOptions {
  /** Whether fewer devices are searched too. */
  fewer: boolean;
  /** Launcher that has to run the plan; any plan unless given. */
  launcher?: LauncherName;
}

/**
 * The searches of a question, most devices first.
 *
 * @throws {UserError} for what cannot be searched, and for a launcher that what is held leaves no plan.
 */
export function searchTasks(planning: Planning, options: TaskOptions): SearchTask[] {
  const { fewer, launcher } = options;
  const plannings = fewer ? onFewerDevices(planning) : [planning];
  return plannings.flatMap((asked): SearchTask[] => {
    // The cheapest and the thriftiest plan of a number of devices is the fastest one.
    const objective = asked.objective === "memory" ? "memory" : "time";
    const whole: SearchProblem = { ...problemOf(asked), objective };
    const problems = launcher === undefined
      ? [whole]
      : launchSearches(whole, { launcher, model: asked.model });
    const { devices } = asked.cluster;
    return problems.map((problem, i) => ({
      planning: { ...asked, fix: problem.fix ?? asked.fix },
      problem,
      name: problems.length === 1 ? `${devices}` : `${devices}-${i + 1}`,
    }));
  });
}
