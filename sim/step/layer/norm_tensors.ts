/**
 * The tensors of a norm in a training step of one device.
 *
 * @module
 */
import type { Ledger } from "./ledger.ts";

/** Sizes of a norm. */
export interface NormSizes {
  /** Tokens. */
  t: number;
  /** Width. */
  d: number;
  /** Whether the mean is taken off, and kept. */
  centred: boolean;
}

/** A norm of rows. */
export function normForward(
  { take }: Ledger,
  name: string,
  { t, d, centred }: NormSizes,
): void {
  take(name, [t, d]);
  take(`${name} inverse`, [t]);
  if (centred) take(`${name} mean`, [t]);
}

/** The gradient of a norm of `x`, from that of its result to `into`. */
export function normBackward(
  ledger: Ledger,
  at: string,
  options: { of: string; grad: string; into: string } & NormSizes,
): void {
  const { of, grad, into, t, d, centred } = options;
  ledger.take(`${at}${into}`, [t, d]);
  ledger.take(`${at}${of} blocks`, [1, d]);
  ledger.take(`${at}${of} dgamma`, [d]);
  ledger.free(`${at}${of} blocks`, `${at}${grad}`, `${at}${of} inverse`, `${at}${of}`);
  if (centred) ledger.free(`${at}${of} mean`);
}
