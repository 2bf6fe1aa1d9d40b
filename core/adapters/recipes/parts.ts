/**
 * Parts that many rows share.
 *
 * @module
 */
import type { AdapterSpec, ProductSite } from "../specs.ts";

/** Low-rank matrices; the rank is what is sized, and alpha twice as much. */
export const lora: AdapterSpec = { kind: "lora", rank: 4, alpha: 8 };

/** A hidden layer of a few numbers. */
export const bottleneck: AdapterSpec = { kind: "bottleneck", width: 8 };

/** Products of attention. */
export const ofAttention: readonly ProductSite[] = ["q", "k", "v", "out"];

/** Products of the network. */
export const ofNetwork: readonly ProductSite[] = ["gate", "up", "down"];

/** All products. */
export const ofBlock: readonly ProductSite[] = [...ofAttention, ...ofNetwork];

/** Experts of a mixture, where a work says nothing else. */
export const EXPERTS = 4;

/** Sizes that no source confirms, of nearly every row. */
export const sizes = { "parts.experts": `${EXPERTS}`, "parts.adapter": "sized to the budget" };
