/**
 * A timeline with fewer spans that looks the same: neighbours of a lane that touch and are of one class
 * become one span while they are too short to be seen apart. Lanes are busy for as long as before, so
 * that shares of time stay what they are; names and FLOP of single kernels stand in the trace.
 *
 * @module
 */
import type { Timeline } from "../../../reports/result.ts";
import type { Span } from "../../../sim/engine/span.ts";

/** Spans that a result may hold as they are. */
const FEW = 4000;

/** Merged spans grow up to this share of the whole. */
const LONGEST = 1 / 500;

/** Ends within this share of the whole touch. */
const TOUCH = 1e-9;

/** Spans under way of being merged. */
interface Merged {
  span: Span;
  count: number;
  names: Set<string>;
}

const namesShown = 3;

function spanOf({ span, count, names }: Merged): Span {
  if (count === 1) return span;
  const [shown, rest] = [[...names].slice(0, namesShown), names.size > namesShown];
  const { rank, stream, class: kind, startSeconds, endSeconds, bytes, flops } = span;
  return {
    ...{ rank, stream, class: kind, startSeconds, endSeconds },
    name: `${count} spans: ${shown.join(", ")}${rest ? ", …" : ""}`,
    ...(bytes !== undefined && { bytes }),
    ...(flops !== undefined && { flops }),
  };
}

const plus = (a: number | undefined, b: number | undefined) =>
  a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);

function laneSpans(spans: readonly Span[], whole: number): Span[] {
  const merged: Merged[] = [];
  for (const span of [...spans].sort((a, b) => a.startSeconds - b.startSeconds)) {
    const last = merged.at(-1);
    const joins = last !== undefined && last.span.class === span.class &&
      Math.abs(span.startSeconds - last.span.endSeconds) <= TOUCH * whole &&
      span.endSeconds - last.span.startSeconds <= LONGEST * whole;
    if (!joins) {
      merged.push({ span: { ...span }, count: 1, names: new Set([span.name]) });
      continue;
    }
    last.span = {
      ...last.span,
      endSeconds: span.endSeconds,
      bytes: plus(last.span.bytes, span.bytes),
      flops: plus(last.span.flops, span.flops),
    };
    last.count++;
    last.names.add(span.name);
  }
  return merged.map(spanOf);
}

/** The timeline with fewer spans, where it has many; see the module. */
export function thinTimeline(timeline: Timeline): Timeline {
  const { spans } = timeline;
  if (spans.length <= FEW) return timeline;
  let [start, end] = [Infinity, -Infinity];
  for (const { startSeconds, endSeconds } of spans) {
    start = Math.min(start, startSeconds);
    end = Math.max(end, endSeconds);
  }
  const lanes = Map.groupBy(spans, ({ rank, stream }) => `${rank}/${stream}`);
  const thinned = [...lanes.values()].flatMap((lane) => laneSpans(lane, end - start));
  return {
    ...timeline,
    note:
      `${timeline.note} Of its ${spans.length} spans, short ones that touch are drawn as one; ` +
      "the trace has them all.",
    spans: thinned,
  };
}
