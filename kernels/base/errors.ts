/**
 * Errors that a user caused and can mend, and the search for what they probably meant.
 *
 * The command line prints the message of a {@linkcode UserError} as one line and ends with exit
 * code 2; every other error is a bug and keeps its stack.
 *
 * @module
 */

/**
 * Input that cannot be used. The message says what was done, the value found, the value wanted,
 * and the nearest thing that works; it has no final period.
 */
export class UserError extends TypeError {
  /** Name of the class, as printed. */
  override name = "UserError";
}

/**
 * Number of single-character insertions, deletions, substitutions and swaps of neighbours that
 * turn `a` into `b` (optimal string alignment).
 *
 * @example
 * ```ts
 * import { editDistance } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(editDistance("mixtral", "mxitral"), 1);
 * ```
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], before[j - 2] + 1);
      }
    }
    before = last;
    last = row;
  }
  return last[b.length];
}

/**
 * The candidate nearest to `word` or beginning most like it, first of equals, or `undefined` where
 * none is closer than half of the word's length.
 *
 * @example
 * ```ts
 * import { nearest } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nearest("mixtrall-8x7b", ["dbrx", "mixtral-8x7b"]), "mixtral-8x7b");
 * assertEquals(nearest("mixtrall", ["dbrx", "mixtral-8x7b"]), "mixtral-8x7b");
 * assertEquals(nearest("zzz", ["dbrx"]), undefined);
 * ```
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let distance = Math.max(2, Math.ceil(word.length / 2)) + 1;
  for (const candidate of candidates) {
    const text = candidate.toLowerCase();
    // A name is often typed without its end: its beginning counts too, as one step away.
    const d = Math.min(
      editDistance(wanted, text),
      1 + editDistance(wanted, text.slice(0, wanted.length)),
    );
    if (d < distance) [best, distance] = [candidate, d];
  }
  return best;
}

/**
 * The error for a name that is not in a list: says the name, the nearest match and the whole list.
 *
 * @example
 * ```ts
 * import { unknownName } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   unknownName("preset", "dbrxx", ["dbrx", "jamba"]).message,
 *   'Unknown preset "dbrxx": did you mean "dbrx"? Known: dbrx, jamba',
 * );
 * ```
 */
export function unknownName(what: string, name: string, known: readonly string[]): UserError {
  const match = nearest(name, known);
  const hint = match === undefined ? "" : ` did you mean "${match}"?`;
  return new UserError(`Unknown ${what} "${name}":${hint} Known: ${known.join(", ")}`);
}
