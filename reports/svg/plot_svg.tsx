/**
 * The static drawing of a plot: what a reader without scripts sees, and what a search engine or a
 * diff finds. The script replaces it by a canvas with tooltips, drawn from the same data.
 *
 * @module
 */
import type { JSX } from "preact";
import type { Axis } from "../charts/axis.ts";
import type { Interval, Plot } from "../charts/plot.ts";
import { Marks } from "./marks.tsx";

const margin = { left: 74, right: 14, top: 12, bottom: 46 };

const short = (x: number) => Number(x.toFixed(1));

/** Position on a logarithmic axis, kept within it. */
function project(axis: Axis, from: number, to: number): (value: number) => number {
  const span = Math.log(axis.max / axis.min);
  return (value) => {
    const t = Math.log(Math.max(value, Number.MIN_VALUE) / axis.min) / span;
    return short(from + (to - from) * Math.min(1, Math.max(0, t)));
  };
}

/** The plot as SVG. */
export function PlotSvg({ plot }: { plot: Plot }): JSX.Element {
  const width = plot.aspect > 1.5 ? 720 : 480;
  const height = Math.round(width / plot.aspect);
  const [left, right] = [margin.left, width - margin.right];
  const [bottom, top] = [height - margin.bottom, margin.top];
  const x = project(plot.x, left, right);
  const y = project(plot.y, bottom, top);
  const path = (points: readonly [number, number][]) =>
    points.map(([a, b], i) => `${i ? "L" : "M"}${x(a)} ${y(b)}`).join("");
  const bars = (px: Interval, py: Interval) =>
    (px[0] < px[2] ? `M${x(px[0])} ${y(py[1])}H${x(px[2])}` : "") +
    (py[0] < py[2] ? `M${x(px[1])} ${y(py[0])}V${y(py[2])}` : "");
  return (
    <svg
      class="static"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={plot.label}
    >
      {plot.bands.map((b, i) => (
        <path
          key={b.name}
          class={`band band-${i}`}
          d={`${path(b.lower)}${path([...b.upper].reverse()).replace("M", "L")}z`}
        />
      ))}
      <g class="grid">
        {plot.x.ticks.map((t) => <path key={t.value} d={`M${x(t.value)} ${top}V${bottom}`} />)}
        {plot.y.ticks.map((t) => <path key={t.value} d={`M${left} ${y(t.value)}H${right}`} />)}
      </g>
      <g class="tick">
        {plot.x.ticks.map((t) => (
          <text key={t.value} x={x(t.value)} y={bottom + 17} text-anchor="middle">{t.label}</text>
        ))}
        {plot.y.ticks.map((t) => (
          <text key={t.value} x={left - 7} y={y(t.value) + 4} text-anchor="end">{t.label}</text>
        ))}
      </g>
      <text class="axis" x={(left + right) / 2} y={height - 8} text-anchor="middle">
        {plot.x.title}
      </text>
      <text
        class="axis"
        transform={`translate(14 ${(top + bottom) / 2}) rotate(-90)`}
        text-anchor="middle"
      >
        {plot.y.title}
      </text>
      {plot.marker && (
        <g>
          <path class="rule dashed" d={`M${x(plot.marker.x)} ${top}V${bottom}`} />
          <text class="axis" x={x(plot.marker.x) + 6} y={bottom - 8}>{plot.marker.text}</text>
        </g>
      )}
      {plot.lines.map((l) => (
        <path key={l.name} class={l.dash ? "rule dashed" : "rule"} d={path(l.points)} />
      ))}
      {plot.series.map((s) => (
        <g key={s.name} class={`tone-${s.tone}`}>
          <path class="bar" d={s.points.map((p) => bars(p.x, p.y)).join("")} />
          <Marks shape={s.shape} points={s.points.map((p) => [x(p.x[1]), y(p.y[1])])} />
        </g>
      ))}
    </svg>
  );
}
