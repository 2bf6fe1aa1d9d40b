/**
 * Whether small models stand in the order of large ones: numbers differ with size and text, the order
 * of the rows is what can be compared.
 *
 * @module
 */

/** A row of which both sides are known. */
export interface RankedRow {
  /** What the work printed: an average, lower is better. */
  published: number;
  /** What was measured, by seed; lower is better. */
  bySeed: ReadonlyMap<number, number>;
  /** Whether it is a branch: those of unlike subjects have no order among themselves. */
  branch?: boolean;
}

/** How many pairs of rows are in the same order. */
export interface RankAgreement {
  /** Pairs of rows that the printed numbers tell apart. */
  pairs: number;
  /** Those in the same order here, by the mean over common seeds. */
  same: number;
  /** Those that the interval over seeds tells apart here. */
  sure: number;
  /** Of these, those in the same order. */
  sureSame: number;
}

/** An interval of a difference: of it alone the ends matter here. */
export type IntervalOf = (differences: readonly number[]) => { lo: number; hi: number } | undefined;

/**
 * Compares the order of all pairs of rows. Rows that are printed alike have no order and are left out,
 * as are two branches, and pairs without a common seed.
 */
export function rankAgreement(
  rows: readonly RankedRow[],
  intervalOf: IntervalOf,
): RankAgreement {
  const agreement = { pairs: 0, same: 0, sure: 0, sureSame: 0 };
  for (const [i, one] of rows.entries()) {
    for (const other of rows.slice(i + 1)) {
      if (one.branch && other.branch) continue;
      const by = [...one.bySeed].flatMap(([seed, x]) => {
        const y = other.bySeed.get(seed);
        return y === undefined ? [] : [x - y];
      });
      const printed = Math.sign(one.published - other.published);
      if (printed === 0 || by.length === 0) continue;
      const found = Math.sign(by.reduce((sum, x) => sum + x, 0));
      const interval = intervalOf(by);
      const sure = interval !== undefined && (interval.lo > 0 || interval.hi < 0);
      agreement.pairs++;
      if (found === printed) agreement.same++;
      if (sure) agreement.sure++;
      if (sure && found === printed) agreement.sureSame++;
    }
  }
  return agreement;
}
