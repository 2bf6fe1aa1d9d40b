/**
 * Rows of tokens that travel in a narrow format between products in another: they are cast before they
 * leave and brought back to 16 bits where they arrive, both ways, in either pass.
 *
 * A token is cast once on its way to the experts, a row of an expert's results on its way back. What
 * the products themselves cast is counted with them (`layer_parts.ts`), so that rows which travel in
 * the format of the products take nothing more here: they leave as what the products would make of
 * them (DeepSeek-V3, arXiv 2412.19437, section 3.3.3). Results are added up in 16 bits, whatever
 * format they came in.
 *
 * @module
 */
import type { Plan, Precision } from "../plan/plan.ts";
import { formats } from "./formats.ts";
import type { Machine } from "./machine.ts";
import type { LayerCost, LayerPhase } from "./phases.ts";
import type { Sizes } from "./sizes.ts";
import type { Split } from "./split.ts";

/** Bytes of an element that is not cast. */
const wideBytes = 2;

/** Whether rows of a format are cast at all. */
export const isNarrow = (format: Precision | undefined): format is Precision =>
  format !== undefined && formats[format].bytes < wideBytes;

/** Whether rows on their way to experts are cast for that way alone. */
export const castsDispatch = ({ formats: { dispatch }, precision }: Plan): boolean =>
  isNarrow(dispatch) && dispatch !== precision;

/** Whether rows leave the rank for their experts. */
export const rowsTravel = ({ dispatcher, ep, etp }: Plan): boolean =>
  dispatcher === "all-gather" ? ep * etp > 1 : ep > 1;

/** Rows that are cast on a rank. */
interface CastRows {
  /** Tokens of its own, on their way to experts. */
  leaving: number;
  /** Rows that have come to its experts. */
  arrived: number;
  /** Results of its experts, on their way back. */
  returning: number;
  /** Results that have come back. */
  returned: number;
}

function castRows(plan: Plan, split: Split): CastRows {
  const leaving = split.tokens / split.tp;
  const arrived = split.expertRows;
  if (plan.dispatcher === "all-gather") {
    // Partial sums of all tokens of the group go back to the ranks that have them.
    const gathered = leaving * plan.ep * plan.etp;
    return { leaving, arrived, returning: gathered, returned: gathered };
  }
  // Ranks that split an expert gather its rows, and add up its results, in 16 bits.
  const own = arrived / split.etp;
  return { leaving, arrived: own, returning: own, returned: split.sentRows };
}

/**
 * Adds the casts of rows to a mixture: before a dispatch to its routing, behind it and before a
 * combine to its experts, behind that to its merging. The backward pass goes the same ways in the
 * format of the combine, the other way around.
 */
export function addRowCasts(
  layer: LayerCost,
  site: { sizes: Sizes; plan: Plan; split: Split; machine: Machine; again: boolean },
): void {
  const { sizes, plan, split, machine: { device, stack }, again } = site;
  const { dispatch, combine } = plan.formats;
  if (!rowsTravel(plan)) return;
  const rows = castRows(plan, split);
  // Read in the one format, written in the other.
  const seconds = (count: number, format: Precision) =>
    count * sizes.dModel * (wideBytes + formats[format].bytes) * device.castSecondsPerByte *
    stack.castPasses;
  const { forward, backwardInput } = layer;
  const passes: LayerPhase[] = again ? [forward, backwardInput] : [forward];
  for (const phase of passes) {
    if (castsDispatch(plan)) {
      phase.routeSeconds += seconds(rows.leaving, dispatch!);
      phase.expertSeconds += seconds(rows.arrived, dispatch!);
    }
    if (!isNarrow(combine)) continue;
    phase.expertSeconds += seconds(rows.returning, combine);
    phase.mergeSeconds += seconds(rows.returned, combine);
  }
  if (!isNarrow(combine)) return;
  if (combine !== plan.precision) {
    backwardInput.mergeSeconds += seconds(rows.leaving, combine);
    backwardInput.expertSeconds += seconds(rows.arrived, combine);
  }
  backwardInput.expertSeconds += seconds(rows.returning, combine);
  backwardInput.routeSeconds += seconds(rows.returned, combine);
}
