/**
 * Collectives on a topology, alone or side by side.
 *
 * @module
 */
import type { Collective, Round } from "../collectives/collective.ts";
import { roundsBefore } from "../collectives/rounds.ts";
import type { Topology } from "../topology/topology.ts";
import { flowsOfRound } from "./passes.ts";
import { type FlowRound, runRounds } from "./run_rounds.ts";

/** When a collective was done. */
export interface CollectiveRun {
  /** Seconds from its start to its end. */
  seconds: number;
  /** Seconds at which each round was done, since the start of the simulation. */
  roundEnds: number[];
}

const isChain = (rounds: readonly Round[]) =>
  rounds.every(({ follows = [] }, at) =>
    follows.length === 0 && roundsBefore(rounds, at).join() === (at === 0 ? "" : `${at - 1}`)
  );

function flowRound(round: Round, topology: Topology): FlowRound {
  const { times = 1 } = round;
  return { flows: flowsOfRound(round, topology), times, after: [], follows: [], startSeconds: 0 };
}

/**
 * Runs a collective that has the cluster for itself.
 *
 * @throws {RangeError} for bytes below 0, ranks beyond the cluster and rounds in a circle.
 * @throws {UserError} where failed ports leave no way.
 *
 * @example
 * ```ts
 * import { createTopology, parseCluster, ringAllReduce, runCollective } from "@moelab/moelab/sim";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const topology = createTopology(parseCluster("h100,nvlink=100GB/s,efficiency.nvlink=1"));
 * const { seconds } = runCollective(ringAllReduce([0, 1, 2, 3], 8e9), topology);
 * // Six steps of 2 GB at 100 GB/s.
 * assertAlmostEquals(seconds, 6 * (6.5e-6 + 0.02), 1e-12);
 * ```
 */
export function runCollective(collective: Collective, topology: Topology): CollectiveRun {
  const { rounds } = collective;
  if (!isChain(rounds)) return runCollectives([collective], topology)[0];
  // Rounds with barriers never meet: one by one they need no more memory than the largest.
  let now = 0;
  const roundEnds = rounds.map((round) => {
    const [seconds] = runRounds([flowRound(round, topology)], topology.capacities);
    return now += seconds;
  });
  return { seconds: now, roundEnds };
}

/**
 * Runs collectives side by side: they share the links that they meet on.
 *
 * @param collectives What runs.
 * @param topology What it runs on.
 * @param options `startSeconds` of each; 0 unless given.
 *
 * @example
 * ```ts
 * import { createTopology, parseCluster, pointToPoint, runCollectives } from "@moelab/moelab/sim";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const topology = createTopology(parseCluster("h100:16,nic=10GB/s,efficiency.nic=1,latency.nic=1us"));
 * const send = pointToPoint(0, 8, 1e9);
 * const [one, other] = runCollectives([send, send], topology);
 * assertAlmostEquals(one.seconds, 0.2 + 1e-6, 1e-12);
 * assertAlmostEquals(other.seconds, one.seconds, 1e-12);
 * ```
 */
export function runCollectives(
  collectives: readonly Collective[],
  topology: Topology,
  options: { startSeconds?: readonly number[] } = {},
): CollectiveRun[] {
  const starts = collectives.map((_, at) => options.startSeconds?.[at] ?? 0);
  const rounds: FlowRound[] = [];
  const firsts = collectives.map((collective, c) => {
    const first = rounds.length;
    collective.rounds.forEach((round, at) =>
      rounds.push({
        ...flowRound(round, topology),
        after: roundsBefore(collective.rounds, at).map((before) => first + before),
        follows: (collective.rounds[at].follows ?? []).map((before) => first + before),
        startSeconds: starts[c],
      })
    );
    return first;
  });
  const ends = runRounds(rounds, topology.capacities);
  return collectives.map((collective, c) => {
    const roundEnds = ends.slice(firsts[c], firsts[c] + collective.rounds.length);
    const end = roundEnds.reduce((latest, at) => Math.max(latest, at), starts[c]);
    return { seconds: end - starts[c], roundEnds };
  });
}
