/**
 * One forward pass of a mixture-of-experts layer under data and expert parallelism.
 *
 * Six steps on every rank (Cai et al., "A Survey on Mixture of Experts", section 5 and Fig. 8a):
 * gate the local tokens; encode, that is pack the rows of the same expert together; all-to-all
 * dispatch to the ranks that hold the experts; the local experts; all-to-all combine back; decode,
 * that is weigh and add in the order of the tokens.
 *
 * An all-to-all starts when the last rank arrives: the others wait, and the wait is a span of its
 * own, since an uneven routing shows there and not in the bytes. From then on every rank goes on as
 * soon as its own ports are done (`network/all_to_all.ts`). The step ends when the last rank has
 * decoded. With `overlapShared` the shared experts run beside the dispatch; without it they run
 * before. Adding their output is part of the combine kernel and costs nothing of its own here.
 *
 * Every choice is a row of its own on the links. Libraries that send a token once to a rank that
 * holds several of its experts move fewer bytes, the more so the more experts a token has a rank.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { type Estimate, sum } from "../../../kernels/base/estimate.ts";
import { type AnyOp, type DType, dtypeBytes, flops } from "../../../kernels/base/op.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { Span } from "../../engine/span.ts";
import { runTasks, type Task } from "../../engine/tasks.ts";
import { allToAll, type Exchange } from "../../network/all_to_all.ts";
import {
  checkLoad,
  type ComputeStep,
  dispatchBytes,
  type LayerLoad,
  opsOfRank,
  rowsOfRank,
} from "./layer.ts";
import { type RankTimes, rankTimes, type Shares, shares, withWaiting } from "./shares.ts";

/** What is run where. */
export interface ExpertParallelInput extends LayerLoad {
  /** One rank a device: as many devices as `counts_RE` has rows. */
  cluster: Cluster;
  /** Seconds of an operator on a device. */
  price: (op: AnyOp) => Estimate;
  /** Runs the shared experts beside the dispatch; false unless given. */
  overlapShared?: boolean;
  /** Storage types on the links, where they differ from `dtype`, such as fp8 for the dispatch. */
  wire?: { dispatch?: DType; combine?: DType };
}

/** What a rank does in the step. */
export interface RankResult extends RankTimes {
  /** Rank of the device. */
  rank: number;
  /** Rows that its experts receive. */
  rows: number;
  /** Bytes that it puts on links, dispatch and combine together. */
  sentBytes: number;
  /** Bytes that it gets over links, dispatch and combine together. */
  receivedBytes: number;
}

/** The step. */
export interface ExpertParallelResult {
  /** What every lane does from 0 to `stepSeconds`, waiting included. */
  spans: Span[];
  /** Seconds until the last rank has decoded. */
  stepSeconds: number;
  /** The same with its interval: all prices at their lower, and all at their upper ends. */
  step: Estimate;
  /** Where the time goes. */
  shares: Shares;
  /** What every rank does. */
  perRank: RankResult[];
}

type Steps = Record<ComputeStep, { flops: number; seconds: Estimate }>;

function priced(ops: Record<ComputeStep, AnyOp[]>, price: (op: AnyOp) => Estimate): Steps {
  return Object.fromEntries(
    Object.entries(ops).map(([step, list]) => [step, {
      flops: list.reduce((total, op) => total + flops(op), 0),
      seconds: sum(list.map(price), "sum of operators"),
    }]),
  ) as Steps;
}

function tasksOf(
  steps_R: readonly Steps[],
  exchanges: { dispatch: Exchange; combine: Exchange },
  options: { bound: "value" | "lo" | "hi"; overlapShared: boolean },
): Task[] {
  const ranks = steps_R.map((_, rank) => rank);
  const compute = (step: ComputeStep, after?: (rank: number) => string[]): Task[] =>
    ranks.map((rank) => {
      const { seconds, flops } = steps_R[rank][step];
      const id = `${step}/${rank}`;
      if (seconds[options.bound] === 0) return { id, after: after?.(rank) };
      const span = { rank, stream: "compute", name: step, class: "compute", flops } as const;
      return { id, after: after?.(rank), seconds: seconds[options.bound], span };
    });
  const exchange = (name: "dispatch" | "combine", after: string): Task[] => [
    { id: `${name} starts`, after: ranks.map((rank) => `${after}/${rank}`) },
    ...ranks.map((rank): Task => {
      const seconds = exchanges[name].seconds_R[rank];
      const task = { id: `${name}/${rank}`, after: [`${name} starts`] };
      if (seconds === 0) return task;
      const bytes = exchanges[name].sentBytes_R[rank];
      const lane = { rank, stream: "communication", class: "communication" } as const;
      return { ...task, seconds, span: { ...lane, name: `all-to-all ${name}`, bytes } };
    }),
  ];
  return [
    ...compute("gate"),
    ...compute("encode", (rank) => [`gate/${rank}`]),
    ...compute("shared experts", (rank) => [`encode/${rank}`]),
    ...exchange("dispatch", options.overlapShared ? "encode" : "shared experts"),
    ...compute("experts", (rank) => [`dispatch/${rank}`]),
    ...exchange("combine", "experts"),
    ...compute("decode", (rank) => [`combine/${rank}`, `shared experts/${rank}`]),
  ];
}

const endOf = (spans: readonly Span[]) =>
  spans.reduce((end, span) => Math.max(end, span.endSeconds), 0);

/**
 * Runs the six steps and gives the spans of all ranks.
 *
 * @throws {UserError} where counts, tokens, placement and cluster do not fit together.
 *
 * @example
 * ```ts
 * import { balancedCounts, expertParallel, parseCluster } from "@moelab/moelab/sim";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const layer = {
 *   dModel: 64, dExpert: 128, experts: 8, topK: 2, sharedExperts: 0, sharedWidth: 0,
 * };
 * const { shares, perRank } = expertParallel({
 *   layer,
 *   counts_RE: balancedCounts({ ranks: 4, tokensPerRank: 16, experts: 8, topK: 2 }),
 *   tokens_R: [16, 16, 16, 16],
 *   dtype: "bf16",
 *   cluster: parseCluster("h100:4"),
 *   price: () => ({ value: 1e-5, lo: 9e-6, hi: 2e-5, n: 0, method: "an example" }),
 * });
 * assertEquals(perRank.map((r) => r.rows), [32, 32, 32, 32]);
 * assertAlmostEquals(shares.compute + shares.communication + shares.waiting, 1);
 * ```
 */
export function expertParallel(input: ExpertParallelInput): ExpertParallelResult {
  const { cluster, layer, dtype, wire, overlapShared = false } = input;
  const ranks = input.counts_RE.length;
  if (cluster.devices !== ranks) {
    throw new UserError(
      `Cannot run ${ranks} ranks on cluster "${cluster.id}" of ${cluster.devices} devices: ` +
        `wanted one device a rank, such as "${cluster.id}:${ranks}"`,
    );
  }
  checkLoad(input);
  const steps_R = input.counts_RE.map((_, rank) => priced(opsOfRank(input, rank), input.price));
  const rowBytes = (type: DType = dtype) => layer.dModel * dtypeBytes[type];
  const out_RR = dispatchBytes(input, rowBytes(wire?.dispatch));
  const back_RR = transpose(dispatchBytes(input, rowBytes(wire?.combine)));
  const exchanges = { dispatch: allToAll(out_RR, cluster), combine: allToAll(back_RR, cluster) };
  const run = (bound: "value" | "lo" | "hi") =>
    runTasks(tasksOf(steps_R, exchanges, { bound, overlapShared }));

  const busy = run("value");
  const endSeconds = endOf(busy);
  const spans = withWaiting(busy, { ranks, endSeconds });
  const both = (key: "sentBytes_R" | "receivedBytes_R", rank: number) =>
    exchanges.dispatch[key][rank] + exchanges.combine[key][rank];
  return {
    spans,
    stepSeconds: endSeconds,
    step: {
      value: endSeconds,
      lo: endOf(run("lo")),
      hi: endOf(run("hi")),
      n: 0,
      method: "simulated, all prices at once at the ends of their intervals",
    },
    shares: shares(spans),
    perRank: steps_R.map((_, rank) => ({
      rank,
      rows: rowsOfRank(input, rank).reduce((total, rows) => total + rows, 0),
      sentBytes: both("sentBytes_R", rank),
      receivedBytes: both("receivedBytes_R", rank),
      ...rankTimes(spans, { rank, endSeconds }),
    })),
  };
}

function transpose(x_RR: readonly (readonly number[])[]): number[][] {
  return x_RR.map((_, column) => x_RR.map((row) => row[column]));
}
