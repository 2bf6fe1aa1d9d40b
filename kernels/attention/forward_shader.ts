/**
 * The forward kernel: a lane owns queries, keys and values stream by, and the softmax is corrected
 * as larger scores appear (FlashAttention-2, arXiv 2307.08691, algorithm 1).
 *
 * Scores are in units of log2, so that exponentials are exp2. A sink is a logit that the sums begin
 * with: a key without a value.
 *
 * @module
 */
import { keysSeen, masked } from "./band.ts";
import {
  header,
  loadRows,
  prologue,
  range,
  storeNumbers,
  storeRows,
  zeros,
} from "./shader_parts.ts";
import { pass, streamLoop, streamMemory } from "./stream_loop.ts";
import { streamsOf } from "./streams.ts";
import type { HeadWidths } from "./options.ts";
import type { Tile } from "./tile.ts";

/** WGSL of the forward kernel, without the storage prelude. */
export function forwardShader(tile: Tile, widths: HeadWidths): string {
  const { q, k, v, o, lse } = streamsOf(widths);
  const rows = range(tile.step);
  const body = [
    ...rows.map((j) => `var s${j} = R();`),
    ...pass(tile, k, { dot: { sum: "s", own: "q" } }),
    ...rows.map((j) => `s${j} = ${masked(j)};`),
    `let highest = ${rows.reduce((before, j) => `max(${before}, s${j})`, "top")};`,
    "let shrink = exp2(top - highest);",
    "top = highest;",
    ...rows.map((j) => `let w${j} = exp2(s${j} - highest);`),
    `total = fma(total, shrink, ${rows.map((j) => `w${j}`).join(" + ")});`,
    ...range(widths.dv).map((d) => `o${d} *= shrink;`),
    ...pass(tile, v, { add: { sum: "o", weight: "w" } }),
  ];
  return [
    header(tile, { own: [q], streaming: [k, v], numbers: ["sink"], written: [o, lse] }),
    ...streamMemory(tile, [k, v]),
    ...prologue(tile, { heads: "p.heads", heavyLast: true }),
    "let key_head = head / p.shared_by;",
    ...keysSeen(tile),
    ...loadRows(tile, q, "(p.scale * LOG2_E)"),
    ...zeros(o),
    "var top = R(-1e30);",
    "var total = R();",
    "if (p.with_sink == 1u) { top = R(sink[head] * LOG2_E); total = R(1.0); }",
    ...streamLoop(tile, [k, v], body),
    "let inverse = 1.0 / total;",
    ...storeRows(tile, o, "inverse"),
    "let log_sum = (top + log2(total)) / LOG2_E;",
    ...storeNumbers(tile, lse, "log_sum"),
    "}",
  ].join("\n") + "\n";
}
