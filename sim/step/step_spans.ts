/**
 * The spans of a simulated step, cut out of its tasks for the ranks that somebody wants to see.
 *
 * @module
 */
import { NO_LABEL, NO_LANE } from "../engine/graph.ts";
import { bySpanStart, type Span } from "../engine/span.ts";
import type { ItemPart } from "./tasks/parts.ts";
import type { TaskTag } from "./tasks/step_graph.ts";
import type { SimulatedStep } from "./simulate_step.ts";

/** Where spans of an item go, and how far its streams of exchanges are filled. */
interface Place {
  rank: number;
  class: number;
  spans: Span[];
  filled: { tensor: number; context: number };
}

/** The spans of an item that begins at `start`. */
function partSpans(parts: readonly ItemPart[], start: number, to: Place): void {
  let now = start;
  for (const { name, kind, seconds, besideSeconds } of parts) {
    const startSeconds = now;
    now += seconds[to.class];
    const says = { rank: to.rank, name, endSeconds: now };
    if (kind === "compute") {
      to.spans.push({ ...says, stream: "compute", class: "compute", startSeconds });
    } else if (kind === "tensor" || kind === "context") {
      // What of an exchange ran beside the kernels before it, as far as its stream was free.
      const whole = startSeconds - (besideSeconds?.[to.class] ?? 0);
      const from = Math.min(startSeconds, Math.max(to.filled[kind], whole));
      to.spans.push({ ...says, stream: kind, class: "communication", startSeconds: from });
      to.filled[kind] = now;
    }
  }
}

function tagSpan(
  { name, kind, exchange }: TaskTag,
  c: number,
): Pick<Span, "name" | "class" | "bytes"> {
  if (exchange) return { name, class: "communication", bytes: exchange.sentBytes[c] };
  return { name, class: kind === "update" ? "compute" : "waiting" };
}

/**
 * Spans of some ranks, those that stand for their class unless given, by start, rank and stream.
 *
 * Kernels that stand still beside an exchange are a span "beside ..." of class "waiting" on the compute
 * stream. Items of no time leave none.
 *
 * @example
 * ```ts
 * import {
 *   baseStack, completePlan, machineOf, parsePlan, simulateStep, type Sizes, stepSpans,
 * } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 2, dModel: 1024, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 16, kvHeads: 16, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 4096, ffnMatrices: 3, learnedPositions: false },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 2048, routing: { kind: "balanced" }, causal: true } as const;
 * const plan = completePlan(parsePlan("tp=2"), { devices: 2, sizes, workload });
 * const machine = machineOf("h100:2", "bf16").machine(baseStack);
 * const [first] = stepSpans(simulateStep({ sizes, plan, workload, machine }));
 * assertEquals([first.rank, first.stream, first.name], [0, "compute", "embedding"]);
 * ```
 */
export function stepSpans(
  step: SimulatedStep,
  options: { ranks?: (rank: number) => boolean } = {},
): Span[] {
  const { graph, times, ranks } = step;
  const { ranks: shown = (rank: number) => ranks.first.includes(rank % ranks.size) } = options;
  const { tasks, lane, label, lanes } = graph.graph.columns();
  const { start, end } = times;
  const wanted = wantedRanks(step, shown);
  const spans: Span[] = [];
  for (let task = 0; task < tasks; task++) {
    const on = lane[task];
    if (on === NO_LANE || label[task] === NO_LABEL || end[task] === start[task]) continue;
    const { rank, stream } = lanes[on];
    const tag = graph.tags[label[task]];
    for (const place of wanted.get(rank) ?? []) {
      if (tag.parts) partSpans(tag.parts, start[task], { ...place, spans });
      else {
        const says = tagSpan(tag, place.class);
        const [startSeconds, endSeconds] = [start[task], end[task]];
        spans.push({ rank: place.rank, stream, ...says, startSeconds, endSeconds });
      }
    }
  }
  return spans.sort(bySpanStart);
}

/** For every rank that was simulated, the ranks to be shown that it stands for. */
function wantedRanks(
  { ranks, input: { plan } }: SimulatedStep,
  shown: (rank: number) => boolean,
): Map<number, Omit<Place, "spans">[]> {
  const wanted = new Map<number, Omit<Place, "spans">[]>();
  for (let rank = 0; rank < plan.pp * ranks.size; rank++) {
    if (!shown(rank)) continue;
    const stage = Math.floor(rank / ranks.size);
    const its = ranks.classOf[rank % ranks.size];
    const simulated = stage * ranks.size + ranks.first[its];
    const place = { rank, class: its, filled: { tensor: 0, context: 0 } };
    wanted.set(simulated, [...wanted.get(simulated) ?? [], place]);
  }
  return wanted;
}
