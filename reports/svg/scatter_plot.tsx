/**
 * A scatter with its front: all points faint, the front joined by steps, the chosen point a star,
 * named points with their names.
 *
 * @module
 */
import type { JSX } from "preact";
import { saidOf, type VisualScale, visualScale } from "../charts/visual_scale.ts";
import { formatNumber, nameOf, unitOf } from "../format.ts";
import type { Scatter, ScatterPoint } from "../visuals.ts";
import { Frame, frameHeight, percent, Stretched, stretched } from "./frame.tsx";
import { Marks } from "./marks.tsx";

/** Points of the front, from left to right. */
export function frontOf({ points }: Pick<Scatter, "points">): ScatterPoint[] {
  return points.filter((p) => p.front).sort((a, b) => a.x - b.x);
}

/** What a point is, in words. */
function saidPoint(point: ScatterPoint, { x, y }: Scatter): string {
  const { figures = {}, name, label } = point;
  return [
    name ? `${name}: ${label}` : label,
    `${x.title} ${saidOf(point.x, x.unit)}`,
    `${y.title} ${saidOf(point.y, y.unit)}`,
    ...Object.entries(figures).map(([key, value]) =>
      `${nameOf(key)} ${formatNumber(value, unitOf(key))}`
    ),
  ].join("\n");
}

/** Pixels between two names over each other. */
const lineHeight = 15;

interface PlacedName {
  name: string;
  x: number;
  y: number;
  chosen: boolean;
  /** Baseline, pixels from the top. */
  baseline: number;
}

/** Names beside their points, moved down where they would lie on each other. */
function placeNames(points: readonly ScatterPoint[], x: VisualScale, y: VisualScale): PlacedName[] {
  const placed: PlacedName[] = [];
  const named = points.filter((p) => p.name !== undefined)
    .map((p) => ({ name: p.name!, x: x.at(p.x), y: y.at(p.y), chosen: p.chosen === true }))
    .sort((a, b) => b.y - a.y);
  for (const point of named) {
    let baseline = (1 - point.y) * frameHeight + 4;
    for (const other of placed) {
      const near = Math.abs(other.x - point.x) < 0.3;
      if (near && baseline < other.baseline + lineHeight) baseline = other.baseline + lineHeight;
    }
    placed.push({ ...point, baseline });
  }
  return placed;
}

/** The front as steps: from a point to the right at its height, then down to the next one. */
function frontPath(front: readonly ScatterPoint[], x: VisualScale, y: VisualScale): string {
  return front.map((p, i) => {
    const here = stretched(x.at(p.x), y.at(p.y));
    if (i === 0) return `M${here}`;
    return `L${stretched(x.at(p.x), y.at(front[i - 1].y))}L${here}`;
  }).join("");
}

const Dots = (
  { name, points, scatter, x, y }: {
    name: string;
    points: readonly ScatterPoint[];
    scatter: Scatter;
    x: VisualScale;
    y: VisualScale;
  },
) => (
  <g class={name}>
    {points.map((p, i) => (
      <path key={i} d={`M${stretched(x.at(p.x), y.at(p.y))}h0`}>
        <title>{saidPoint(p, scatter)}</title>
      </path>
    ))}
  </g>
);

/** The scatter as SVG. */
export function ScatterPlot({ scatter }: { scatter: Scatter }): JSX.Element {
  const { points, limits = [] } = scatter;
  const of = (axis: "x" | "y") => [
    ...points.map((p) => p[axis]),
    ...limits.filter((l) => l.axis === axis).map((l) => l.value),
  ];
  const [x, y] = [visualScale(scatter.x, of("x")), visualScale(scatter.y, of("y"))];
  const front = frontOf(scatter);
  const marked = points.filter((p) => p.chosen || p.name !== undefined);
  const plain = points.filter((p) => !p.front && !marked.includes(p));
  const each = { scatter, x, y };
  return (
    <Frame
      id={scatter.id}
      label={`${scatter.title}: ${points.length} points, ${front.length} of them on the front; ` +
        `${scatter.y.title} over ${scatter.x.title}`}
      x={x}
      y={y}
      limits={limits}
    >
      <Stretched>
        <path class="front-line" d={frontPath(front, x, y)} />
        <Dots name="dots faint" points={plain} {...each} />
        <Dots name="dots front" points={front.filter((p) => !marked.includes(p))} {...each} />
      </Stretched>
      {marked.map((p) => (
        <svg key={p.label} x={percent(x.at(p.x))} y={percent(1 - y.at(p.y))} overflow="visible">
          <g class={p.chosen ? "chosen" : "named"}>
            <title>{saidPoint(p, scatter)}</title>
            <Marks shape={p.chosen ? "rectRot" : "rect"} points={[[0, 0]]} />
          </g>
        </svg>
      ))}
      {placeNames(points, x, y).map((n) => {
        const right = n.x < 0.62;
        return (
          <text
            key={n.name}
            class={n.chosen ? "axis halo strong" : "axis halo"}
            x={percent(n.x)}
            y={n.baseline}
            dx={right ? 11 : -11}
            text-anchor={right ? "start" : "end"}
          >
            {n.name}
          </text>
        );
      })}
    </Frame>
  );
}
