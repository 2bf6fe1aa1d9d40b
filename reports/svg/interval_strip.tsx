/**
 * One line of a drawing of intervals: a mark with its whiskers, and below it, fainter, what it was
 * made from. The numbers stand in the cells beside it, so that it says nothing to a screen reader.
 *
 * @module
 */
import type { JSX } from "preact";
import type { Shape } from "../charts/plot.ts";
import type { VisualScale } from "../charts/visual_scale.ts";
import type { IntervalLine, IntervalMark } from "../interval_plot.ts";
import type { Kind } from "../result.ts";
import { percent } from "./frame.tsx";
import { Marks } from "./marks.tsx";

/** Each kind has the tone of its badge, and a shape of its own. */
const looks: Readonly<Record<Kind, { tone: number; shape: Shape }>> = {
  measured: { tone: 2, shape: "circle" },
  simulated: { tone: 0, shape: "triangle" },
  published: { tone: 3, shape: "rectRot" },
  derived: { tone: 5, shape: "rect" },
};

/** Pixels: from the top to the mark, from there to the first part, and from part to part. */
const [top, gap, step] = [9, 10, 5];

function Whiskers({ mark, y, at }: { mark: IntervalMark; y: number; at: VisualScale["at"] }) {
  if (mark.lo === undefined || mark.hi === undefined) return null;
  return <line class="bar" x1={percent(at(mark.lo))} x2={percent(at(mark.hi))} y1={y} y2={y} />;
}

/** The line as SVG over an axis. */
export function IntervalStrip(
  { line, at }: { line: IntervalLine; at: VisualScale["at"] },
): JSX.Element {
  const { kind, parts = [] } = line;
  const { tone, shape } = looks[kind];
  const height = 2 * top + (parts.length > 0 ? gap + step * (parts.length - 1) : 0);
  const zero = percent(at(0));
  return (
    <svg class="bar-strip" height={height} aria-hidden="true">
      <line class="zero-line" x1={zero} x2={zero} y1="-150" y2={height + 150} />
      <g class={`tone-${tone}`}>
        <Whiskers mark={line} y={top} at={at} />
        <svg x={percent(at(line.value))} y={top} overflow="visible">
          <Marks shape={shape} points={[[0, 0]]} />
        </svg>
      </g>
      <g class={`tone-${tone} interval-parts`}>
        {parts.map((part, i) => {
          const y = top + gap + i * step;
          return (
            <g key={part.label}>
              <title>{part.label}</title>
              <Whiskers mark={part} y={y} at={at} />
              <circle cx={percent(at(part.value))} cy={y} r="1.8" />
            </g>
          );
        })}
      </g>
    </svg>
  );
}
