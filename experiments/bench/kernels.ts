/**
 * `bench kernels`: the matrix products of this device, each timed in turn with a rival.
 *
 * @module
 */
import { median } from "../../kernels/base/estimate.ts";
import { openDevice } from "../../kernels/device.ts";
import { createPool } from "../../kernels/tensor.ts";
import { tunedKernels } from "../../kernels/tune.ts";
import type { Bench, BenchResult, BenchRow } from "./bench.ts";
import {
  type Contender,
  type Contest,
  denseAgainstNaive,
  denseAgainstOpenBlas,
  denseAlone,
  groupedAgainstDense,
} from "./kernel_contests.ts";
import { openBlas, openBlasHint } from "./open_blas.ts";
import { type Race, race } from "./race.ts";

function rowOf(contender: Contender, seconds: BenchRow["seconds"]): BenchRow {
  const { id, labels, flops } = contender;
  const busy = seconds.hi > 1.5 * seconds.lo;
  const warnings = busy ? ["interval wider than half of its lower end: the machine was busy"] : [];
  return { id, labels, seconds, flops, warnings };
}

/** A contest's outcome as a sentence: the speed as a fraction of the rival's, and the goal. */
function verdictOf({ says, target }: Contest, { speed }: Race): string {
  const [value, lo, hi] = [speed.value, speed.lo, speed.hi].map((x) => x.toPrecision(3));
  const of = speed.value < 2 ? "of" : "times";
  const found = `${says}: ${value} ${of} its speed (${lo} to ${hi}, ${speed.n} pairs)`;
  if (target === undefined) return found;
  const reached = speed.lo >= target ? "reached" : speed.hi < target ? "missed" : "open";
  return `${found}; target ${target.toFixed(2)}, ${reached}`;
}

/** Times the products of the default device. */
export const benchKernels: Bench = async ({ quick, log, seconds }): Promise<BenchResult> => {
  const rival = openBlas();
  const device = await openDevice();
  const pool = createPool(device);
  const pairs = quick ? 11 : 41;
  const rows: BenchRow[] = [];
  const notes: string[] = [`On ${device.adapter.description}; times are of the device's clock`];
  try {
    const ring = { pool, kernels: await tunedKernels(device, { log }) };
    const contests: Contest[] = [
      ...(rival ? [denseAgainstOpenBlas(ring, rival, seconds)] : []),
      denseAgainstNaive(ring),
      ...await groupedAgainstDense(ring),
    ];
    if (rival) {
      notes.push(
        `OpenBLAS is timed by the host's clock: ${rival.config}, ${rival.threads} threads`,
      );
    } else {
      notes.push(`OpenBLAS is left out: ${openBlasHint}`);
      const alone = denseAlone(ring);
      await alone.run();
      const samples: number[] = [];
      for (let i = 0; i < pairs; i++) samples.push(await alone.run());
      rows.push(rowOf(alone, median(samples)));
    }
    for (const contest of contests) {
      log(contest.says);
      const result = await race(pairs, contest.ours.run, contest.theirs.run);
      rows.push(rowOf(contest.ours, result.ours), rowOf(contest.theirs, result.theirs));
      notes.push(verdictOf(contest, result));
    }
    return { bench: "kernels", notes, rows };
  } finally {
    pool.trim();
    device.close();
    rival?.close();
  }
};
