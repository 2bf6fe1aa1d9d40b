/**
 * Names of gpt-oss's files: all experts in one tensor, the columns of gate and up alternating.
 *
 * The released files hold the two large tensors as blocks of four-bit numbers, whose rows are
 * outputs; files written by other programs hold them as [experts, inputs, outputs].
 *
 * @module
 */
import { denseNames } from "./dense.ts";
import { asItIs, type NameTable, stacked, turned } from "./rule.ts";

const block = "model.layers.{l}.mlp";
const [up, down] = [`${block}.experts.gate_up_proj`, `${block}.experts.down_proj`];

const shared: NameTable = {
  ...denseNames,
  "moe.router": turned(`${block}.router.weight`),
  "moe.router.bias": asItIs(`${block}.router.bias`),
  "moe.up.bias": stacked(`${up}_bias`, [[1, 0]]),
  "moe.down.bias": stacked(`${down}_bias`),
};

/** With numbers one by one. */
export const gptOssNames: NameTable = {
  ...shared,
  "moe.up": stacked(up, [[1], [2, 0]]),
  "moe.down": stacked(down),
};

/** With blocks of four-bit numbers. */
export const gptOssPackedNames: NameTable = {
  ...shared,
  "moe.up": stacked(up, [[2, 0], [1]]),
  "moe.down": stacked(down, [[1], [0]]),
};
