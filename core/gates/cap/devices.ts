/**
 * DeepSeek-V2's token dropping, arXiv 2405.04434: a device has a budget of choices and keeps those
 * with the largest weights; a share of all sequences is never dropped, so that a model that drops
 * nobody in use has seen such sequences in training.
 *
 * @module
 */
import { UserError } from "../../../kernels/mod.ts";
import { marks } from "../shorthand.ts";
import type { CapRun } from "./run.ts";
import type { CapSpec } from "./specs.ts";

/** Ranks choices of sequences that are never dropped above others, without rounding any weight. */
const RAISE = 2 ** 20;

/** Ranks a choice with a weight of 0 above what was not chosen; far below other weights. */
const CHOSEN = 1e-30;

/** The divisor of n that is nearest to a number, the smaller of two. */
function nearestDivisor(n: number, to: number): number {
  const divisors = Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
  return divisors.reduce((best, d) => Math.abs(d - to) < Math.abs(best - to) ? d : best);
}

/** Throws a UserError where devices would not hold equally many experts. */
export function requireEqualBlocks({ experts, devices }: { experts: number; devices: number }) {
  if (experts % devices === 0) return;
  throw new UserError(
    `Spread ${experts} experts over ${devices} devices: wanted equally many on each; nearest ` +
      `number of devices that works: ${nearestDivisor(experts, devices)}`,
  );
}

/** Choices within the budgets of devices; all of them where the model is not trained. */
export function withinDevices<A, I>(
  run: CapRun<A, I, Extract<CapSpec, { kind: "device" }>>,
  places: number,
): I {
  const { g, spec: { devices, kept }, shape: { experts, tokens, length }, ids, training } = run;
  if (!training) return ids;
  const { gates } = run;
  if (gates === undefined) {
    throw new UserError(
      'Dropped choices by "device", which keeps the largest weights: this gate has no weights; ' +
        '"factor" in the order "sequence" or "random" needs none',
    );
  }
  requireEqualBlocks({ experts, devices });
  const lucky = g.noise("sequences that are never dropped", "uniform", [tokens / length, 1]);
  const never_S1 = g.map("positive", g.shift(g.scale(lucky, -1), kept));
  const never_T1 = g.repeatRows(never_S1, length);

  const rank_T1 = g.shift(g.scale(never_T1, RAISE - 1), 1);
  const chosen_TE = g.map("multiply", marks(g, ids, experts), g.shift(gates, CHOSEN));
  const rank_TE = g.map("multiply", chosen_TE, rank_T1);

  // A device is a column of (experts of a device) times T rows, of which it keeps the best.
  const rows = experts / devices * tokens;
  const byDevice = g.transpose(g.reshape(g.transpose(rank_TE), [devices, rows]));
  const best = g.choosePerColumn(byDevice, { count: Math.min(places, rows), length: rows });
  const best_TE = g.transpose(g.reshape(g.transpose(best), [experts, tokens]));
  return g.keep(ids, g.take(g.map("larger", best_TE, never_T1), ids));
}
