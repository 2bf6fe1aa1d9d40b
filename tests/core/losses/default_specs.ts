/**
 * A description of every loss and controller with the coefficients of the work it comes from.
 *
 * @module
 */
import type { BalanceKind, BalanceOf } from "../../../core/losses/run.ts";

/** A description, and where its numbers are from. */
export interface BalanceDefault<K extends BalanceKind> {
  /** The description. */
  spec: BalanceOf<K>;
  /** The work, or the survey (arXiv 2407.06204) and its table. */
  source: string;
  /** Fields that no source confirms: choices of this suite, not figures of the work. */
  unverified?: readonly (keyof BalanceOf<K> & string)[];
}

const table1 = "arXiv 2407.06204, table 1";

/** The descriptions by kind. */
export const balanceDefaults: { readonly [K in BalanceKind]: BalanceDefault<K> } = {
  balance: { spec: { kind: "balance", weight: 0.01 }, source: table1 },
  importance: { spec: { kind: "importance", weight: 0.1 }, source: table1 },
  load: { spec: { kind: "load", weight: 0.1 }, source: table1 },
  z: { spec: { kind: "z", weight: 0.001 }, source: table1 },
  "mutual-information": {
    spec: { kind: "mutual-information", weight: 0.001, of: "tokens" },
    source: table1,
  },
  stable: { spec: { kind: "stable", weight: 0.3 }, source: "StableMoE, arXiv 2204.08396" },
  "x-moe": {
    spec: { kind: "x-moe", weight: 0.01, temperature: 0.3, scores: "softmax" },
    source: "X-MoE, arXiv 2204.09179",
    unverified: ["weight"],
  },
  "null-aware": {
    spec: { kind: "null-aware", weight: 0.01 },
    source: "AdaMoE, arXiv 2406.13233",
    unverified: ["weight"],
  },
  diversity: {
    spec: { kind: "diversity", weight: 1 },
    source: "DYNMoE, arXiv 2405.14297",
    unverified: ["weight"],
  },
  simplicity: {
    spec: { kind: "simplicity", weight: 1 },
    source: "DYNMoE, arXiv 2405.14297",
    unverified: ["weight"],
  },
  efficiency: {
    spec: { kind: "efficiency", weight: 1 },
    source: "DYNMoE, arXiv 2405.14297",
    unverified: ["weight"],
  },
  device: {
    spec: { kind: "device", weight: 0.05, devices: 2 },
    source: "DeepSeek-V2, arXiv 2405.04434",
    unverified: ["weight", "devices"],
  },
  communication: {
    spec: { kind: "communication", weight: 0.02, devices: 2, chosen: 1 },
    source: "DeepSeek-V2, arXiv 2405.04434",
    unverified: ["weight", "devices", "chosen"],
  },
  "sequence-wise": {
    spec: { kind: "sequence-wise", weight: 1e-4 },
    source: "DeepSeek-V3, arXiv 2412.19437",
    unverified: ["weight"],
  },
  "relu-l1": {
    spec: { kind: "relu-l1", start: 1e-8, factor: 1.2 },
    source: "ReMoE, arXiv 2412.14711",
  },
  "two-kinds": {
    spec: { kind: "two-kinds", weight: 0.01, share: 0.75 },
    source: "MoE++, arXiv 2410.07348",
  },
  localised: {
    spec: { kind: "localised", weight: 0.01, delta: 0.1 },
    source: "LoRAMoE, arXiv 2312.09979",
    unverified: ["weight", "delta"],
  },
  "local-entropy": {
    spec: { kind: "local-entropy", weight: 0.04 },
    source: "LIMoE, arXiv 2206.02770",
    unverified: ["weight"],
  },
  "global-entropy": {
    spec: { kind: "global-entropy", weight: 0.04, threshold: Math.log(4) },
    source: "LIMoE, arXiv 2206.02770",
    unverified: ["weight", "threshold"],
  },
  gates: { spec: { kind: "gates", weight: 0.01 }, source: "Branch-Train-MiX, arXiv 2403.07816" },
  adaptive: {
    spec: { kind: "adaptive", slope: 0.2, most: 0.01, keep: 0.99 },
    source: "Skywork-MoE, arXiv 2406.06563",
    unverified: ["start"],
  },
  entropy: {
    spec: { kind: "entropy", weight: 0.01 },
    source: "DSelect-k, arXiv 2106.03760",
    unverified: ["weight"],
  },
  bias: {
    spec: { kind: "bias", rate: 0.001 },
    source: "Loss-free balancing, arXiv 2408.15664",
    unverified: ["rate"],
  },
};
