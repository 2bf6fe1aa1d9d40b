/**
 * Names of our own files: those of the tensors of a forward pass, laid out as it takes them.
 *
 * @module
 */
import { asItIs, type NameTable, stacked } from "./rule.ts";

/** Names within the parts of a layer. */
const parts = {
  attention: "norm norm.beta router q k v q.bias k.bias v.bias qNorm kNorm sinks " +
    "qDown qDownNorm qUp kvDown kvDownNorm kvUp out out.bias",
  ffn: "norm norm.beta up down",
  moe: "norm norm.beta router router.bias balance sharedUp sharedDown sharedGate",
} as const;

/** Tensors that have all experts of a layer. */
const banks = "up up.bias down down.bias";

const named = (part: string, words: string) => words.split(" ").map((word) => `${part}.${word}`);

/** Tables, norms, and all that layers may have. */
export const ownNames: NameTable = Object.fromEntries([
  ...["embedding", "norm", "norm.beta", "head"].map((name) => [name, asItIs(name)] as const),
  ...Object.entries(parts).flatMap(([part, words]) => named(part, words))
    .map((name) => [name, asItIs(`layers.{l}.${name}`)] as const),
  ...named("moe", banks).map((name) => [name, stacked(`layers.{l}.${name}`)] as const),
]);
