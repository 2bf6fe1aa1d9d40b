/**
 * The backward kernels: probabilities are made again from the scores and their log-sum-exp
 * (FlashAttention-2, arXiv 2307.08691, algorithm 2), once for the gradient of the queries, where
 * keys stream by, and once for those of keys and values, where queries do. So every sum has one
 * owner, and an order.
 *
 * `delta` is the row sum of o * grad: the part of the softmax's gradient that a row shares.
 *
 * @module
 */
import { keysSeen, masked, queriesSeen } from "./band.ts";
import {
  header,
  loadNumbers,
  loadRows,
  prologue,
  range,
  storeRows,
  zeros,
} from "./shader_parts.ts";
import { numberOf, pass, streamLoop, streamMemory } from "./stream_loop.ts";
import { streamsOf } from "./streams.ts";
import type { HeadWidths } from "./options.ts";
import type { Tile } from "./tile.ts";

/** WGSL of the kernel that gives the gradient of the queries, without the storage prelude. */
export function queryGradientShader(tile: Tile, widths: HeadWidths): string {
  const { q, k, v, grad, lse, delta, dq } = streamsOf(widths);
  const rows = range(tile.step);
  const body = [
    ...rows.map((j) => `var s${j} = R();`),
    ...rows.map((j) => `var g${j} = R();`),
    ...pass(tile, k, { dot: { sum: "s", own: "q" } }),
    ...pass(tile, v, { dot: { sum: "g", own: "grad" } }),
    ...rows.map((j) => `let w${j} = exp2(${masked(j)} - own_lse * LOG2_E) * (g${j} - own_delta);`),
    ...pass(tile, k, { add: { sum: "dq", weight: "w" } }),
  ];
  return [
    header(tile, { own: [q, grad, lse, delta], streaming: [k, v], written: [dq] }),
    ...streamMemory(tile, [k, v]),
    ...prologue(tile, { heads: "p.heads", heavyLast: true }),
    "let key_head = head / p.shared_by;",
    ...keysSeen(tile),
    ...loadRows(tile, q, "(p.scale * LOG2_E)"),
    ...loadRows(tile, grad),
    loadNumbers(tile, lse),
    loadNumbers(tile, delta),
    ...zeros(dq),
    ...streamLoop(tile, [k, v], body),
    ...storeRows(tile, dq, "p.scale"),
    "}",
  ].join("\n") + "\n";
}

/** WGSL of the kernel that gives the gradients of keys and values, without the storage prelude. */
export function keyGradientShader(tile: Tile, widths: HeadWidths): string {
  const { q, k, v, grad, lse, delta, dk, dv } = streamsOf(widths);
  const streaming = [q, grad, lse, delta];
  const rows = range(tile.step);
  const body = [
    ...rows.map((j) => `var s${j} = R();`),
    ...rows.map((j) => `var g${j} = R();`),
    ...pass(tile, q, { dot: { sum: "s", own: "k" } }),
    ...rows.map((j) => `let w${j} = exp2(${masked(j)} - R(${numberOf(tile, lse, j)}) * LOG2_E);`),
    ...pass(tile, grad, { dot: { sum: "g", own: "v" }, add: { sum: "dv", weight: "w" } }),
    ...rows.map((j) => `let h${j} = w${j} * (g${j} - R(${numberOf(tile, delta, j)}));`),
    ...pass(tile, q, { add: { sum: "dk", weight: "h" } }),
  ];
  return [
    header(tile, { own: [k, v], streaming, written: [dk, dv] }),
    ...streamMemory(tile, streaming),
    ...prologue(tile, { heads: "p.heads / p.shared_by", heavyLast: false }),
    ...queriesSeen(tile),
    ...loadRows(tile, k, "(p.scale * LOG2_E)"),
    ...loadRows(tile, v),
    ...zeros(dk),
    ...zeros(dv),
    "for (var member = 0u; member < p.shared_by; member++) {",
    "let head = key_head * p.shared_by + member;",
    ...streamLoop(tile, streaming, body),
    "}",
    ...storeRows(tile, dk, "p.scale"),
    ...storeRows(tile, dv, "1.0"),
    "}",
  ].join("\n") + "\n";
}
