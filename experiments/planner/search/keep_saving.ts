/**
 * Saves a search while it runs: at its beginning, every few seconds, and at its end.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { writeTextFile } from "../../../kernels/base/files.ts";
import type { Ledger } from "./ledger.ts";
import { savedOf } from "./saved_search.ts";

/** Milliseconds between two looks at whether there is something new to save. */
const EVERY = 3000;

/** A search that is being saved. */
export interface Saving {
  /** Says what to save, and saves it for the first time. */
  begin(ledger: Ledger): void;
  /** Aborted where the file cannot be written. */
  failed: AbortSignal;
  /**
   * Saves what is new for the last time.
   *
   * @throws {UserError} where the file cannot be written.
   */
  end(): Promise<void>;
}

/** Saves a search in a file. */
export function keepSaving(path: string, problem: string): Saving {
  const controller = new AbortController();
  let ledger: Ledger | undefined;
  let savedUnits: number | undefined;
  // One write after the other: they share a temporary name.
  let writing = Promise.resolve();
  async function save(): Promise<void> {
    if (ledger === undefined || ledger.unitsDone === savedUnits) return;
    const { unitsDone } = ledger;
    try {
      // The fields of plans stay in their order, so that results are the same to the last byte.
      await writeTextFile(path, JSON.stringify(savedOf(ledger, problem)) + "\n");
      savedUnits = unitsDone;
    } catch (error) {
      throw new UserError(`Cannot save the search in ${path}: ${(error as Error).message}`);
    }
  }
  const saveNext = () => {
    writing = writing.then(save).catch((error) => controller.abort(error));
  };
  const timer = setInterval(saveNext, EVERY);
  return {
    failed: controller.signal,
    begin(given) {
      ledger = given;
      saveNext();
    },
    async end() {
      clearInterval(timer);
      await writing;
      controller.signal.throwIfAborted();
      await save();
    },
  };
}
