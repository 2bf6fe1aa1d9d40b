/**
 * Attention in the language: products of queries and keys under a constant mask, which lets a token see
 * its own sequence alone.
 *
 * Sequences of `length` tokens lie one behind the other. A product of all tokens with all is T / length
 * times the work of what counts, and a product for each sequence is that many launches; so several
 * sequences at once go through one product, about 96 rows of them.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";

/** What is added to a score that must not count. */
const FAR = -1e4;

/** Of which tokens see which. */
export interface Sight {
  /** Tokens of a sequence. */
  length: number;
  /** Whether a token sees those before it and itself alone. */
  causal: boolean;
}

/** What is added to scores [T, T]: 0 where a row may see a column, else far below 0. */
export function sightMask<A, I>(g: Arrays<A, I>, rows: number, { length, causal }: Sight): A {
  const sees = (i: number, j: number) =>
    Math.floor(i / length) === Math.floor(j / length) && (!causal || j <= i);
  return g.constant(
    `sight ${rows} of ${length}${causal ? ", causal" : ""}`,
    [rows, rows],
    () =>
      Float32Array.from(
        { length: rows * rows },
        (_, at) => sees(Math.floor(at / rows), at % rows) ? 0 : FAR,
      ),
  );
}

/**
 * What heads see in keys and values: softmax(q k^T / sqrt(d) + mask) v, side by side. Keys and values
 * may have fewer heads, each for several of the queries' (GQA, arXiv 2305.13245).
 */
export function attendHeads<A, I>(
  g: Arrays<A, I>,
  query: A,
  options: { key: A; value: A; heads: number; keyHeads?: number; mask?: A },
): A {
  const { key, value, heads, keyHeads = heads, mask } = options;
  const width = g.shapeOf(query)[1] / heads;
  const part = (a: A, h: number, of: number) =>
    of === 1 ? a : g.columns(a, h * width, (h + 1) * width);
  const seen = Array.from({ length: heads }, (_, h) => {
    const at = Math.floor(h * keyHeads / heads);
    const scores = g.scale(
      g.product(part(query, h, heads), part(key, at, keyHeads), { transpose: "b" }),
      1 / Math.sqrt(width),
    );
    const shares = g.softmax(mask === undefined ? scores : g.map("add", scores, mask));
    return g.product(shares, part(value, at, keyHeads));
  });
  return heads === 1 ? seen[0] : g.beside(...seen);
}

/** Rows that go through one product at most, where a sequence is not longer. */
const ROWS = 96;

/** Rows of the largest equal pieces of whole sequences that have 96 rows at most. */
function pieceRows(rows: number, length: number): number {
  const sequences = rows / length;
  let each = Math.max(1, Math.min(sequences, Math.floor(ROWS / length)));
  while (sequences % each !== 0) each--;
  return each * length;
}

/** What {@linkcode attendWithin} is told. */
export interface WithinOptions<A> {
  /** Keys [T, heads' width]. */
  key: A;
  /** Values, of the shape of the keys. */
  value: A;
  /** Heads of the queries. */
  heads: number;
  /** Heads of keys and values; those of the queries where absent. */
  keyHeads?: number;
  /** Who sees whom. */
  sight: Sight;
  /** Added to the scores of each key, [1, T], such as far below 0 where it is not to be seen. */
  hidden?: A;
}

/** As {@linkcode attendHeads}, of tokens of equal sequences that see their own sequence: [T, heads d]. */
export function attendWithin<A, I>(g: Arrays<A, I>, query: A, options: WithinOptions<A>): A {
  const { key, value, heads, keyHeads = heads, sight, hidden } = options;
  const [rows] = g.shapeOf(query);
  const piece = pieceRows(rows, sight.length);
  const mask = sightMask(g, piece, sight);
  const under = (from: number) =>
    hidden === undefined ? mask : g.map("add", mask, g.columns(hidden, from, from + piece));
  if (piece === rows) return attendHeads(g, query, { key, value, heads, keyHeads, mask: under(0) });
  const turned = { query: g.transpose(query), key: g.transpose(key), value: g.transpose(value) };
  const pieces = Array.from({ length: rows / piece }, (_, i) => {
    const cut = (a: A) => g.transpose(g.columns(a, i * piece, (i + 1) * piece));
    return g.transpose(attendHeads(g, cut(turned.query), {
      ...{ key: cut(turned.key), value: cut(turned.value), heads, keyHeads },
      mask: under(i * piece),
    }));
  });
  return g.transpose(g.beside(...pieces));
}
