/**
 * What a step is made of before it is a graph: parts, items and exchanges.
 *
 * A *part* is some kernels, or an exchange that stops them, with seconds for every class of ranks. An
 * *item* is parts that run one after the other on the compute stream with nothing to wait for in
 * between: the events know items alone, and spans of parts are cut out of them when somebody asks. An
 * *exchange* runs on a stream of its own.
 *
 * @module
 */
import type { SpanStream } from "../../engine/span.ts";

/** What a rank's time goes to. */
export type TimeKind =
  | "compute"
  | "tensor"
  | "context"
  | "experts"
  | "data"
  | "shards"
  | "pipeline"
  | "bubble"
  | "imbalance"
  | "update"
  | "fixed";

/** The kinds of time. */
export const timeKinds: readonly TimeKind[] = [
  ...["compute", "tensor", "context", "experts", "data", "shards", "pipeline"] as const,
  ...["bubble", "imbalance", "update", "fixed"] as const,
];

/** ItemPart of an item; seconds by class of ranks. */
export interface ItemPart {
  /** What it is. */
  name: string;
  /** What its time counts as. */
  kind: TimeKind;
  /** How long it takes. */
  seconds: Float64Array;
  /** The same exchange beside kernels, before this. */
  besideSeconds?: Float64Array;
  /** FLOP. */
  flops?: Float64Array;
}

/** An exchange on a stream of its own; seconds and bytes by class of ranks. */
export interface StepExchange {
  /** What it is. */
  name: string;
  /** What waiting for it counts as. */
  kind: TimeKind;
  /** Its stream. */
  stream: SpanStream;
  /** How long it takes on links of its own. */
  seconds: Float64Array;
  /** Share of it for which kernels beside it stand still. */
  blockShare: number;
  /** Whether kernels beside it are not wanted at all. */
  alone: boolean;
  /** Whether it leaves the innermost domain. */
  outside: boolean;
  /** Bytes that a rank sends. */
  sentBytes: Float64Array;
  /** Bytes that it receives. */
  receivedBytes: Float64Array;
}

/** What runs on the compute stream without a break. */
export interface Item {
  /** Its parts, in order. */
  parts: readonly ItemPart[];
  /** Whether it needs the token exchange that its operation began last. */
  waits: boolean;
  /** Token exchange that begins when it ends. */
  starts?: StepExchange;
  /** Parameters that have to be there before. */
  gather?: StepExchange;
  /** Gradients that are on their way after it. */
  scatter?: StepExchange;
  /** Gradients of weights, which nothing waits for: better behind the beginning of an exchange. */
  late: boolean;
}

/** Seconds of an item by class. */
export function itemSeconds({ parts }: Pick<Item, "parts">, classes: number): Float64Array {
  const seconds = new Float64Array(classes);
  for (const part of parts) for (let c = 0; c < classes; c++) seconds[c] += part.seconds[c];
  return seconds;
}

/** Fewer items: two are one where nothing happens between them. */
export function merged(items: readonly Item[]): Item[] {
  const list: Item[] = [];
  for (const item of items) {
    const last = list.at(-1);
    if (last && !last.starts && !last.scatter && !item.waits && !item.gather) {
      list[list.length - 1] = {
        parts: [...last.parts, ...item.parts],
        waits: last.waits,
        late: last.late && item.late,
        gather: last.gather,
        starts: item.starts,
        scatter: item.scatter,
      };
    } else list.push(item);
  }
  return list;
}

/** Puts gradients of weights behind the next item that begins an exchange. */
export function delayed(items: readonly Item[]): Item[] {
  const list: Item[] = [];
  let held: Item[] = [];
  for (const item of items) {
    if (item.late) {
      held.push(item);
      continue;
    }
    list.push(item);
    if (item.starts) {
      list.push(...held);
      held = [];
    }
  }
  return [...list, ...held];
}
