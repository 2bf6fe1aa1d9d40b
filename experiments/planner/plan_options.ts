/**
 * The options of `plan`: what of them is the question, and what is asked beside it.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { deviceProfile } from "../../sim/cluster/profiles.ts";
import type { LauncherName } from "../../sim/launch/types.ts";
import type { AskedBeside } from "./plan_question.ts";
import type { Planning } from "./planning.ts";
import type { PlanningWords } from "./read_planning.ts";

/** Words that are not always given. */
type Given = "model" | "cluster" | "globalBatch" | "sequence";

/** The options of the command; of the words of a question a user has to give some. */
export interface PlanOptions
  extends Omit<PlanningWords, Given>, Partial<Pick<PlanningWords, Given>> {
  /** Configuration to check instead. */
  check?: string;
  /** Plans to show. */
  top: number;
  /** Dollars of a device's hour. */
  hourDollars?: number;
  /** Whether plans may leave devices idle. */
  devices?: "all" | "fewer";
  /** Seconds to search at most. */
  budget?: number;
  /** Share by which the front may be passed. */
  frontSlack: number;
  /** Who has to run the plan. */
  launcher?: LauncherName;
  /** Workers of a large search. */
  workers?: number;
  /** Plans to explain. */
  explain: readonly string[];
  /** Plans to compare. */
  compare: readonly string[];
  /** Folder to write to. */
  out?: string;
  /** Whether to go on with searches that are kept there. */
  resume?: true;
  /** Whether to print JSON. */
  json?: true;
}

/** Tokens of a sequence where nobody says. */
export const usualSequence = 4096;

/**
 * The words of the question.
 *
 * @throws {UserError} where one is missing that has no usual value.
 */
export function wordsOf(options: PlanOptions): PlanningWords {
  const { model, cluster, globalBatch, sequence = usualSequence } = options;
  if (model !== undefined && cluster !== undefined && globalBatch !== undefined) {
    return { ...options, model, cluster, globalBatch, sequence };
  }
  throw new UserError(
    "Cannot plan without --model, --cluster and --global-batch: wanted such as " +
      "--model mixtral-8x7b --cluster h100:64 --global-batch 256",
  );
}

/**
 * Looks whether a price is known where the cheapest plan is asked.
 *
 * @throws {UserError} where it is not.
 */
export function checkPrice(
  { objective, cluster }: Planning,
  hourDollars: number | undefined,
): void {
  const known = hourDollars ?? deviceProfile(cluster.device).hourDollars;
  if (objective !== "cost" || known !== undefined) return;
  throw new UserError(
    `Cannot look for the cheapest plan: found no price of an hour of ${cluster.device}, wanted ` +
      `--hour-dollars, or --objective energy`,
  );
}

/** What of a question is no part of the planning. */
export function besideOf(options: PlanOptions): AskedBeside {
  const { top, hourDollars, frontSlack, launcher, devices, objective } = options;
  const usual = objective === "cost" || objective === "energy" ? "fewer" : "all";
  return {
    ...{ top, frontSlack, fewerDevices: (devices ?? usual) === "fewer" },
    ...(hourDollars !== undefined && { hourDollars }),
    ...(launcher !== undefined && { launcher }),
  };
}
