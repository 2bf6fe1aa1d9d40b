/**
 * Broadcast, reduction and all-reduce along trees, in pieces.
 *
 * A *chain* sends piece after piece from rank to rank: all ports are busy, but the last rank waits
 * for n - 1 steps. A *binary tree* takes log2 n steps, but half of the ranks are leaves, whose upward
 * ports idle. Two trees, each of which carries half of the bytes and has the other one's leaves
 * inside, keep all ports busy (Sanders, Speck, Träff, "Two-tree algorithms for full bandwidth
 * broadcast, reduction and scan", 2009); an all-reduce goes up and down both.
 *
 * @module
 */
import type { Collective, Round } from "./collective.ts";
import { movedRounds, pipelinedRounds, reversedRounds } from "./rounds.ts";

/** How a tree runs. */
export interface TreeOptions {
  /** Pieces that follow each other; 1 unless given. */
  pieces?: number;
}

/** Parent of each place but the root's (-1), of a tree over places 0 to n - 1. */
type Parents = readonly number[];

/** An in-order binary tree: odd places are inside, even ones leaves. */
function inOrderTree(n: number): Parents {
  const parents = new Array<number>(n).fill(-1);
  const build = (low: number, high: number): number => {
    // The largest power of two that fits keeps leaves on even places.
    let size = 1;
    while (2 * size <= high - low) size *= 2;
    const root = low + size - 1;
    if (root > low) parents[build(low, root)] = root;
    if (root + 1 < high) parents[build(root + 1, high)] = root;
    return root;
  };
  build(0, n);
  return parents;
}

/** Bytes down a tree, from parent to child; a child passes on what it has. */
function down(ranks: readonly number[], parents: Parents, bytes: number): Round[] {
  const order: number[] = [];
  const children: number[][] = ranks.map(() => []);
  parents.forEach((parent, at) => parent >= 0 && children[parent].push(at));
  const visit = (at: number) => {
    for (const child of children[at]) {
      order.push(child);
      visit(child);
    }
  };
  visit(parents.indexOf(-1));
  const placeOf = new Map(order.map((at, place) => [at, place]));
  return order.map((at) => {
    const before = placeOf.get(parents[at]);
    return {
      transfers: [{ from: ranks[parents[at]], to: ranks[at], bytes }],
      after: before === undefined ? [] : [before],
    };
  });
}

/**
 * The first rank has `bytes`; they go along a chain in pieces until all ranks have them.
 *
 * @example
 * ```ts
 * import { chainBroadcast } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const { rounds } = chainBroadcast([0, 1, 2], 100);
 * assertEquals(rounds.map(({ transfers: [t] }) => [t.from, t.to]), [[0, 1], [1, 2]]);
 * ```
 */
export function chainBroadcast(
  ranks: readonly number[],
  bytes: number,
  options: TreeOptions = {},
): Collective {
  const rounds = down(ranks, ranks.map((_, at) => at - 1), bytes);
  return { name: "chain broadcast", rounds: pipelinedRounds(rounds, options.pieces ?? 1) };
}

/** The rank inside a binary tree of all has `bytes`; they go down in pieces until all have them. */
export function treeBroadcast(
  ranks: readonly number[],
  bytes: number,
  options: TreeOptions = {},
): Collective {
  const rounds = down(ranks, inOrderTree(ranks.length), bytes);
  return { name: "tree broadcast", rounds: pipelinedRounds(rounds, options.pieces ?? 1) };
}

/**
 * Every rank has `bytes`; in the end all have their sum: up and down two trees, each with half of
 * the bytes, every piece on its own.
 *
 * @example
 * ```ts
 * import { bytesOfRanks, treeAllReduce } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const { sent } = bytesOfRanks(treeAllReduce([0, 1, 2, 3], 100));
 * // Twice the bytes over each of three edges.
 * assertEquals([...sent.values()].reduce((a, b) => a + b), 600);
 * ```
 */
export function treeAllReduce(
  ranks: readonly number[],
  bytes: number,
  options: TreeOptions = {},
): Collective {
  const name = "tree all-reduce";
  if (ranks.length < 2) return { name, rounds: [] };
  // The second tree is the first one moved by a place: its leaves are inside the first.
  const trees = [ranks, [...ranks.slice(1), ranks[0]]].map((order) => {
    const spread = down(order, inOrderTree(ranks.length), bytes / 2);
    const collect = reversedRounds(spread);
    const all = collect.map((_, at) => at);
    const used = new Set(collect.flatMap(({ after = [] }) => after));
    const lastOnes = all.filter((at) => !used.has(at));
    return pipelinedRounds(
      [...collect, ...movedRounds(spread, collect.length, lastOnes)],
      options.pieces ?? 1,
    );
  });
  return { name, rounds: [...trees[0], ...movedRounds(trees[1], trees[0].length)] };
}
