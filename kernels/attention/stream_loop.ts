/**
 * The loop over the rows that stream by, and the passes over their width.
 *
 * A lane loads its share of a step's rows; a pass then brings vector after vector to all lanes, and
 * multiplies it with own columns or adds it, weighted, to sums. Weight and sum `j` belong to
 * streaming row `j` of the step.
 *
 * @module
 */
import { COMPONENTS, range } from "./shader_parts.ts";
import { at, type Stream } from "./streams.ts";
import type { Tile } from "./tile.ts";

/** Workgroup memory for the streams, where they are exchanged through it. */
export function streamMemory(tile: Tile, streams: readonly Stream[]): string[] {
  if (tile.exchange === "subgroup") return [];
  return streams.map(({ name, width }) =>
    `var<workgroup> ${name}_batch: array<${width > 0 ? "vec4f" : "f32"}, ${
      tile.batch * Math.max(1, width)
    }>;`
  );
}

/** Loads that bring the rows of a step to the lanes. */
const slotsOf = (tile: Tile, { width }: Stream) => range(Math.ceil(tile.step * width / tile.lanes));

/** What a lane loads in every step: the column and the row of each of its vectors. */
function shares(tile: Tile, stream: Stream): string[] {
  const { name, width, pitch } = stream;
  const all = tile.step * width;
  return slotsOf(tile, stream).flatMap((i) => {
    const index = `${i * tile.lanes}u + lane`;
    const vector = (i + 1) * tile.lanes > all ? `min(${index}, ${all - 1}u)` : `(${index})`;
    return [
      `let ${name}_column${i} = ${at(stream, "base")} + ${vector} % ${width}u;`,
      `let ${name}_row${i} = ${vector} / ${width}u * p.${pitch};`,
    ];
  });
}

/** The loads of a step, clamped to the sequence. */
function loads(tile: Tile, stream: Stream): string[] {
  const { name, width, pitch } = stream;
  if (width === 0) {
    const row = `base + min(first_row + min(lane, ${tile.step - 1}u), last_streaming)`;
    return [`let ${name}_0 = ${name}[${at(stream, row)}];`];
  }
  return slotsOf(tile, stream).map((i) => {
    const row = `min(first_row * p.${pitch} + ${name}_row${i}, last_streaming * p.${pitch})`;
    return `let ${name}_${i} = ${name}_at(${name}_column${i} + ${row});`;
  });
}

/** Copies of a batch of streaming rows to workgroup memory, clamped to the sequence. */
function copies(tile: Tile, stream: Stream): string[] {
  const { name, width } = stream;
  const row = (offset: string) => `(base + min(batch_row + ${offset}, last_streaming))`;
  const value = width > 0
    ? `${name}_at(${at(stream, row(`i / ${width}u`))} + i % ${width}u)`
    : `${name}[${at(stream, row("i"))}]`;
  return [
    `for (var i = lane; i < ${tile.batch * Math.max(1, width)}u; i += ${tile.lanes}u) {`,
    `${name}_batch[i] = ${value};`,
    "}",
  ];
}

/** The loop over the rows from `low` to `high` (exclusive); `body` sees the step's `first_row`. */
export function streamLoop(
  tile: Tile,
  streams: readonly Stream[],
  body: readonly string[],
): string[] {
  if (tile.exchange === "subgroup") {
    return [
      ...streams.flatMap((s) => shares(tile, s)),
      `for (var first_row = low; first_row < high; first_row += ${tile.step}u) {`,
      ...streams.flatMap((s) => loads(tile, s)),
      ...body,
      "}",
    ];
  }
  return [
    `for (var batch_row = low; batch_row < high; batch_row += ${tile.batch}u) {`,
    "workgroupBarrier();",
    ...streams.flatMap((s) => copies(tile, s)),
    "workgroupBarrier();",
    `for (var slot = 0u; slot < ${tile.batch}u; slot += ${tile.step}u) {`,
    "let first_row = batch_row + slot;",
    ...body,
    "}",
    "}",
  ];
}

/** Vector `v` of streaming row `j`, the same in all lanes. */
function vectorOf(tile: Tile, { name, width }: Stream, options: { j: number; v: number }): string {
  const { j, v } = options;
  if (tile.exchange === "workgroup") return `${name}_batch[(slot + ${j}u) * ${width}u + ${v}u]`;
  const index = j * width + v;
  return `subgroupBroadcast(${name}_${Math.floor(index / tile.lanes)}, ${index % tile.lanes}u)`;
}

/** The number of streaming row `j`, the same in all lanes. */
export const numberOf = (tile: Tile, { name }: Stream, j: number): string =>
  tile.exchange === "workgroup"
    ? `${name}_batch[slot + ${j}u]`
    : `subgroupBroadcast(${name}_0, ${j}u)`;

/** What a pass does with each vector. */
export interface Pass {
  /** `SUMj` += own columns . row j. */
  dot?: { sum: string; own: string };
  /** `SUM` += `WEIGHTj` * row j. */
  add?: { sum: string; weight: string };
}

/** A pass over the rows of a step, vector by vector. */
export function pass(tile: Tile, stream: Stream, { dot, add }: Pass): string[] {
  const rows = range(tile.step);
  const dots = (v: number) =>
    rows.flatMap((j) =>
      range(4).map((c) => {
        const sum = `${dot!.sum}${j}`;
        return `${sum} = fma(${dot!.own}${4 * v + c}, R(x${j}.${COMPONENTS[c]}), ${sum});`;
      })
    );
  const adds = (v: number) =>
    range(4).map((c) => {
      const sum = `${add!.sum}${4 * v + c}`;
      const term = (before: string, j: number) =>
        `fma(${add!.weight}${j}, R(x${j}.${COMPONENTS[c]}), ${before})`;
      return `${sum} = ${rows.reduce(term, sum)};`;
    });
  return range(stream.width).flatMap((v) => [
    "{",
    ...rows.map((j) => `let x${j} = ${vectorOf(tile, stream, { j, v })};`),
    ...(dot ? dots(v) : []),
    ...(add ? adds(v) : []),
    "}",
  ]);
}
