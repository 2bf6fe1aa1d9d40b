/**
 * Exchanges of two experts between the fullest rank and another, as long as one lowers the fuller of
 * the two.
 *
 * Only what takes load from a fullest rank can lower the maximum, so other pairs are not looked at.
 * Every exchange lowers the sum of squares, so it ends.
 *
 * @module
 */

/** The best exchange that was found. */
interface Exchange {
  /** The other rank. */
  to: number;
  /** Slot of the fullest rank. */
  out: number;
  /** Slot of the other rank; its free one where it is behind the last. */
  into: number;
  /** Load that moves. */
  moved: number;
  /** Load of the fuller of both afterwards. */
  fuller: number;
}

/** Differences under this share of the load are rounding. */
const rounding = 1e-12;

/**
 * Exchanges until none helps, in place. A rank with fewer than `slots` experts may also take one
 * without giving one back.
 *
 * @param slots_RS The placement; it is changed.
 * @param options `each_E`: load of a slot of each expert; `slots`: slots of a rank.
 */
export function swapExperts(
  slots_RS: number[][],
  options: { each_E: readonly number[]; slots: number },
): void {
  const { each_E, slots } = options;
  const load_R = slots_RS.map((own) => own.reduce((sum, expert) => sum + each_E[expert], 0));
  const least = rounding * load_R.reduce((sum, load) => sum + load, 0);
  for (;;) {
    const from = load_R.indexOf(Math.max(...load_R));
    const best = bestExchange(slots_RS, from, { each_E, slots, load_R, least });
    if (!best) return;
    const { to, out, into, moved } = best;
    const [sent] = slots_RS[from].splice(out, 1);
    slots_RS[from].push(...slots_RS[to].splice(into, 1, sent));
    load_R[from] -= moved;
    load_R[to] += moved;
  }
}

function bestExchange(
  slots_RS: readonly number[][],
  from: number,
  of: { each_E: readonly number[]; slots: number; load_R: readonly number[]; least: number },
): Exchange | undefined {
  const { each_E, slots, load_R, least } = of;
  let best: Exchange | undefined;
  const consider = (to: number, out: number, into: number, moved: number) => {
    const room = load_R[from] - load_R[to];
    if (!(moved > least) || !(moved < room - least)) return;
    const fuller = Math.max(load_R[from] - moved, load_R[to] + moved);
    if (!best || fuller < best.fuller) best = { to, out, into, moved, fuller };
  };
  const own = slots_RS[from];
  for (let to = 0; to < slots_RS.length; to++) {
    if (to === from) continue;
    const other = slots_RS[to];
    const fromThere = other.map((expert) => own.includes(expert));
    for (let out = 0; out < own.length; out++) {
      if (other.includes(own[out])) continue;
      const sent = each_E[own[out]];
      if (other.length < slots && own.length > 1) consider(to, out, other.length, sent);
      for (let into = 0; into < other.length; into++) {
        if (!fromThere[into]) consider(to, out, into, sent - each_E[other[into]]);
      }
    }
  }
  return best;
}
