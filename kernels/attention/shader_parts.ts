/**
 * What the generated attention kernels share: uniforms, the place of a workgroup, and the rows that
 * its lanes own, in registers.
 *
 * Names: the own rows of a lane are the components of a vector `R`, one for each stripe. Column 5 of
 * the own rows named `q` is the variable `q5`.
 *
 * @module
 */
import { at, type Stream } from "./streams.ts";
import { rowsOfTile, type Tile } from "./tile.ts";

/** 0, 1, ... n - 1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Four letters of a vector's components. */
export const COMPONENTS = "xyzw";

/** What a kernel binds, in order. */
export interface Bindings {
  /** Streams that are only read by the lanes that own them. */
  own: readonly Stream[];
  /** Streams that go by, read from a texture where the tile says so. */
  streaming: readonly Stream[];
  /** Numbers by head. */
  numbers?: readonly string[];
  /** Streams that are written. */
  written: readonly Stream[];
}

/** Types, uniforms, bindings, and a function `NAME_at` for each streaming matrix. */
export function header(tile: Tile, { own, streaming, numbers = [], written }: Bindings): string {
  const vector = tile.stripes > 1;
  const type = ({ width }: Stream) => width > 0 ? "array<T4>" : "array<f32>";
  const texture = (s: Stream) => tile.source === "texture" && s.width > 0;
  const declared = [
    ...own.map((s) => `var<storage, read> ${s.name}: ${type(s)}`),
    ...streaming.map((s) =>
      texture(s)
        ? `var ${s.name}: texture_storage_2d<rgba32float, read>`
        : `var<storage, read> ${s.name}: ${type(s)}`
    ),
    ...numbers.map((name) => `var<storage, read> ${name}: array<f32>`),
    ...written.map((s) => `var<storage, read_write> ${s.name}: ${type(s)}`),
    "var<uniform> uniforms: Params",
  ];
  return [
    `alias R = ${vector ? `vec${tile.stripes}f` : "f32"};`,
    `alias U = ${vector ? `vec${tile.stripes}u` : "u32"};`,
    "struct Params { length: u32, blocks: u32, workgroups: u32, heads: u32, shared_by: u32,",
    "  tokens: u32, q_pitch: u32, k_pitch: u32, v_pitch: u32, o_pitch: u32, q_width: u32,",
    "  v_width: u32, causal: u32, window: u32, with_sink: u32, keys: u32, scale: f32 };",
    "const LOG2_E = 1.4426950408889634;",
    ...declared.map((binding, i) => `@group(0) @binding(${i}) ${binding};`),
    ...streaming.filter(({ width }) => width > 0).map((s) =>
      `fn ${s.name}_at(i: u32) -> vec4f { return ${
        texture(s) ? `textureLoad(${s.name}, vec2u(i & 1023u, i >> 10u))` : `vec4f(${s.name}[i])`
      }; }`
    ),
  ].join("\n");
}

/**
 * The begin of `main`: `head` (of `heads`), `base` (first token of the sequence), `last` (its last
 * row), `last_streaming` (last row that streams by), `first` (own row of the workgroup) and the own
 * rows, unclamped as `row0`, `row1`, ... and clamped as `row`.
 *
 * The blocks of a head follow each other, so that what streams by stays in the cache.
 */
export function prologue(tile: Tile, options: { heads: string; heavyLast: boolean }): string[] {
  const { heads, heavyLast } = options;
  const lane = tile.exchange === "subgroup" ? "subgroup_invocation_id" : "local_invocation_index";
  const own = range(tile.stripes).map((s) => `row${s}`);
  return [
    `@compute @workgroup_size(${tile.lanes})`,
    "fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,",
    `  @builtin(${lane}) lane: u32) {`,
    // Named once: a software driver gathers a uniform lane by lane wherever it is named.
    "let p = uniforms;",
    "let id = group.y * groups.x + group.x;",
    "if (id >= p.workgroups) { return; }",
    `let block = ${heavyLast ? "p.blocks - 1u - id % p.blocks" : "id % p.blocks"};`,
    `let ${heads === "p.heads" ? "head" : "key_head"} = id / p.blocks % (${heads});`,
    `let base = id / p.blocks / (${heads}) * p.length;`,
    "let last = p.length - 1u;",
    "let last_streaming = p.keys - 1u;",
    `let first = block * ${rowsOfTile(tile)}u;`,
    ...own.map((name, s) => `let ${name} = first + ${s * tile.lanes}u + lane;`),
    `let row = min(U(${own.join(", ")}), U(last));`,
  ];
}

/** The component of stripe `s` of a variable of type `R` or `U`. */
const stripe = (tile: Tile, name: string, s: number): string =>
  tile.stripes > 1 ? `${name}.${COMPONENTS[s]}` : name;

/** Sums of own rows, begun at 0. */
export const zeros = ({ name, width }: Stream): string[] =>
  range(4 * width).map((d) => `var ${name}${d} = R();`);

/**
 * Brings own rows to registers, times a factor.
 *
 * The vectors pass through the registers as through a queue: a load costs more to compile than all
 * the moves, so that there is one for each stripe, in a loop. Its end is a uniform, for the driver
 * would unroll a loop that it can count.
 */
export function loadRows(tile: Tile, stream: Stream, factor = "1.0"): string[] {
  const { name, width, count } = stream;
  const kept = 4 * width - 4;
  const stripes = range(tile.stripes);
  return [
    ...zeros(stream),
    `for (var turn = 0u; turn < p.${count}; turn++) {`,
    ...range(kept).map((d) => `${name}${d} = ${name}${d + 4};`),
    ...stripes.map((s) =>
      `let x${s} = vec4f(${name}[${at(stream, `(base + ${stripe(tile, "row", s)})`)} + turn]);`
    ),
    ...range(4).map((c) => {
      const values = stripes.map((s) => `x${s}.${COMPONENTS[c]}`).join(", ");
      return `${name}${kept + c} = R(${values}) * ${factor};`;
    }),
    "}",
  ];
}

/** Own numbers, one a row, as `own_NAME`. */
export function loadNumbers(tile: Tile, stream: Stream): string {
  const loads = range(tile.stripes).map((s) =>
    `${stream.name}[${at(stream, `base + ${stripe(tile, "row", s)}`)}]`
  );
  return `let own_${stream.name} = R(${loads.join(", ")});`;
}

/** Writes one number a row. */
export function storeNumbers(tile: Tile, stream: Stream, value: string): string[] {
  return range(tile.stripes).map((s) =>
    `if (row${s} <= last) { ${stream.name}[${at(stream, `base + row${s}`)}] = ${
      stripe(tile, value, s)
    }; }`
  );
}

/** Writes the sums of own rows times a factor of type `R` or `f32`; they pass by as in a queue. */
export function storeRows(tile: Tile, stream: Stream, factor: string): string[] {
  const { name, width, count } = stream;
  return [
    `for (var turn = 0u; turn < p.${count}; turn++) {`,
    ...range(4).map((c) => `let y${c} = ${name}${c} * ${factor};`),
    ...range(tile.stripes).map((s) => {
      const values = range(4).map((c) => stripe(tile, `y${c}`, s)).join(", ");
      const place = at(stream, `(base + row${s})`);
      return `if (row${s} <= last) { ${name}[${place} + turn] = T4(vec4f(${values})); }`;
    }),
    ...range(4 * width - 4).map((d) => `${name}${d} = ${name}${d + 4};`),
    "}",
  ];
}
