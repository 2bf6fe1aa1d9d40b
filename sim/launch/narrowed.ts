/**
 * Lists of values for searches, cut down to what a launcher can be told.
 *
 * A product of lists cannot say that a value wants another one beside it, so that what a launcher can
 * be told is several products, each of plans that it takes but for a few rules between fields. They
 * share no plan.
 *
 * @module
 */
import type { Model } from "../../core/spec/model.ts";
import type { ChoiceLists } from "../search/choice_lists.ts";

/** Lists of some fields. */
export type Lists = Partial<ChoiceLists>;

/** Products that each hold one of some first lists and one of some second ones. */
export function products(first: readonly Lists[], second: readonly Lists[]): Lists[] {
  return first.flatMap((a) => second.map((b) => ({ ...a, ...narrowed(b, a) })));
}

/** Lists with what other lists have of the same fields alone. */
export function narrowed(lists: Lists, by: Lists): Lists {
  return Object.fromEntries(
    Object.entries(lists).map(([field, values]) => {
      const held: readonly unknown[] | undefined = by[field as keyof ChoiceLists];
      const kept = (values as readonly unknown[]).filter((value) => held?.includes(value) ?? true);
      return [field, kept];
    }),
  );
}

/** Lists without products that hold no plan. */
export function nonEmpty(lists: readonly Lists[]): Lists[] {
  return lists.filter((product) => Object.values(product).every((values) => values.length > 0));
}

/** Whether a format of rows is the usual one. */
export const usualRows = (format: string | undefined) => format === undefined || format === "bf16";

/** True where that may be chosen, else what is left: what waits for nothing is never slower. */
export const trueFirst = (values: readonly boolean[]) => values.includes(true) ? [true] : values;

/** What a model asks of the lists. */
export interface ListSite {
  /** Values that would be tried. */
  lists: ChoiceLists;
  /** The model. */
  model: Model;
}
