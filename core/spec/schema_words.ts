/**
 * Pieces that the schemas of a description share.
 *
 * @module
 */
import { z } from "zod";

/** A whole number that may be none. */
export const count = z.int().min(0);
/** A whole number of at least one. */
export const size = z.int().min(1);
/** A flag that is off where it is left out. */
export const no = z.boolean().default(false);

/** An error that says what was wanted and what was found. */
export const wanted = (what: string) => ({
  error: (issue: { input?: unknown }) =>
    `expected ${what} but found ${JSON.stringify(issue.input) ?? "nothing"}`,
});

/** The same for a union by "kind". */
export const kinds = (...names: string[]) =>
  wanted(`an object whose kind is one of ${names.join(", ")}`);
