/**
 * Where numbers come from.
 *
 * @module
 */

/** Where a number comes from; printed beside it. */
export type Kind = "measured" | "simulated" | "published" | "derived";
