/**
 * The band of pairs of queries and keys that see each other: causal, within a window, or all.
 *
 * A query sees keys up to its own position, which counts the keys before the first query too. Rows
 * stream from a multiple of a step on, so that a query's sums are the same to the bit wherever the
 * queries beside it begin. Sets `low` and `high`, the rows that stream by a workgroup, and `first_seen` and `last_seen`, the
 * rows that each own row sees. Tiles outside the band are never visited.
 *
 * @module
 */
import { rowsOfTile, type Tile } from "./tile.ts";

/** Queries are the own rows, keys stream by. */
export function keysSeen(tile: Tile): string[] {
  return [
    "let past = p.keys - p.length;",
    `let low = (max(first + past + 1u, p.window) - p.window) / ${tile.step}u * ${tile.step}u;`,
    `let high = select(p.keys, min(first + past + ${rowsOfTile(tile)}u, p.keys), p.causal == 1u);`,
    "let first_seen = max(row + U(past + 1u), U(p.window)) - U(p.window);",
    "let last_seen = select(U(last_streaming), row + U(past), p.causal == 1u);",
  ];
}

/** Keys are the own rows, queries stream by. */
export function queriesSeen(tile: Tile): string[] {
  return [
    "let low = select(0u, first, p.causal == 1u);",
    `let high = min(first + ${rowsOfTile(tile) - 1}u + p.window, p.length);`,
    "let first_seen = select(U(0u), row, p.causal == 1u);",
    "let last_seen = min(row + U(p.window - 1u), U(last));",
  ];
}

/** The score of streaming row `j` where own rows see it, else a number that no exponential survives. */
export const masked = (j: number): string => {
  const row = `U(first_row + ${j}u)`;
  return `select(R(-3e38), s${j}, (${row} >= first_seen) & (${row} <= last_seen))`;
};
