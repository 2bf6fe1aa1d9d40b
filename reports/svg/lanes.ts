/**
 * From spans to rectangles: lanes, positions, and the merging of what is narrower than a pixel, so
 * that a timeline of any length stays a drawing of a few thousand rectangles.
 *
 * @module
 */
import type { Span, SpanClass } from "../../sim/engine/span.ts";
import { streamOrder } from "../streams.ts";

/** A rectangle of the drawing. */
export interface Bar {
  /** Index of its lane, from above. */
  lane: number;
  /** Left edge, in the drawing's units. */
  x: number;
  /** Width in the same units. */
  width: number;
  /** Class of the span, or the class that takes most of the merged time. */
  class: SpanClass;
  /** Spans that it stands for. */
  spans: Span[];
}

/** A lane: a stream of a rank. */
export interface Lane {
  /** Rank of the device. */
  rank: number;
  /** Stream of the device. */
  stream: Span["stream"];
}

/** Time of the spans, first start to last end, and their lanes. */
export interface Layout {
  /** Earliest start, seconds. */
  startSeconds: number;
  /** Latest end, seconds. */
  endSeconds: number;
  /** Lanes from above: by rank, compute before communication. */
  lanes: Lane[];
  /** Rectangles, lane by lane, from left to right. */
  bars: Bar[];
  /** Widest span that was merged, in the drawing's units; 0 where none was. */
  mergedBelow: number;
  /** Ranks left out for want of room. */
  ranksLeftOut: number;
}

const seconds = (spans: readonly Span[]) =>
  spans.reduce((sum, s) => sum + s.endSeconds - s.startSeconds, 0);

/** The class that takes most of the spans' time. */
function dominant(spans: readonly Span[]): SpanClass {
  const classes: SpanClass[] = ["compute", "communication", "waiting"];
  const time = (c: SpanClass) => seconds(spans.filter((s) => s.class === c));
  return classes.reduce((best, c) => time(c) > time(best) ? c : best, spans[0].class);
}

/**
 * Bars of one lane. A span at least `least` wide keeps its own; narrower neighbours share one, at
 * most twice `least` wide, until a gap or the next wide span ends it.
 */
function barsOf(
  spans: readonly Span[],
  options: { lane: number; least: number; x: (seconds: number) => number },
): Bar[] {
  const { lane, least, x } = options;
  const bars: Bar[] = [];
  let open: Span[] = [];
  const close = () => {
    if (open.length === 0) return;
    const [from, to] = [x(open[0].startSeconds), x(open[open.length - 1].endSeconds)];
    bars.push({ lane, x: from, width: to - from, class: dominant(open), spans: open });
    open = [];
  };
  for (const span of spans) {
    const [from, to] = [x(span.startSeconds), x(span.endSeconds)];
    const last = open[open.length - 1];
    if (to - from >= least) {
      close();
      bars.push({ lane, x: from, width: to - from, class: span.class, spans: [span] });
    } else {
      const gap = last && from - x(last.endSeconds) >= least;
      const wide = last && to - x(open[0].startSeconds) > 2 * least;
      if (gap || wide) close();
      open.push(span);
    }
  }
  close();
  return bars;
}

/** Spans by lane, each in order of time; spans of no length are left out. */
function laned(spans: readonly Span[], ranks: ReadonlySet<number>): [Lane, Span[]][] {
  const lanes = new Map<string, [Lane, Span[]]>();
  for (const span of spans) {
    if (!ranks.has(span.rank) || span.endSeconds <= span.startSeconds) continue;
    const key = `${span.rank}/${span.stream}`;
    const lane = lanes.get(key) ?? [{ rank: span.rank, stream: span.stream }, []];
    lanes.set(key, lane);
    lane[1].push(span);
  }
  for (const [, list] of lanes.values()) {
    list.sort((a, b) => a.startSeconds - b.startSeconds || a.endSeconds - b.endSeconds);
  }
  return [...lanes.values()].sort(([a], [b]) =>
    a.rank - b.rank || streamOrder.indexOf(a.stream) - streamOrder.indexOf(b.stream)
  );
}

/**
 * Lays spans out over a width. Where there would be more than `limit` bars, narrower than ever
 * more of a unit are merged until they fit.
 */
export function layOut(
  spans: readonly Span[],
  options: { width: number; limit: number; ranks: number },
): Layout {
  const { width, limit } = options;
  const all = [...new Set(spans.map((s) => s.rank))].sort((a, b) => a - b);
  const lanes = laned(spans, new Set(all.slice(0, options.ranks)));
  const startSeconds = spans.reduce((least, s) => Math.min(least, s.startSeconds), Infinity);
  const endSeconds = spans.reduce((most, s) => Math.max(most, s.endSeconds), -Infinity);
  const scale = width / (endSeconds - startSeconds || 1);
  const x = (s: number) => (s - startSeconds) * scale;
  let least = 0.5;
  let bars: Bar[] = [];
  for (; least <= width; least *= 1.15) {
    bars = lanes.flatMap(([, list], lane) => barsOf(list, { lane, least, x }));
    if (bars.length <= limit) break;
  }
  const mergedBelow = bars.some((b) => b.spans.length > 1) ? least : 0;
  const ranksLeftOut = Math.max(0, all.length - options.ranks);
  return {
    startSeconds,
    endSeconds,
    lanes: lanes.map(([lane]) => lane),
    bars,
    mergedBelow,
    ranksLeftOut,
  };
}

/** Time of one rank by class, as shares of the whole timeline. */
export interface RankShare {
  /** Rank of the device. */
  rank: number;
  /** Seconds by class. */
  seconds: Record<SpanClass, number>;
  /** Seconds in which it communicates and does not compute. */
  exposedSeconds: number;
  /** Seconds in which no stream of the rank has a span other than waiting. */
  idleSeconds: number;
}

/** Seconds covered by at least one of the spans. */
function covered(spans: readonly Span[]): number {
  const sorted = [...spans].sort((a, b) => a.startSeconds - b.startSeconds);
  let total = 0;
  let end = -Infinity;
  for (const s of sorted) {
    total += Math.max(0, s.endSeconds - Math.max(end, s.startSeconds));
    end = Math.max(end, s.endSeconds);
  }
  return total;
}

/** How the ranks spend the timeline; what is but the rounding of a difference counts as nothing. */
export function sharesOf(spans: readonly Span[], wholeSeconds: number): RankShare[] {
  const byRank = new Map<number, Span[]>();
  for (const s of spans) {
    const own = byRank.get(s.rank);
    if (own) own.push(s);
    else byRank.set(s.rank, [s]);
  }
  return [...byRank].sort(([a], [b]) => a - b).map(([rank, own]) => {
    const of = (c: SpanClass) => own.filter((s) => s.class === c);
    const above = (s: number) => s > 1e-9 * wholeSeconds ? s : 0;
    const busy = covered(own.filter((s) => s.class !== "waiting"));
    return {
      rank,
      seconds: {
        compute: seconds(of("compute")),
        communication: seconds(of("communication")),
        waiting: seconds(of("waiting")),
      },
      exposedSeconds: above(busy - covered(of("compute"))),
      idleSeconds: above(wholeSeconds - busy),
    };
  });
}
