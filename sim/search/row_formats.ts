/**
 * The formats of rows that may be best for a plan.
 *
 * A narrow format shortens an exchange and takes casts before and behind it (`sim/cost/row_casts.ts`),
 * so that neither is always better. One format is never worse than another where it is no wider and no
 * row is cast for it that is not cast for the other.
 *
 * @module
 */
import { formats as formatTable } from "../cost/formats.ts";
import { castsDispatch, isNarrow, rowsTravel } from "../cost/row_casts.ts";
import type { Plan, Precision } from "../plan/plan.ts";
import type { ChoiceLists } from "./choice_lists.ts";

type RowFormat = Precision | undefined;

/** Formats of a plan with others of rows. */
export function withRowFormats(
  formats: Plan["formats"],
  dispatch: RowFormat,
  combine: RowFormat,
): Plan["formats"] {
  return { ...formats, ...(dispatch && { dispatch }), ...(combine && { combine }) };
}

/** How many of its ways a format is cast for. */
type Casts = (format: RowFormat) => number;

function castsOf(plan: Plan): { dispatch: Casts; combine: Casts } {
  if (!rowsTravel(plan)) return { dispatch: () => 0, combine: () => 0 };
  return {
    dispatch: (dispatch) => castsDispatch({ ...plan, formats: { dispatch } }) ? 1 : 0,
    // Results are added up in 16 bits; gradients on their way there are as rows of a dispatch.
    combine: (combine) => isNarrow(combine) ? (combine === plan.precision ? 1 : 2) : 0,
  };
}

/** Those of a list, narrowest first, that no other is never worse than. */
function bestOf(list: readonly RowFormat[], casts: Casts): RowFormat[] {
  const bytes = (format: RowFormat) => formatTable[format ?? "bf16"].bytes;
  return list.filter((format, at) =>
    !list.some((other, before) =>
      before < at && bytes(other) <= bytes(format) && casts(other) <= casts(format)
    )
  );
}

/**
 * Formats of rows that have to be tried for a plan whose degrees, dispatcher and format of products
 * are chosen; those of the plan itself play no part.
 */
export function triedRowFormats(
  plan: Plan,
  { dispatch, combine }: Pick<ChoiceLists, "dispatch" | "combine">,
): Plan["formats"][] {
  if (dispatch.length * combine.length === 1) return [plan.formats];
  const casts = castsOf(plan);
  const { dispatch: _dispatch, combine: _combine, ...others } = plan.formats;
  return bestOf(dispatch, casts.dispatch).flatMap((there) =>
    bestOf(combine, casts.combine).map((back) => withRowFormats(others, there, back))
  );
}
