/**
 * From an error to a line and an exit code.
 *
 * What a user can mend is one line without a stack and exit code 2; a stopped run is 130, as a
 * shell has it; everything else is a bug, keeps its stack and is 1.
 *
 * @module
 */
import { CommanderError } from "commander";
import { UserError } from "../kernels/base/errors.ts";
import { Interrupted } from "./run.ts";

/** What to say of an error, and the code to end with. */
export interface Explained {
  /** One line, or a stack; empty where there is nothing left to say. */
  text: string;
  /** Exit code. */
  code: number;
}

/** File errors that a user can mend. */
const fileErrors = [
  Deno.errors.NotFound,
  Deno.errors.PermissionDenied,
  Deno.errors.AlreadyExists,
  Deno.errors.IsADirectory,
  Deno.errors.NotADirectory,
  Deno.errors.FilesystemLoop,
];

const oneLine = (text: string) => text.trim().replaceAll(/\s*\n\s*/g, " ");

/** "Requires write access to "x", run again with the --allow-write flag", said of our tasks. */
function refused(message: string): string {
  const found = /^Requires (\S+) access to (.*), run again with the (--allow-\S+) flag/
    .exec(oneLine(message));
  if (!found) return `Permission refused: ${oneLine(message)}`;
  const [, kind, what, flag] = found;
  return `Permission refused: this needs ${kind} access to ${what}; ` +
    `run Deno with ${flag}, or the task that has it`;
}

/** Says what to print of an error and how to exit. */
export function explain(error: unknown): Explained {
  if (error instanceof CommanderError) {
    const shown = error.exitCode === 0;
    return { text: shown ? "" : oneLine(error.message), code: shown ? 0 : 2 };
  }
  if (error instanceof UserError) return { text: `error: ${oneLine(error.message)}`, code: 2 };
  if (error instanceof Deno.errors.NotCapable) {
    return { text: `error: ${refused(error.message)}`, code: 2 };
  }
  if (error instanceof Interrupted) return { text: oneLine(error.message), code: 130 };
  if (error instanceof Error && fileErrors.some((type) => error instanceof type)) {
    return { text: `error: ${oneLine(error.message)}`, code: 2 };
  }
  const stack = error instanceof Error ? error.stack ?? error.message : String(error);
  return { text: `This is a bug in moelab\n${stack}`, code: 1 };
}
