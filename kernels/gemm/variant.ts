/**
 * The shapes that the matrix kernels are generated in.
 *
 * Two families. "subgroup": one subgroup is one workgroup, each lane owns whole columns in
 * registers, A is spread over the lanes and broadcast; no workgroup memory, no barrier: for drivers
 * that run on a CPU. "tile": 256 threads share tiles in workgroup memory: for GPUs. Both add the
 * products of an output element in the order of k, so a variant changes times and never values.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** One shape of a matrix kernel. */
export interface Variant {
  /** Which generator. */
  family: "subgroup" | "tile";
  /** Rows of the output that a workgroup makes. */
  rows: number;
  /** Vectors of four columns that each lane (or thread) owns. */
  vectors: number;
  /** Steps of k that a loop iteration unrolls (or that a tile holds). */
  depth: number;
  /** Rows whose sums stay in registers while k advances through a chunk (subgroup family). */
  block: number;
  /** Where A and B are read from. */
  source: "buffer" | "texture";
}

/** What the generated kernel computes besides C = A B. */
export interface Program {
  /** Rows are sorted by expert and tiles come from a map on the device. */
  grouped: boolean;
  /** Row i of A is row `rowIds[i] / divisor` of the tensor. */
  gather: boolean;
  /** Two weight planes (gate, up) and silu(gate) * up as result. */
  swiglu: boolean;
}

/** The variant as a word, such as "subgroup-64x1x8x4-texture". */
export function variantName(v: Variant): string {
  return `${v.family}-${v.rows}x${v.vectors}x${v.depth}x${v.block}-${v.source}`;
}

/**
 * The variant of a word.
 *
 * @throws {UserError} where it is none.
 *
 * @example
 * ```ts
 * import { parseVariant } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const { family, rows, vectors, depth, block } = parseVariant("subgroup-64x1x8x4-texture");
 * assertEquals([family, rows, vectors, depth, block], ["subgroup", 64, 1, 8, 4]);
 * ```
 */
export function parseVariant(name: string): Variant {
  const match = /^(subgroup|tile)-(\d+)x(\d+)x(\d+)x(\d+)-(buffer|texture)$/.exec(name);
  if (!match) {
    throw new UserError(
      `Cannot read kernel variant "${name}": wanted a word such as subgroup-64x1x8x4-texture`,
    );
  }
  const [rows, vectors, depth, block] = match.slice(2, 6).map(Number);
  const [family, source] = [match[1], match[6]] as [Variant["family"], Variant["source"]];
  return { family, rows, vectors, depth, block, source };
}

/** Columns of the output (of one plane) that a workgroup makes. */
export function columnsOf(v: Variant, program: Program, subgroupSize: number): number {
  const lanes = v.family === "subgroup" ? subgroupSize : 16;
  return 4 * lanes * (program.swiglu ? 1 : v.vectors);
}

/**
 * Vectors a lane carries: a SwiGLU kernel always carries one of each plane, whatever the variant.
 */
export function vectorsOf(v: Variant, program: Program): number {
  return program.swiglu ? 2 : v.vectors;
}
