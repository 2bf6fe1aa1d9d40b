/**
 * The rivals that are at hand: OpenBLAS where the system has it, packages from npm where they were
 * fetched and a process may be started. Who is not there is told with the way to get it.
 *
 * @module
 */
import type { Skipped } from "../../../reports/bench_file.ts";
import type { Goal } from "../heat.ts";
import { openBlas, openBlasHint } from "./open_blas.ts";
import { rivalsHint, startFastest } from "./process.ts";
import { rivals } from "./rivals.ts";

/** A rival that multiplies n x n matrices. */
export interface PresentRival {
  /** Its name. */
  name: string;
  /** How it is timed, in a sentence. */
  says: string;
  /** Goal for our speed over its speed. */
  goal?: Goal;
  /** Makes the product once and gives its seconds. */
  run(): Promise<number>;
  /** Ends it. */
  close(): Promise<void>;
}

/** Milliseconds that OpenBLAS's threads go on spinning after a call, generously. */
const SPIN_MS = 50;

const rest = (ms: number) => ms > 0 ? new Promise((r) => setTimeout(r, ms)) : undefined;

function presentBlas(n: number, seconds: () => number): PresentRival | undefined {
  const blas = openBlas();
  if (!blas) return undefined;
  const [a, b] = [1, 2].map((step) =>
    Float32Array.from({ length: n * n }, (_, i) => (i * step % 1009) / 504 - 1)
  );
  const c = new Float32Array(n * n);
  return {
    name: "OpenBLAS",
    says: `OpenBLAS on the CPU, by the host's clock: ${blas.config}, ${blas.threads} threads`,
    goal: { speed: 0.3 },
    async run() {
      const began = seconds();
      blas.sgemm(a, b, { c, m: n, n, k: n });
      const took = seconds() - began;
      await rest(SPIN_MS);
      return took;
    },
    close: () => Promise.resolve(blas.close()),
  };
}

async function presentProcess(
  name: string,
  options: { n: number; quick: boolean },
): Promise<PresentRival> {
  const rival = rivals[name];
  const { process, env } = await startFastest(name, rival, options);
  const settings = Object.entries(env).map(([key, value]) => `, ${key}=${value}`).join("");
  return {
    name,
    says: `${rival.says}, ${rival.specifier}${settings}, by the clock of a process of its own`,
    goal: rival.goal,
    async run() {
      const took = await process.sample();
      await rest(rival.restMs);
      return took;
    },
    close: process.close,
  };
}

/** Whether this process may start others. */
function mayStart(): boolean {
  return Deno.permissions.querySync({ name: "run", command: "deno" }).state === "granted";
}

/** Who is at hand, and who is not. */
export interface Rivals {
  /** Ready to run. */
  present: PresentRival[];
  /** Not there, with the way to get it. */
  skipped: Skipped[];
}

/** What a start needs to know. */
interface StartOptions {
  /** True where only the first of a rival's settings is tried. */
  quick: boolean;
  /** Says a line to the person who waits. */
  log: (line: string) => void;
}

/** Starts the rivals from npm, one process each; needs the permission to run Deno. */
export async function presentProcesses(n: number, options: StartOptions): Promise<Rivals> {
  const { quick, log } = options;
  const found: Rivals = { present: [], skipped: [] };
  for (const [what, { says }] of Object.entries(rivals)) {
    if (!mayStart()) {
      found.skipped.push({ what, why: `this task may start no process: ${rivalsHint}` });
      continue;
    }
    log(`Starting a rival: ${says}`);
    try {
      found.present.push(await presentProcess(what, { n, quick }));
    } catch (error) {
      found.skipped.push({ what, why: `${(error as Error).message}; ${rivalsHint}` });
    }
  }
  return found;
}

/** All rivals that are at hand, and who is not. */
export async function presentRivals(
  n: number,
  options: StartOptions & { seconds: () => number },
): Promise<Rivals> {
  const blas = presentBlas(n, options.seconds);
  const { present, skipped } = await presentProcesses(n, options);
  return blas
    ? { present: [blas, ...present], skipped }
    : { present, skipped: [{ what: "OpenBLAS", why: openBlasHint }, ...skipped] };
}
