/**
 * Which tensors a training step of one device has, and from when to when: the step gone through with
 * names and shapes alone.
 *
 * The rules, which are those of the tape and of the kernels it calls:
 *
 * - What an operation gives is there until its own gradient has been made: an activation lives from
 *   its forward to its backward operation, and what only the forward pass needs is put back at once.
 * - Experts keep their pre-activations and the choices, not their outputs; attention keeps its output
 *   and a number a row. What is needed of activations is made again.
 * - A gradient lives until the operation that it is handed to has used it, that of a weight until its
 *   update: backwards, gradients of weights come as activations go.
 * - Branches that run side by side share a norm: its gradient is the sum of theirs, made by the one
 *   that goes back first, and the gradient of the residual is handed on as it is.
 * - Products read matrices through mirrors where kernels use textures. A mirror lives from the first
 *   product that reads its tensor to the end of that tensor.
 *
 * Dims as elsewhere: T tokens, D model width, E experts, K experts a token, F expert width, S width of
 * the shared experts, R = T K rows, V vocabulary.
 *
 * @module
 */
import { MIRRORED_SEQUENCE } from "../../../kernels/base/layout.ts";
import { weighBackward, weighForward } from "./attention_expert_tensors.ts";
import type { Ledger } from "./ledger.ts";
import { normBackward, normForward } from "./norm_tensors.ts";

/** Sizes of a block of attention and experts. */
export interface BlockSizes {
  /** Tokens. */
  t: number;
  /** Tokens of a sequence. */
  length: number;
  /** Model width. */
  d: number;
  /** Query heads. */
  heads: number;
  /** Width of all queries. */
  q: number;
  /** Width of all keys, and of all values. */
  kv: number;
  /** Experts. */
  e: number;
  /** Experts a token. */
  k: number;
  /** Width of an expert. */
  f: number;
  /** Width of the shared experts; 0 where there are none. */
  s: number;
  /** Width of the dense network, in layers without experts. */
  dense: number;
  /** Whether attention and network run side by side behind one norm. */
  parallel: boolean;
  /** Whether norms take the mean off. */
  centred: boolean;
  /** Attention experts and those that a token is routed to, 0 for all; none where attention is plain. */
  routed?: { n: number; k: number };
}

/** What `groupTokens` leaves: one number a row, or less. */
const groups = ["offsets", "tile map", "row ids", "places", "row tokens"];

/** What a network reads: the norm that it shares with attention, or its own. */
const inputOf = (at: string, { parallel }: BlockSizes) => `${at}${parallel ? "a" : "b"}`;

/** The forward pass of attention: from the block's input to the residual behind it. */
export function attentionForward(ledger: Ledger, at: string, sizes: BlockSizes): void {
  const { t, heads, q, kv, d, routed } = sizes;
  const { take, mirror } = ledger;
  normForward(ledger, `${at}a`, sizes);
  take(`${at}q`, [t, q]);
  mirror(`${at}a`);
  take(`${at}k`, [t, kv]);
  take(`${at}v`, [t, kv]);
  take(`${at}o`, [t, q]);
  take(`${at}lse`, [heads * t]);
  if (sizes.length >= MIRRORED_SEQUENCE) [`${at}k`, `${at}v`].forEach(mirror);
  if (routed) weighForward(ledger, at, { t, d, q, ...routed });
  take(`${at}middle`, [t, d]);
  if (!routed) mirror(`${at}o`);
}

/** The forward pass of the experts: norm, router, both products, and the shared experts. */
export function expertsForward(ledger: Ledger, at: string, sizes: BlockSizes): void {
  const { t, d, e, k, f, s } = sizes;
  const { take, mirror, free } = ledger;
  const r = t * k;
  if (!sizes.parallel) normForward(ledger, `${at}b`, sizes);
  take(`${at}logits`, [t, e]);
  mirror(inputOf(at, sizes));
  for (const name of ["ids", "weights", ...groups]) take(`${at}${name}`, [r]);
  take(`${at}up`, [r, f]);
  take(`${at}kept`, [2, r, f]);
  take(`${at}rows`, [r, d]);
  mirror(`${at}up`);
  free(`${at}up`);
  if (s > 0) {
    take(`${at}shared up`, [t, s]);
    take(`${at}shared kept`, [2, t, s]);
    take(`${at}shared`, [t, d]);
    mirror(`${at}shared up`);
    free(`${at}shared up`);
  }
  take(`${at}y`, [t, d]);
  free(`${at}rows`, ...(s > 0 ? [`${at}shared`] : []));
}

/** The forward pass of a dense gated network: norm and both products. */
export function denseForward(ledger: Ledger, at: string, sizes: BlockSizes): void {
  const { t, d, dense: f } = sizes;
  const { take, mirror, free } = ledger;
  if (!sizes.parallel) normForward(ledger, `${at}b`, sizes);
  take(`${at}up`, [t, f]);
  take(`${at}kept`, [2, t, f]);
  mirror(inputOf(at, sizes));
  take(`${at}y`, [t, d]);
  mirror(`${at}up`);
  free(`${at}up`);
}

/** The gradient of the experts, from that of their output, `dy`, to the one before their norm. */
export function expertsBackward(
  ledger: Ledger,
  at: string,
  { dy, ...sizes }: BlockSizes & { dy: string },
): void {
  const { t, d, e, k, f, s } = sizes;
  const { take, mirror, free } = ledger;
  const r = t * k;
  take(`${at}da`, [r, f]);
  mirror(dy);
  take(`${at}dh`, [2, r, f]);
  take(`${at}dweights`, [r]);
  free(`${at}kept`);
  take(`${at}down dw`, [e, f, d]);
  mirror(`${at}da`);
  free(`${at}da`);
  take(`${at}drows`, [r, d]);
  mirror(`${at}dh`);
  take(`${at}up dw`, [e, 2, d, f]);
  free(`${at}dh`);
  take(`${at}dlogits`, [t, e]);
  free(`${at}dweights`, `${at}logits`);
  take(`${at}router dw`, [d, e]);
  mirror(`${at}dlogits`);
  if (s > 0) sharedBackward(ledger, at, sizes);
  take(`${at}dx router`, [t, d]);
  free(`${at}dlogits`, ...(s > 0 ? [`${at}dshared`] : []));
  take(`${at}db`, [t, d]);
  free(`${at}drows`, `${at}dx router`);
  free(...["ids", "weights", ...groups, "y"].map((name) => `${at}${name}`));
  networkNormBackward(ledger, at, { dy, ...sizes });
}

/** The gradient of the norm before a network of its own: from `db` and `dy` to `dmiddle`. */
function networkNormBackward(
  ledger: Ledger,
  at: string,
  { dy, t, d, centred, parallel }: BlockSizes & { dy: string },
): void {
  if (parallel) return;
  normBackward(ledger, at, { of: "b", grad: "db", into: "dmiddle", t, d, centred });
  ledger.free(dy);
}

function sharedBackward({ take, mirror, free }: Ledger, at: string, { t, d, s }: BlockSizes): void {
  take(`${at}shared da`, [t, s]);
  take(`${at}shared dh`, [2, t, s]);
  take(`${at}shared down dw`, [s, d]);
  mirror(`${at}shared da`);
  free(`${at}shared kept`, `${at}shared da`);
  take(`${at}dshared`, [t, d]);
  mirror(`${at}shared dh`);
  take(`${at}shared up dw`, [2, d, s]);
  free(`${at}shared dh`);
}

/** The gradient of a dense gated network, from that of its output, `dy`, to the one before its norm. */
export function denseBackward(
  ledger: Ledger,
  at: string,
  { dy, ...sizes }: BlockSizes & { dy: string },
): void {
  const { t, d, dense: f } = sizes;
  const { take, mirror, free } = ledger;
  take(`${at}da`, [t, f]);
  mirror(dy);
  take(`${at}dh`, [2, t, f]);
  free(`${at}kept`);
  take(`${at}down dw`, [f, d]);
  mirror(`${at}da`);
  free(`${at}da`);
  take(`${at}db`, [t, d]);
  mirror(`${at}dh`);
  take(`${at}up dw`, [2, d, f]);
  free(`${at}dh`, `${at}y`);
  networkNormBackward(ledger, at, { dy, ...sizes });
}

/**
 * The gradient of attention, from that behind it to that of the block's input, `dx`. Side by side with a
 * network, that behind it is the block's own, `dy`, and that of the shared norm is begun.
 */
export function attentionBackward(
  ledger: Ledger,
  at: string,
  { dy, ...sizes }: BlockSizes & { dy: string },
): void {
  const { t, d, heads, q, kv, parallel, routed } = sizes;
  const { take, mirror, free } = ledger;
  const behind = parallel ? dy : `${at}dmiddle`;
  const dnormed = parallel ? "db" : "dnormed";
  take(`${at}out dw`, [q, d]);
  mirror(behind);
  take(`${at}${routed ? "dweighed" : "do"}`, [t, q]);
  free(`${at}middle`);
  if (routed) weighBackward(ledger, at, { t, d, q, ...routed });
  take(`${at}delta`, [heads * t]);
  const widths = [["q", q], ["k", kv], ["v", kv]] as const;
  for (const [name, width] of widths) take(`${at}d${name}`, [t, width]);
  if (sizes.length >= MIRRORED_SEQUENCE) [`${at}q`, `${at}do`].forEach(mirror);
  free(`${at}delta`, `${at}do`, `${at}lse`, `${at}o`);
  for (const [name, width] of widths.toReversed()) {
    take(`${at}${name} dw`, [d, width]);
    mirror(`${at}d${name}`);
    // The others are added to the first.
    if (name === "v" && !parallel) take(`${at}${dnormed}`, [t, d]);
    free(`${at}d${name}`, `${at}${name}`);
  }
  normBackward(ledger, at, { of: "a", grad: dnormed, into: "dx", ...sizes });
  free(behind);
}
