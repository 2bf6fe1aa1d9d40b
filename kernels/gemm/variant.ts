/**
 * The shapes that the matrix kernels are generated in, and the programs that they are generated for.
 *
 * Two families. "subgroup": one subgroup is one workgroup, each lane owns whole columns in
 * registers, A is spread over the lanes and broadcast; no workgroup memory, no barrier: for drivers
 * that run on a CPU. "tile": 256 threads share tiles in workgroup memory: for GPUs. Both add the
 * products of an output element in the order of k, so a variant changes times and never values.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import type { Epilogue } from "./epilogue.ts";

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

/**
 * How A and B lie in memory. "nn": A[m, k] B[k, n]; "nt": A[m, k] B[n, k], the product with B
 * transposed; "tn": A[k, m] B[k, n], with A transposed; "tt": A[k, m] B[n, k], with both.
 */
export type Form = "nn" | "nt" | "tn" | "tt";

/** Whether A is stored as [k, m]. */
export const transposesA = (form: Form): boolean => form[0] === "t";

/** Whether B is stored as [n, k]. */
export const transposesB = (form: Form): boolean => form[1] === "t";

/** How B lies in memory: as floats, or in blocks of 8 or 4 bits with a scale each. */
export type WeightStorage = "f32" | "f16" | "q8" | "q4";

/** What a kernel is generated for. All else (sizes, experts, gathering) is a uniform of its launch. */
export interface Program {
  /** How A and B lie in memory. */
  form: Form;
  /**
   * Whether rows along the inner size may be read by index (form "tn"): a load in the innermost loop,
   * where other forms have it before theirs and need no word of it.
   */
  gathered?: boolean;
  /** What becomes of the sums before they are stored. */
  epilogue: Epilogue;
  /** Storage of A and of the result. */
  storage: "f32" | "f16";
  /** Storage of B. */
  weights: WeightStorage;
}

/** The program of a form with the plainest of everything else. */
export function plainProgram(form: Form): Program {
  return { form, epilogue: {}, storage: "f32", weights: "f32" };
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
  return 4 * lanes * (program.epilogue.gate ? 1 : v.vectors);
}

/** Vectors a lane carries: a gated kernel always carries one of each plane, whatever the variant. */
export function vectorsOf(v: Variant, program: Program): number {
  return program.epilogue.gate ? 2 : v.vectors;
}
