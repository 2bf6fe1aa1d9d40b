/**
 * Names of Mixtral's experts: w1 is the gate, w3 goes up, w2 down.
 *
 * @module
 */
import { denseNames } from "./dense.ts";
import { type NameTable, turned } from "./rule.ts";

const block = "model.layers.{l}.block_sparse_moe";

/** Mixtral. */
export const mixtralNames: NameTable = {
  ...denseNames,
  "moe.router": turned(`${block}.gate.weight`),
  "moe.up": turned(`${block}.experts.{e}.w1.weight`, `${block}.experts.{e}.w3.weight`),
  "moe.down": turned(`${block}.experts.{e}.w2.weight`),
};
