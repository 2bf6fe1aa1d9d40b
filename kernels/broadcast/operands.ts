/**
 * Operands that stretch: a row [1, N], a column [T, 1] and a single number [1, 1] count as the whole
 * matrix [T, N] whose rows or columns all are alike.
 *
 * A stretched operand is the same memory gone through in steps of 0, so that one kernel serves all
 * kinds: the steps are uniforms.
 *
 * @module
 */
import { type MatrixShape, rowsMain } from "../elements/elements.ts";
import type { Tensor } from "../tensor.ts";

/** Names of operands in WGSL. */
export const operandNames = ["a", "b", "c"] as const;

/** The name of an operand in WGSL. */
export type OperandName = typeof operandNames[number];

/** The shape that operands stretch to. */
export function stretchedShape(
  name: string,
  shapes: readonly (readonly number[])[],
): MatrixShape {
  const shape = [0, 1].map((d) => Math.max(...shapes.map((s) => s[d]))) as [number, number];
  for (const one of shapes) {
    if (one.length === 2 && one.every((n, d) => n === 1 || n === shape[d])) continue;
    throw new RangeError(
      `Cannot stretch [${one.join(", ")}] in ${name}: wanted 1 or ${shape[0]} rows, ` +
        `1 or ${shape[1]} columns`,
    );
  }
  return shape;
}

/** Elements from one row and one column of the result to the next. */
export function stepsOf({ shape, pitch }: Tensor): [row: number, column: number] {
  return [shape[0] === 1 ? 0 : pitch, shape[1] === 1 ? 0 : 1];
}

/** WGSL: fields of the uniforms of the operands used. */
export const stepFields = (names: readonly string[]): string =>
  names.map((name) => `${name}_row: u32, ${name}_column: u32`).join(", ");

/** WGSL: four elements of an operand, as a vector of its name; after `row` and `columns`. */
export const operandText = (name: string): string =>
  `let ${name}_at = row * p.${name}_row + columns * p.${name}_column;
  let ${name} = vec4f(${
    ["x", "y", "z", "w"].map((lane) => `${name}_all[${name}_at.${lane}]`).join(", ")
  });`;

/** WGSL: a function of numbers, for each lane of the vectors of the same names. */
export const lanesText = (call: string, names: readonly string[]): string =>
  `vec4f(${
    ["x", "y", "z", "w"].map((lane) => `${call}(${names.map((n) => `${n}.${lane}`).join(", ")})`)
      .join(", ")
  })`;

/** WGSL: the head of a main of one thread a vector, up to `row`, `first` and `columns`. */
export const vectorMain = `${rowsMain("vectors")}
  let columns = vec4u(4u * (i - row * p.vectors)) + vec4u(0u, 1u, 2u, 3u);
  let live = columns < vec4u(p.columns);`;

/** The operands that an expression names. */
export function operandsIn(text: string): OperandName[] {
  return operandNames.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
}
