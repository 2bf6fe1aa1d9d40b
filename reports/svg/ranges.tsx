/**
 * Ranges as lines, one a row: from the low end to the high end with a mark at the middle, on one
 * linear axis. A cloud of errors that lies to one side of 0 is a bias.
 *
 * @module
 */
import type { JSX } from "preact";
import { stepOf } from "../charts/visual_scale.ts";
import { formatNumber, formatPlain, unitOf } from "../format.ts";
import type { Row, TableInfo } from "../result.ts";

/** A range with its name. */
export interface NamedRange {
  /** What it is of. */
  name: string;
  /** Its ends and its middle. */
  low: number;
  middle: number;
  high: number;
}

const width = 720;
const lineHeight = 22;
const left = 190;
const right = 14;
const bottom = 26;

/** Longest name that fits. */
const longest = 27;

const short = (x: number) => Number(x.toFixed(1));

/** The ranges of a table's rows, named by their labels. */
export function rangesOf(rows: readonly Row[], { ranges }: TableInfo): NamedRange[] {
  if (!ranges) return [];
  return rows.flatMap(({ labels, metrics }) => {
    const [low, middle, high] = [ranges.low, ranges.middle, ranges.high]
      .map((key) => metrics[key]?.value);
    if (low === undefined || middle === undefined || high === undefined) return [];
    return [{ name: Object.values(labels).join(", "), low, middle, high }];
  });
}

/** The drawing of a table's ranges. */
export function Ranges({ rows, info }: { rows: readonly Row[]; info: TableInfo }): JSX.Element {
  const ranges = rangesOf(rows, info);
  const unit = unitOf(info.ranges!.middle);
  const ends = ranges.flatMap(({ low, high }) => [low, high]);
  const step = stepOf(Math.max(...ends, 0) - Math.min(...ends, 0) || 1);
  const min = Math.floor(Math.min(...ends, 0) / step) * step;
  const max = Math.ceil(Math.max(...ends, 0) / step) * step;
  const ticks = Array.from(
    { length: Math.round((max - min) / step) + 1 },
    (_, i) => min + i * step,
  );
  const height = ranges.length * lineHeight + bottom;
  const x = (value: number) => short(left + (width - left - right) * (value - min) / (max - min));
  const said = (value: number) =>
    Math.abs(value) < step / 1e6
      ? "0"
      : unit === "plain"
      ? formatPlain(value, 3)
      : formatNumber(value, unit, 3);
  return (
    <svg
      class="ranges"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`${info.title}: ${ranges.length} ranges; the table below holds their numbers`}
    >
      <g class="grid">
        {ticks.map((t) => <path key={t} d={`M${x(t)} 0V${height - bottom}`} />)}
      </g>
      <path class="rule" d={`M${x(0)} 0V${height - bottom}`} />
      <g class="tick">
        {ticks.map((t) => (
          <text key={t} x={x(t)} y={height - 8} text-anchor="middle">{said(t)}</text>
        ))}
        {ranges.map(({ name }, i) => (
          <text key={name} x={left - 10} y={i * lineHeight + 15} text-anchor="end">
            {name.length > longest ? `${name.slice(0, longest - 1)}…` : name}
          </text>
        ))}
      </g>
      <g class="tone-0">
        {ranges.map(({ name, low, middle, high }, i) => {
          const y = i * lineHeight + 11;
          return (
            <g key={name}>
              <title>{`${name}: ${said(low)}, ${said(middle)}, ${said(high)}`}</title>
              <path
                class="bar"
                d={`M${x(low)} ${y}H${x(high)}M${x(low)} ${y - 4}v8M${x(high)} ${y - 4}v8`}
              />
              <circle class="mark" cx={x(middle)} cy={y} r="4" />
            </g>
          );
        })}
      </g>
    </svg>
  );
}
