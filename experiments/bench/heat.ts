/**
 * Heats: contenders that are timed in the same rounds, and who of them is held against whom.
 *
 * @module
 */
import { type AnyOp, bytes, flops } from "../../kernels/base/op.ts";
import type { BenchRow, Skipped } from "../../reports/bench_file.ts";
import { type Recording, type Ring, timeOnce } from "./ring.ts";

/** One who takes part: a row without its time, and a run that gives its seconds. */
export interface Contender extends Pick<BenchRow, "id" | "labels" | "flops" | "bytes"> {
  /** True where it runs on the device whose roof is measured, with the same settings. */
  underRoof: boolean;
  /** Runs it once. */
  run(): Promise<number>;
}

/** What a contest wants: a share of the other's speed, or at most a multiple of its time. */
export type Goal = { speed: number } | { time: number };

/** Two contenders of the same work. */
export interface Contest {
  /** What is asked, such as "dense product against OpenBLAS". */
  says: string;
  /** Id of the contender in question. */
  ours: string;
  /** Id of the contender that it is held against. */
  theirs: string;
  /** Where they move different amounts: speed counts bytes, each its own. */
  per?: "bytes";
  /** What is wanted, where there is a goal. */
  goal?: Goal;
}

/** Contenders, ready to run. */
export interface Lineup {
  /** Who is timed. */
  contenders: Contender[];
  /** Who is held against whom. */
  contests: Contest[];
  /** Rivals that are not there. */
  skipped?: Skipped[];
  /** What to know of those who are. */
  notes?: string[];
  /** Ends what was started. */
  close?(): Promise<void>;
}

/** Families of operators. */
export type Family = "products" | "layer" | "attention" | "routing" | "rows" | "elements";

/** A part of the benchmark of the kernels. */
export interface Heat {
  /** Its name, for `--only`. */
  id: string;
  /** What its operators have in common: a series of the chart, of which there are at most six. */
  family: Family;
  /** What is timed, for the person who waits. */
  says: string;
  /** Puts inputs on the device. */
  prepare(ring: Ring): Lineup | Promise<Lineup>;
}

/** An operator at a size: what a new one has to say of itself. */
export interface Operator {
  /** Its name; with the shape, it names the row. */
  name: string;
  /** Its sizes. */
  shape: string;
  /** Whose kernel, and which: "moelab" where nothing else is said. */
  by?: string;
  /** Its work: an op, or FLOP and least bytes where no op says them. */
  work: AnyOp | { flops: number; bytes: number };
  /** Share of the driver's copy that is wanted, in bytes a second. */
  ofCopy?: number;
  /** Puts its inputs on the device; what that gives records it and gives the results. */
  prepare(ring: Ring): Recording;
}

/** Id of an operator's row. */
export const operatorId = ({ name, shape }: Pick<Operator, "name" | "shape">): string =>
  `${name} ${shape}`;

/** Id of the contender that copies memory, who takes part in every heat. */
export const COPY = "copy";

/** An operator as a contender. */
export function contenderOf(ring: Ring, operator: Operator): Contender {
  const { name, shape, by = "moelab", work } = operator;
  const cost = "kind" in work ? { flops: flops(work), bytes: bytes(work) } : work;
  const record = operator.prepare(ring);
  return {
    id: operatorId(operator),
    labels: { operator: name, shape, by },
    ...cost,
    underRoof: true,
    run: () => timeOnce(ring.pool, record),
  };
}

/** Operators as a heat; each with a goal is held against the driver's copy. */
export function operatorHeat(
  heat: Omit<Heat, "prepare"> & { operators: (ring: Ring) => readonly Operator[] },
): Heat {
  const { operators: list, ...named } = heat;
  return {
    ...named,
    prepare(ring) {
      const operators = list(ring);
      return {
        contenders: operators.map((operator) => contenderOf(ring, operator)),
        contests: operators.flatMap((operator): Contest[] =>
          operator.ofCopy === undefined ? [] : [{
            says: `${operator.name} against the driver's copy`,
            ours: operatorId(operator),
            theirs: COPY,
            per: "bytes",
            goal: { speed: operator.ofCopy },
          }]
        ),
      };
    },
  };
}
