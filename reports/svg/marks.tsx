/**
 * Point shapes as SVG paths, and the legends that name them: one look for the static drawing, the
 * legend and (by the same names) the script's canvas.
 *
 * @module
 */
import type { JSX } from "preact";
import type { Plot, Shape } from "../charts/plot.ts";

/** Outline of each shape around the current point, in relative steps, about 8 units wide. */
const outlines: Readonly<Record<Shape, string>> = {
  circle: "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
  triangle: "m0-4.5l4.5 8h-9z",
  rect: "m-3.6-3.6h7.2v7.2h-7.2z",
  rectRot: "m0-4.6l4.6 4.6l-4.6 4.6l-4.6-4.6z",
  star: "m0-4.5v9m-4.5-4.5h9m-7.7-3.2l6.4 6.4m0-6.4l-6.4 6.4",
  cross: "m0-4.5v9m-4.5-4.5h9",
};

/** All points of a series as one path: a page holds hundreds of them. */
export function Marks(
  { shape, points }: { shape: Shape; points: readonly [x: number, y: number][] },
): JSX.Element {
  return <path class="mark" d={points.map(([x, y]) => `M${x} ${y}${outlines[shape]}`).join("")} />;
}

/** A small drawing in a legend. */
export const Swatch = ({ children }: { children: JSX.Element | JSX.Element[] }) => (
  <svg class="swatch" width="22" height="14" viewBox="-11 -7 22 14" aria-hidden="true">
    {children}
  </svg>
);

/** The legend of a plot. */
export function Legend({ plot }: { plot: Plot }): JSX.Element {
  return (
    <ul class="legend">
      {plot.series.map((s) => (
        <li key={s.name}>
          <Swatch>
            <g class={`tone-${s.tone}`}>
              <Marks shape={s.shape} points={[[0, 0]]} />
            </g>
          </Swatch>
          {s.name} ({s.points.length})
        </li>
      ))}
      {plot.lines.map((l) => (
        <li key={l.name}>
          <Swatch>
            <path class={l.dash ? "rule dashed" : "rule"} d="M-11 0H11" />
          </Swatch>
          {l.name}
        </li>
      ))}
      {plot.bands.map((b, i) => (
        <li key={b.name}>
          <Swatch>
            <rect class={`band band-${i}`} x="-11" y="-6" width="22" height="12" />
          </Swatch>
          {b.name}
        </li>
      ))}
    </ul>
  );
}
