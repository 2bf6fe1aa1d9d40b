/**
 * A timeline as a Gantt chart: a lane a stream, colour and pattern by class, a title a span.
 *
 * @module
 */
import type { JSX } from "preact";
import type { SpanClass } from "../../sim/engine/span.ts";
import { formatNumber, scaleFor } from "../format.ts";
import type { Timeline } from "../result.ts";
import { streamNames } from "../streams.ts";
import { type Bar, type Layout, layOut } from "./lanes.ts";

const width = 1000;
const left = 88;
const top = 6;

/** Short class names: the page repeats them thousands of times. */
const classes: Readonly<Record<SpanClass, string>> = {
  compute: "gc",
  communication: "gm",
  waiting: "gw",
};

const spanClasses: readonly SpanClass[] = ["compute", "waiting", "communication"];

/** Ranks drawn at most. */
const ranks = 32;

const short = (x: number) => Number(x.toFixed(1));

/** Layout of a timeline with at most `limit` bars. */
export function ganttLayout(timeline: Timeline, limit: number): Layout {
  return layOut(timeline.spans, { width: width - left - 10, limit, ranks });
}

function titleOf(bar: Bar, start: number): string {
  const first = bar.spans[0];
  const last = bar.spans[bar.spans.length - 1];
  const time = formatNumber(last.endSeconds - first.startSeconds, "seconds", 3);
  const at = formatNumber(first.startSeconds - start, "seconds", 3);
  const names = [...new Set(bar.spans.map((s) => s.name))];
  const what = bar.spans.length === 1
    ? first.name
    : `${bar.spans.length} spans: ${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}`;
  return `${what}: ${time} from ${at}`;
}

/** Positions of labelled times: about eight, at round numbers. */
export function timeTicks(wholeSeconds: number): number[] {
  if (!(wholeSeconds > 0)) return [0];
  const raw = wholeSeconds / 8;
  const decade = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * decade).find((s) => s >= raw * (1 - 1e-9))!;
  const count = Math.floor(wholeSeconds / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}

/** Fillings of the classes, once a page: the style sheet names them by id. */
export function GanttPatterns(): JSX.Element {
  return (
    <svg class="gantt-fill definitions" width="0" height="0" aria-hidden="true">
      <defs>
        <pattern
          id="gantt-hatch"
          width="5"
          height="5"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <rect class="gm-ground" width="5" height="5" />
          <path class="gm-line" d="M0 0V5" />
        </pattern>
        <pattern id="gantt-dots" width="4" height="4" patternUnits="userSpaceOnUse">
          <rect class="gw-ground" width="4" height="4" />
          <circle class="gw-dot" cx="2" cy="2" r="0.8" />
        </pattern>
      </defs>
    </svg>
  );
}

/** The legend of Gantt charts. */
export function GanttLegend(): JSX.Element {
  const entries: [SpanClass, string][] = [
    ["compute", "compute, plain"],
    ["communication", "communication, hatched"],
    ["waiting", "waiting, dotted"],
  ];
  return (
    <ul class="legend">
      {entries.map(([name, text]) => (
        <li key={name}>
          <svg class="swatch gantt-fill" width="22" height="12" aria-hidden="true">
            <rect class={classes[name]} width="22" height="12" />
          </svg>
          {text}
        </li>
      ))}
    </ul>
  );
}

/** The Gantt chart of a timeline, with the layout that {@linkcode ganttLayout} gave. */
export function Gantt(
  { timeline, layout }: { timeline: Timeline; layout: Layout },
): JSX.Element {
  const { lanes, bars, startSeconds, endSeconds } = layout;
  const row = lanes.length > 32 ? 9 : 15;
  const pitch = row + 3;
  const newRank = (i: number) => i > 0 && lanes[i].rank !== lanes[i - 1].rank;
  const y = lanes.map((_, i) =>
    top + i * pitch + lanes.filter((_, j) => j <= i && newRank(j)).length * 5
  );
  const bottom = (y.at(-1) ?? 0) + row + 4;
  const whole = endSeconds - startSeconds;
  const scale = (width - left - 10) / (whole || 1);
  const ticks = timeTicks(whole);
  const unit = scaleFor("seconds", ticks);
  return (
    <svg
      class="gantt gantt-fill"
      viewBox={`0 0 ${width} ${bottom + 24}`}
      role="img"
      aria-label={`${timeline.title}: ${lanes.length} lanes over ${formatNumber(whole, "seconds")}`}
    >
      <g class="grid">
        {ticks.map((t) => <path key={t} d={`M${short(left + t * scale)} ${top}V${bottom}`} />)}
      </g>
      <g class="tick">
        {ticks.map((t) => (
          <text key={t} x={short(left + t * scale)} y={bottom + 15} text-anchor="middle">
            {Number((t / unit.factor).toPrecision(6))} {unit.symbol}
          </text>
        ))}
        {lanes.map((lane, i) => (
          <text
            key={`${lane.rank}/${lane.stream}`}
            x={left - 8}
            y={y[i] + row - 3}
            text-anchor="end"
          >
            {lane.stream === "compute" ? `rank ${lane.rank}` : streamNames[lane.stream]}
          </text>
        ))}
      </g>
      {lanes.map((lane, i) => (
        <g key={`${lane.rank}/${lane.stream}`} transform={`translate(${left} ${y[i]})`}>
          <rect class="lane" width={width - left - 10} height={row} />
          {spanClasses.map((c) => {
            const own = bars.filter((b) =>
              b.lane === i && b.class === c
            );
            return own.length > 0 && (
              <g key={c} class={`${classes[c]} ${row < 12 ? "low" : "high"}`}>
                {own.map((b) => (
                  <rect x={short(b.x)} width={Math.max(0.4, short(b.width))}>
                    <title>{titleOf(b, startSeconds)}</title>
                  </rect>
                ))}
              </g>
            );
          })}
        </g>
      ))}
    </svg>
  );
}
