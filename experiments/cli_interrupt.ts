/**
 * Ctrl-C as a signal that work can look at.
 *
 * @module
 */
import type { Io } from "./cli_io.ts";
import { Interrupted } from "./run.ts";

/** Does work whose signal is aborted by Ctrl-C; `message` is what is then said. */
export async function withInterrupt<T>(
  io: Io,
  message: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const release = io.onInterrupt(() => controller.abort(new Interrupted(message)));
  const { signal } = controller;
  const stopped = new Promise<never>((_resolve, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true })
  );
  try {
    return await Promise.race([work(signal), stopped]);
  } finally {
    release();
  }
}
