/**
 * Curves over a common axis: each with a tone, a dash and a mark of its own, so that they can be told
 * apart without colour; intervals as upright lines.
 *
 * @module
 */
import type { JSX } from "preact";
import type { Shape } from "../charts/plot.ts";
import { saidOf, type VisualScale, visualScale } from "../charts/visual_scale.ts";
import type { LinePlot, LinePoint, LineSeries } from "../visuals.ts";
import { Frame, percent, Stretched, stretched } from "./frame.tsx";
import { Marks, Swatch } from "./marks.tsx";

const shapes: readonly Shape[] = ["circle", "triangle", "rect", "rectRot", "star", "cross"];

const styleOf = (index: number) => ({ tone: index % shapes.length, shape: shapes[index % 6] });

/** The legend of the curves. */
export function LineLegend({ series }: { series: readonly LineSeries[] }): JSX.Element {
  return (
    <ul class="legend">
      {series.map((s, i) => {
        const { tone, shape } = styleOf(i);
        return (
          <li key={s.name}>
            <Swatch>
              <g class={`tone-${tone}`}>
                <path class={s.dashed ? "curve dashed" : "curve"} d="M-11 0H11" />
                {s.dashed ? <g /> : <Marks shape={shape} points={[[0, 0]]} />}
              </g>
            </Swatch>
            {s.kind ? `${s.name}, ${s.kind}` : s.name}
          </li>
        );
      })}
    </ul>
  );
}

const curve = (points: readonly LinePoint[], x: VisualScale, y: VisualScale) =>
  points.map((p, i) => `${i ? "L" : "M"}${stretched(x.at(p.x), y.at(p.y))}`).join("");

const intervals = (points: readonly LinePoint[], x: VisualScale, y: VisualScale) =>
  points.filter(({ lo, hi }) => lo !== undefined && hi !== undefined)
    .map((p) => `M${stretched(x.at(p.x), y.at(p.lo!))}L${stretched(x.at(p.x), y.at(p.hi!))}`).join(
      "",
    );

/** The curves as SVG. */
export function LinePlotSvg({ plot }: { plot: LinePlot }): JSX.Element {
  const { series, limits = [] } = plot;
  const points = series.flatMap((s) => s.points);
  const on = (axis: "x" | "y") => limits.filter((l) => l.axis === axis).map((l) => l.value);
  const x = visualScale(plot.x, [...points.map((p) => p.x), ...on("x")]);
  const y = visualScale(plot.y, [
    ...points.flatMap((p) => [p.y, p.lo ?? p.y, p.hi ?? p.y]),
    ...on("y"),
  ]);
  return (
    <Frame
      id={plot.id}
      label={`${plot.title}: ${series.length} curves, ${plot.y.title} over ${plot.x.title}`}
      x={x}
      y={y}
      limits={limits}
    >
      {series.map((s, i) => {
        const { tone, shape } = styleOf(i);
        return (
          <g key={s.name} class={`tone-${tone}`}>
            <Stretched>
              <path class={s.dashed ? "curve dashed" : "curve"} d={curve(s.points, x, y)} />
              <path class="bar" d={intervals(s.points, x, y)} />
            </Stretched>
            {!s.dashed && s.points.map((p) => (
              <svg
                key={`${p.x}`}
                x={percent(x.at(p.x))}
                y={percent(1 - y.at(p.y))}
                overflow="visible"
              >
                <g>
                  <title>
                    {[
                      s.name,
                      `${plot.x.title} ${saidOf(p.x, plot.x.unit)}`,
                      `${plot.y.title} ${saidOf(p.y, plot.y.unit)}`,
                      ...(p.label ? [p.label] : []),
                    ].join("\n")}
                  </title>
                  <Marks shape={shape} points={[[0, 0]]} />
                </g>
              </svg>
            ))}
          </g>
        );
      })}
    </Frame>
  );
}
