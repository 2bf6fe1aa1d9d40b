/**
 * The tensors that attention experts add to those of attention in a training step of one device: their
 * router, what each counts for each token, and heads weighed by that.
 *
 * Dims: T tokens, D model width, N attention experts, K of them a token, Q width of all queries.
 *
 * @module
 */
import type { Ledger } from "./ledger.ts";

/** Sizes of attention experts. */
export interface AttentionExpertSizes {
  /** Tokens. */
  t: number;
  /** Model width. */
  d: number;
  /** Width of all queries. */
  q: number;
  /** Attention experts. */
  n: number;
  /** Experts that a token is routed to; 0 where it goes to all. */
  k: number;
}

/** From the router's logits to weighed heads. */
export function weighForward(
  { take, mirror }: Ledger,
  at: string,
  { t, q, n, k }: AttentionExpertSizes,
): void {
  take(`${at}gate logits`, [t, n]);
  if (k > 0) take(`${at}gate ids`, [t, k]);
  take(`${at}gate`, [t, n]);
  if (k > 0) take(`${at}gate kept`, [t, n]);
  take(`${at}weighed`, [t, q]);
  mirror(`${at}weighed`);
}

/** From the gradient of weighed heads to that of heads, `do`; that of the normed input is there. */
export function weighBackward(
  { take, mirror, free }: Ledger,
  at: string,
  { t, d, q, n, k }: AttentionExpertSizes,
): void {
  take(`${at}dgate`, [t, n]);
  take(`${at}do`, [t, q]);
  free(`${at}dweighed`, `${at}weighed`);
  if (k > 0) {
    take(`${at}dgate kept`, [t, n]);
    free(`${at}dgate`, `${at}gate kept`);
  }
  take(`${at}dgate logits`, [t, n]);
  free(k > 0 ? `${at}dgate kept` : `${at}dgate`, `${at}gate`);
  if (k > 0) free(`${at}gate ids`);
  take(`${at}gate dw`, [d, n]);
  mirror(`${at}dgate logits`);
  free(`${at}dgate logits`, `${at}gate logits`);
}
