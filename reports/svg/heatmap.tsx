/**
 * A table of numbers as colours: one tone that grows from the least number, or two that grow to
 * either side of a middle. Cells are placed by shares, so that the drawing takes any width.
 *
 * @module
 */
import type { JSX } from "preact";
import { formatNumber } from "../format.ts";
import type { Heatmap, HeatmapSide } from "../visuals.ts";
import { percent } from "./frame.tsx";

/** How strong a cell's colour is, from 0 to 1, and to which side of the middle it lies. */
export interface Heat {
  /** Strength. */
  share: number;
  /** Whether the number is below the middle. */
  less: boolean;
}

/** The least and the greatest number; nothing where there is none. */
export function heatRange({ values }: Pick<Heatmap, "values">): [number, number] | undefined {
  const all = values.flat().filter((value) => value !== null);
  if (all.length === 0) return undefined;
  return [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
}

/** How a heatmap colours a number: the number farthest from where colour begins has all of it. */
export function heatOf(heatmap: Pick<Heatmap, "values" | "middle">): (value: number) => Heat {
  const [low, high] = heatRange(heatmap) ?? [0, 1];
  const { middle = low } = heatmap;
  const widest = Math.max(Math.abs(high - middle), Math.abs(middle - low)) || 1;
  return (value) => ({ share: Math.abs(value - middle) / widest, less: value < middle });
}

/** Colours are told apart in so many steps: the eye sees no more. */
const STEPS = 20;

/** Classes and strength of a cell. */
export function heatLook({ share, less }: Heat): { class: string; "fill-opacity": number } {
  return {
    class: less ? "heat-less" : "heat-more",
    "fill-opacity": Math.round(share * STEPS) / STEPS,
  };
}

/** Cells that say what they are where they are hovered; of more the table alone says it. */
const saidCells = 2048;

/** Pixels of a row: enough to read its name, less where there are many. */
const heightOf = (rows: number) => Math.max(rows * 3, Math.min(rows * 22, 22 * 24));

/** Letters of a row's name that the usual margin has room for. */
const shortName = 12;

/** Every so many names stand at a side that has room for some. */
const stepOf = (count: number, room: number) => Math.max(1, Math.ceil(count / room));

const shownOf = ({ labels }: HeatmapSide, room: number) => {
  const step = stepOf(labels.length, room);
  return labels.map((label, i) => ({ label, i })).filter(({ i }) => i % step === 0);
};

/** The heatmap as SVG. */
export function HeatPlot({ heatmap }: { heatmap: Heatmap }): JSX.Element {
  const { title, rows, columns, values, what, unit } = heatmap;
  const [height, width] = [rows.labels.length, columns.labels.length];
  const heat = heatOf(heatmap);
  const said = height * width <= saidCells;
  const pixels = heightOf(height);
  const range = heatRange(heatmap);
  const letters = Math.max(...columns.labels.map((label) => label.length), 1);
  const names = Math.max(...rows.labels.map((label) => label.length), 0);
  const ends = range?.map((value) => formatNumber(value, unit, 3)).join(" to ") ?? "no number";
  return (
    <svg
      class={names > shortName ? "heat-plot named" : "heat-plot"}
      style={names > shortName ? `--names: ${names}` : undefined}
      role="img"
      aria-label={`${title}: ${what} by ${rows.title} and ${columns.title}, ${ends}`}
      height={pixels}
    >
      {values.flatMap((row, r) =>
        row.map((value, c) => (
          <rect
            key={`${r}-${c}`}
            {...value === null ? { class: "heat-none" } : heatLook(heat(value))}
            x={percent(c / width)}
            y={percent(r / height)}
            width={percent(1 / width)}
            height={percent(1 / height)}
          >
            {said && (
              <title>
                {`${rows.title} ${rows.labels[r]}, ${columns.title} ${columns.labels[c]}: ${
                  value === null ? "none" : formatNumber(value, unit, 3)
                }`}
              </title>
            )}
          </rect>
        ))
      )}
      <rect class="heat-frame" x="0%" y="0%" width="100%" height="100%" />
      <g class="tick">
        {shownOf(rows, pixels / 16).map(({ label, i }) => (
          <text key={i} x="-8" y={percent((i + 0.5) / height)} dy="4" text-anchor="end">
            {label}
          </text>
        ))}
        {shownOf(columns, Math.max(4, 64 / (letters + 1))).map(({ label, i }) => (
          <text key={i} x={percent((i + 0.5) / width)} y="100%" dy="18" text-anchor="middle">
            {label}
          </text>
        ))}
      </g>
      <text class="axis" x="0%" y="0%" dy="-12" text-anchor="start">{`↓ ${rows.title}`}</text>
      <text class="axis" x="100%" y="100%" dy="38" text-anchor="end">{`${columns.title} →`}</text>
    </svg>
  );
}
