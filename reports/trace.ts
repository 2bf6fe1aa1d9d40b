/**
 * Spans as a trace that Perfetto and chrome://tracing open: the Trace Event Format, "JSON Object
 * Format", with complete events ("X"). Its times are microseconds, the one unit that the format
 * knows. A process is a rank of a timeline, a thread is one of its streams, so that spans of one
 * lane never overlap.
 *
 * @module
 */
import type { Span } from "../sim/engine/span.ts";
import type { Timeline } from "./result.ts";
import { streamOrder } from "./streams.ts";

/** An event of a trace: a span ("X"), or the name or order of a process or thread ("M"). */
export interface TraceEvent {
  /** Phase: complete, or metadata. */
  ph: "X" | "M";
  /** Name of the span, or of the property that `args` sets. */
  name: string;
  /** Process: a rank of a timeline. */
  pid: number;
  /** Thread: a stream. */
  tid: number;
  /** Category: the class of the span. */
  cat?: string;
  /** Start, microseconds. */
  ts?: number;
  /** Duration, microseconds. */
  dur?: number;
  /** Bytes and FLOP of a span, or the property that metadata sets. */
  args: Record<string, string | number>;
}

/** A trace file. */
export interface ChromeTrace {
  /** All events; metadata first. */
  traceEvents: TraceEvent[];
  /** NumberUnit in which a viewer shows times. */
  displayTimeUnit: "ns" | "ms";
}

const microseconds = (seconds: number) => Math.round(seconds * 1e9) / 1e3;

/** The difference of the rounded ends, so that neighbours still touch. */
const duration = (span: Span) =>
  Math.round((microseconds(span.endSeconds) - microseconds(span.startSeconds)) * 1e3) / 1e3;

function lanesOf(spans: readonly Span[]): [rank: number, stream: Span["stream"]][] {
  const ranks = [...new Set(spans.map((s) => s.rank))].sort((a, b) => a - b);
  return ranks.flatMap((rank) =>
    streamOrder.filter((stream) => spans.some((s) => s.rank === rank && s.stream === stream))
      .map((stream): [number, Span["stream"]] => [rank, stream])
  );
}

/**
 * The trace of timelines, one process a rank and one thread a stream.
 *
 * @example
 * ```ts
 * import { chromeTrace } from "@moelab/moelab/reports";
 * import { assertEquals } from "@std/assert";
 *
 * const span = {
 *   rank: 0,
 *   stream: "compute" as const,
 *   name: "experts",
 *   class: "compute" as const,
 *   startSeconds: 0.001,
 *   endSeconds: 0.003,
 * };
 * const { traceEvents } = chromeTrace([
 *   { id: "step", title: "A step", note: "", kind: "simulated", spans: [span] },
 * ]);
 * assertEquals(traceEvents.at(-1)?.dur, 2000);
 * ```
 */
export function chromeTrace(timelines: readonly Timeline[]): ChromeTrace {
  let processes = 0;
  const metadata: TraceEvent[] = [];
  const events: TraceEvent[] = [];
  for (const timeline of timelines) {
    const pids = new Map<number, number>();
    for (const [rank, stream] of lanesOf(timeline.spans)) {
      if (!pids.has(rank)) {
        const pid = ++processes;
        pids.set(rank, pid);
        const common = { ph: "M" as const, pid, tid: 0 };
        const name = `${timeline.title}: rank ${rank}`;
        metadata.push({ ...common, name: "process_name", args: { name } });
        metadata.push({ ...common, name: "process_sort_index", args: { sort_index: pid } });
      }
      const [pid, tid] = [pids.get(rank)!, streamOrder.indexOf(stream) + 1];
      metadata.push({ ph: "M", name: "thread_name", pid, tid, args: { name: stream } });
    }
    for (const span of timeline.spans) {
      const args: TraceEvent["args"] = {};
      if (span.bytes !== undefined) args.bytes = span.bytes;
      if (span.flops !== undefined) args.flops = span.flops;
      events.push({
        ph: "X",
        name: span.name,
        cat: span.class,
        pid: pids.get(span.rank)!,
        tid: streamOrder.indexOf(span.stream) + 1,
        ts: microseconds(span.startSeconds),
        dur: duration(span),
        args,
      });
    }
  }
  return { traceEvents: [...metadata, ...events], displayTimeUnit: "ns" };
}
