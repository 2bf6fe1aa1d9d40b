/**
 * One heat, from its line-up to rows and contests.
 *
 * @module
 */
import type { BenchOptions, BenchResult } from "./bench.ts";
import type { Heat } from "./heat.ts";
import { race } from "./race.ts";
import type { Ring } from "./ring.ts";
import type { Bounds } from "./roof.ts";
import { contestOf, rowOf } from "./rows.ts";

/** How long a heat goes on. */
interface Pace {
  /** Seconds after which there are enough rounds. */
  seconds: number;
  /** Rounds at the most. */
  rounds: number;
}

/** The fewest rounds whose median has an interval of 95 %. */
const LEAST_ROUNDS = 6;

const paces: Readonly<Record<"quick" | "full", Pace>> = {
  quick: { seconds: 1.5, rounds: 11 },
  full: { seconds: 8, rounds: 41 },
};

/** What a heat adds to the answer. */
export type HeatResult = Pick<BenchResult, "rows" | "contests" | "notes" | "skipped"> & {
  /** Samples of the bounds. */
  peak: number[];
  copy: number[];
};

/** Runs a heat with both bounds, and frees what it took. */
export async function runHeat(
  heat: Heat,
  ring: Ring,
  options: BenchOptions & { bounds: Bounds },
): Promise<HeatResult> {
  const { bounds: { peak, copy }, seconds, signal, quick } = options;
  const pace = paces[quick ? "quick" : "full"];
  const lineup = await heat.prepare(ring);
  try {
    const contenders = [...lineup.contenders, copy, peak];
    let began: number | undefined;
    const samples = await race(contenders.map(({ run }) => run), {
      rounds: pace.rounds,
      least: LEAST_ROUNDS,
      enough: () => seconds() - began! > pace.seconds,
      warm: () => began = seconds(),
      signal,
    });
    const parties = contenders.map((contender, i) => ({ contender, samples: samples[i] }));
    const [ofCopy, ofPeak] = samples.slice(-2);
    const roof = { bounds: options.bounds, samples: { copy: ofCopy, peak: ofPeak } };
    const own = parties.slice(0, -2);
    const { contests, notes = [], skipped = [] } = lineup;
    return {
      rows: own.map((party) =>
        rowOf(party.contender, party.samples, { family: heat.family, roof })
      ),
      contests: contests.map((contest) => contestOf(contest, parties)),
      notes,
      skipped,
      ...roof.samples,
    };
  } finally {
    await lineup.close?.();
    ring.release();
  }
}
