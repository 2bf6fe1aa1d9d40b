/**
 * The frame of a drawing over two axes: grid, ticks, lines across and what lies beyond them.
 *
 * Everything is placed by shares of the width, so that the drawing takes any width and its letters
 * keep their size. Paths, which know no shares, stand in an inner drawing of 1000 by 1000 units that
 * is stretched; their strokes are not.
 *
 * @module
 */
import type { ComponentChildren, JSX } from "preact";
import type { VisualScale } from "../charts/visual_scale.ts";
import type { VisualLimit } from "../visuals.ts";

/** Height of the area between the axes, pixels. */
export const frameHeight = 340;

/** A share as a coordinate. */
export const percent = (share: number): string => `${Number((100 * share).toFixed(2))}%`;

/** A point in the units of the stretched drawing. */
export const stretched = (x: number, y: number): string =>
  `${Number((1000 * x).toFixed(1))} ${Number((1000 * (1 - y)).toFixed(1))}`;

/** The stretched drawing, for paths. */
export function Stretched({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <svg
      class="stretched"
      width="100%"
      height="100%"
      viewBox="0 0 1000 1000"
      preserveAspectRatio="none"
    >
      {children}
    </svg>
  );
}

/** Stripes over what cannot be; `id` is that of the drawing. */
function Hatch({ id }: { id: string }) {
  return (
    <pattern id={`${id}-hatch`} width="7" height="7" patternUnits="userSpaceOnUse">
      <path class="hatch" d="M-1 1l2 -2M0 7l7 -7M6 8l2 -2" />
    </pattern>
  );
}

function Limit(
  { id, limit, scale }: { id: string; limit: VisualLimit; scale: VisualScale },
): JSX.Element {
  const at = scale.at(limit.value);
  const across = limit.axis === "y";
  const from = limit.forbidden === "above" ? at : 0;
  const share = limit.forbidden === "above" ? 1 - at : at;
  const line = across
    ? { x1: "0%", x2: "100%", y1: percent(1 - at), y2: percent(1 - at) }
    : { x1: percent(at), x2: percent(at), y1: "0%", y2: "100%" };
  const left = across || at < 0.6;
  return (
    <g>
      {limit.forbidden && share > 0 && (
        <rect
          x={across ? "0%" : percent(from)}
          y={across ? percent(1 - from - share) : "0%"}
          width={across ? "100%" : percent(share)}
          height={across ? percent(share) : "100%"}
          fill={`url(#${id}-hatch)`}
        />
      )}
      <line class="rule dashed" {...line} />
      <text
        class="axis halo"
        x={across ? "0%" : percent(at)}
        y={across ? percent(1 - at) : "0%"}
        dx={left ? 7 : -7}
        dy={across ? (at > 0.93 ? 15 : -6) : 15}
        text-anchor={left ? "start" : "end"}
      >
        {limit.label}
      </text>
    </g>
  );
}

/** A drawing over two axes. */
export function Frame(
  { id, label, x, y, limits = [], children }: {
    id: string;
    label: string;
    x: VisualScale;
    y: VisualScale;
    limits?: readonly VisualLimit[];
    children: ComponentChildren;
  },
): JSX.Element {
  return (
    <svg class="frame-plot" role="img" aria-label={label} height={frameHeight}>
      <defs>
        <Hatch id={id} />
      </defs>
      <g class="grid">
        {x.ticks.map((t) => (
          <line key={t.label} x1={percent(t.at)} x2={percent(t.at)} y1="0%" y2="100%" />
        ))}
        {y.ticks.map((t) => (
          <line key={t.label} x1="0%" x2="100%" y1={percent(1 - t.at)} y2={percent(1 - t.at)} />
        ))}
      </g>
      <g class="tick">
        {x.ticks.map((t) => (
          <text key={t.label} x={percent(t.at)} y="100%" dy="18" text-anchor="middle">
            {t.label}
          </text>
        ))}
        {y.ticks.map((t) => (
          <text key={t.label} x="-8" y={percent(1 - t.at)} dy="4" text-anchor="end">{t.label}</text>
        ))}
      </g>
      <text class="axis" x="0%" y="0%" dy="-14" text-anchor="start">{`↑ ${y.title}`}</text>
      <text class="axis" x="100%" y="100%" dy="38" text-anchor="end">{`${x.title} →`}</text>
      {limits.map((limit) => (
        <Limit
          key={limit.label}
          id={id}
          limit={limit}
          scale={limit.axis === "x" ? x : y}
        />
      ))}
      {children}
    </svg>
  );
}
