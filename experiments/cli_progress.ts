/**
 * Progress on the terminal: a bar, or a line now and then where the output is a pipe.
 *
 * @module
 */
import process from "node:process";
// @ts-types="./cli_progress_bar.d.ts"
import cliProgress from "cli-progress";
import type { Progress } from "./define.ts";

/** Milliseconds between the lines of a pipe. */
const pipeInterval = 5000;

/** A progress bar on the standard error stream. */
export function terminalProgress(): Progress {
  let bar: InstanceType<typeof cliProgress.SingleBar> | undefined;
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    start(total, label) {
      stop();
      bar = new cliProgress.SingleBar({
        format: "{bar} {value}/{total} {label}",
        stream: process.stderr,
        noTTYOutput: true,
        notTTYSchedule: pipeInterval,
        clearOnComplete: true,
        hideCursor: true,
      }, cliProgress.Presets.rect);
      bar.start(total, 0, { label });
    },
    step: (label) => bar?.increment(1, label === undefined ? {} : { label }),
    stop,
  };
}

/** Progress that nobody looks at. */
export function silentProgress(): Progress {
  return { start: () => {}, step: () => {}, stop: () => {} };
}
