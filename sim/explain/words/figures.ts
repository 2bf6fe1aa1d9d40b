/**
 * What explanations are worded with: names of parts, groups and inputs, and somebody who writes
 * figures, since units are written on the floor of reports.
 *
 * @module
 */
import type { ExchangeShare } from "../exchange_shares.ts";
import type { SiteInput } from "../site_changes.ts";
import type { StepParts } from "../step_parts.ts";

/** Units of the figures in a sentence. */
export type FigureUnit = "seconds" | "bytes" | "fraction" | "plain";

/** Writes a figure with its unit, with at most so many digits; `formatNumber` of reports is one. */
export type FigureFormat = (value: number, unit: FigureUnit, digits?: number) => string;

/** How sentences are written. */
export interface WordOptions {
  /** Writes figures. */
  format: FigureFormat;
}

/** Parts of a step in words. */
export const stepPartNames: Readonly<Record<keyof StepParts, string>> = {
  mixerSeconds: "attention, norms, embedding, output layer",
  ffnSeconds: "dense feed-forward networks",
  expertSeconds: "routed experts",
  sharedSeconds: "shared experts",
  routingSeconds: "router, order of tokens",
  hostSeconds: "host and gaps between kernels",
  tensorSeconds: "tensor-parallel exchanges, exposed",
  contextSeconds: "context exchanges, exposed",
  tokenSeconds: "tokens to experts and back, exposed",
  shardSeconds: "sharded parameters and sends, exposed",
  bubbleSeconds: "bubble",
  dataSeconds: "gradients and parameters, exposed",
  updateSeconds: "optimiser",
  fixedSeconds: "fixed time of a step",
};

/** Groups of ranks in words. */
export const exchangeNames: Readonly<Record<ExchangeShare["group"], string>> = {
  tensor: "exchanges of tensor ranks",
  context: "exchanges of context ranks",
  expert: "tokens between expert ranks",
  shard: "parameters and gradients sharded over data ranks",
  pipeline: "sends between stages",
  data: "gradients and parameters of data ranks",
};

/** Inputs in words. */
export const siteInputNames: Readonly<Record<SiteInput, string>> = {
  memory: "memory",
  flops: "FLOP/s",
  "memory-bandwidth": "memory bandwidth",
  "node-bandwidth": "bandwidth inside a node",
  "network-bandwidth": "network bandwidth",
  latency: "latency of links",
  host: "host seconds of a kernel",
  gaps: "seconds between kernels",
};

/** "12 % less" or "3 % more" of something that has a factor. */
export function factorWords(factor: number, format: FigureFormat): string {
  return factor >= 1
    ? `${format(factor - 1, "fraction", 3)} more`
    : `${format(1 - factor, "fraction", 3)} less`;
}
