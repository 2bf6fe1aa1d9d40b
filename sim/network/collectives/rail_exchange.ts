/**
 * Dispatch and combine of tokens without duplicates, along rails (the normal kernels of DeepEP,
 * github.com/deepseek-ai/DeepEP; arXiv 2412.19437, section 3.2.2).
 *
 * A token for several ranks of a node crosses to that node once: from the card of its own rank to the
 * card of the rank in the same place there, which hands it on over the node's fast links, once to
 * each rank that has an expert of it. How many nodes a token reaches can be limited by the gate, and
 * so can, with it, what crosses. A combine is a dispatch backwards, with sums on the way.
 *
 * @module
 */
import type { Cluster } from "../../cluster/cluster.ts";
import { byDomain } from "./groups.ts";
import type { Collective, Round, Transfer } from "./collective.ts";
import { pipelinedRounds, reversedRounds } from "./rounds.ts";

/** What a dispatch moves, without duplicates. */
export interface DispatchBytes {
  /** The ranks, by node. */
  domains: readonly (readonly number[])[];
  /** Bytes that the i-th rank sends to each node, every token once. */
  bytes_RN: readonly (readonly number[])[];
  /**
   * Bytes that the i-th rank's tokens bring to the j-th rank, every token once: `bytes_RR[i][j]`, in
   * the order of the domains.
   */
  bytes_RR: readonly (readonly number[])[];
}

/**
 * What a dispatch of tokens moves.
 *
 * @param targets_RTK Ranks (their places in `ranks`) with the experts of each token, by source rank
 * and token; a rank may stand there more than once.
 * @param ranks The ranks that take part, a node's next to each other.
 * @param options `rowBytes` of a token, and the `cluster`.
 *
 * @example
 * ```ts
 * import { dispatchedBytes, parseCluster } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const cluster = parseCluster("h100:16");
 * // One token of rank 0 has experts on ranks 8 and 9, twice on 9.
 * const { bytes_RN, bytes_RR } = dispatchedBytes([[[2, 3, 3]], [], [], []], [0, 1, 8, 9], {
 *   rowBytes: 100,
 *   cluster,
 * });
 * assertEquals(bytes_RN[0], [0, 100]);
 * assertEquals(bytes_RR[0], [0, 0, 100, 100]);
 * ```
 */
export function dispatchedBytes(
  targets_RTK: readonly (readonly (readonly number[])[])[],
  ranks: readonly number[],
  options: { rowBytes: number; cluster: Cluster },
): DispatchBytes {
  const domains = byDomain(ranks, options.cluster);
  if (domains.flat().some((rank, i) => rank !== ranks[i]) || targets_RTK.length !== ranks.length) {
    throw new RangeError(
      `Cannot dispatch the tokens of ${targets_RTK.length} ranks over ${
        ranks.join(", ")
      }: wanted ` +
        `tokens for each, and the ranks of a node next to each other`,
    );
  }
  const domainOf = domains.flatMap((members, d) => members.map(() => d));
  const bytes_RN = ranks.map(() => new Array<number>(domains.length).fill(0));
  const bytes_RR = ranks.map(() => new Array<number>(ranks.length).fill(0));
  targets_RTK.forEach((targets_TK, source) => {
    for (const targets of targets_TK) {
      const places = new Set(targets);
      for (const place of places) {
        if (domainOf[place] === undefined) {
          throw new RangeError(
            `Cannot dispatch to place ${place}: there are ${ranks.length} ranks`,
          );
        }
        bytes_RR[source][place] += options.rowBytes;
      }
      for (const node of new Set([...places].map((place) => domainOf[place]))) {
        bytes_RN[source][node] += options.rowBytes;
      }
    }
  });
  return { domains, bytes_RN, bytes_RR };
}

/** How it runs. */
export interface RailOptions {
  /** Chunks that follow each other, so that rails and nodes work side by side; 1 unless given. */
  chunks?: number;
}

/** Across the network, then inside the nodes; or, on a single node, inside it alone. */
function roundsOf({ domains, bytes_RN, bytes_RR }: DispatchBytes): Round[] {
  const size = domains[0].length;
  if (domains.some((members) => members.length !== size)) {
    throw new RangeError(
      `Cannot dispatch over nodes of ${
        domains.map((members) => members.length).join(", ")
      } ranks: ` +
        `wanted equal numbers`,
    );
  }
  const across: Transfer[] = [];
  const within = new Map<string, Transfer>();
  domains.forEach((members, home) =>
    members.forEach((from, place) => {
      const row = home * size + place;
      domains.forEach((others, node) => {
        const entry = others[place];
        const crossing = bytes_RN[row][node];
        if (node !== home && crossing > 0) across.push({ from, to: entry, bytes: crossing });
        others.forEach((to, other) => {
          const bytes = bytes_RR[row][node * size + other];
          if (to === entry || bytes === 0) return;
          const key = `${entry}/${to}`;
          within.set(key, { from: entry, to, bytes: bytes + (within.get(key)?.bytes ?? 0) });
        });
      });
    })
  );
  const inside = { transfers: [...within.values()] };
  return domains.length === 1 ? [inside] : [{ transfers: across }, inside];
}

/**
 * Tokens to their experts.
 *
 * @throws {RangeError} for nodes with different numbers of ranks and for chunks that are no whole
 * number.
 *
 * @example
 * ```ts
 * import { bytesOfRanks, railDispatch } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const none = [0, 0, 0, 0];
 * const dispatch = railDispatch({
 *   domains: [[0, 1], [8, 9]],
 *   bytes_RN: [[0, 100], [0, 0], [0, 0], [0, 0]],
 *   bytes_RR: [[0, 0, 100, 100], none, none, none],
 * });
 * // Once over the network; rank 8 hands it on.
 * assertEquals([...bytesOfRanks(dispatch).sent], [[0, 100], [8, 100]]);
 * ```
 */
export function railDispatch(what: DispatchBytes, options: RailOptions = {}): Collective {
  return { name: "rail dispatch", rounds: pipelinedRounds(roundsOf(what), options.chunks ?? 1) };
}

/** Results back to the tokens: a dispatch backwards, each node's share added up before it crosses. */
export function railCombine(what: DispatchBytes, options: RailOptions = {}): Collective {
  const rounds = reversedRounds(roundsOf(what));
  return { name: "rail combine", rounds: pipelinedRounds(rounds, options.chunks ?? 1) };
}
