/**
 * What the command line takes from the world: the two streams, the clock, Ctrl-C and the progress
 * bar. Tests hand in others; this and its neighbours `cli*.ts` are the only readers of the clock
 * outside the kernels' timer.
 *
 * @module
 */
import type { Progress } from "./define.ts";
import { terminalProgress } from "./cli_progress.ts";

/** The world, as the command line sees it. */
export interface Io {
  /** Prints a line of the answer. */
  print(text: string): void;
  /** Prints a part of the answer without ending its line. */
  write(text: string): void;
  /** Says a line that is no part of the answer. */
  say(line: string): void;
  /** The time of day. */
  now(): Date;
  /** Seconds that rise with wall time. */
  seconds(): number;
  /** A progress bar, or lines where there is no terminal. */
  progress(): Progress;
  /** Calls back on Ctrl-C, until the function that it gives is called. */
  onInterrupt(callback: () => void): () => void;
}

/** Writes all bytes; a pipe may take some of them at once. */
function writeAll(bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
}

/** Streams, clock and signals of this process. */
export function processIo(): Io {
  return {
    print: (text) => console.log(text),
    write: (text) => writeAll(new TextEncoder().encode(text)),
    say: (line) => console.error(line),
    now: () => new Date(),
    seconds: () => performance.now() / 1000,
    progress: terminalProgress,
    onInterrupt(callback) {
      Deno.addSignalListener("SIGINT", callback);
      return () => Deno.removeSignalListener("SIGINT", callback);
    },
  };
}
