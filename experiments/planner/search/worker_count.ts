/**
 * How many workers search unless somebody says.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";

/** Workers at most: more wait for each other, and each has tables of its own in memory. */
export const MOST_WORKERS = 16;

/**
 * Checks a number of workers, or takes one for each core.
 *
 * @throws {UserError} for a number that cannot be.
 */
export function workerCount(asked: number | undefined, cores: number): number {
  if (asked === undefined) return Math.max(1, Math.min(cores, MOST_WORKERS));
  if (Number.isSafeInteger(asked) && asked >= 1 && asked <= MOST_WORKERS) return asked;
  throw new UserError(
    `Cannot search with ${asked} workers: wanted a whole number from 1 to ${MOST_WORKERS}`,
  );
}
