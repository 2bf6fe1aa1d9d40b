/**
 * How a tensor of the forward pass lies in a checkpoint's files, as data.
 *
 * A tensor is made of equal parts, one behind another: planes [D, F] of gate and up, matrices of
 * experts. A part is one run of a file's tensor, with its axes in another order: products read
 * [inputs, outputs] where most files hold [outputs, inputs].
 *
 * @module
 */

/** How the axes of a part lie in the file: for each axis there, the axes of the part it runs over. */
export type FileAxes = readonly (readonly number[])[];

/** Where a tensor is found. */
export interface NameRule {
  /** Names in the file, one a plane; `{l}` is the layer, `{e}` the expert. */
  names: readonly string[];
  /** Axes of a part in the file; as they are where absent. */
  axes?: FileAxes;
  /** Whether the file's tensor has all experts, one behind another. */
  stacked?: boolean;
}

/** Rules by the name of a tensor, without `layers.l.`. */
export type NameTable = Readonly<Record<string, NameRule>>;

/** A tensor as it lies in the file. */
export const asItIs = (name: string): NameRule => ({ names: [name] });

/** A matrix, or planes of it, that the file holds as [outputs, inputs]. */
export const turned = (...names: string[]): NameRule => ({ names, axes: [[1], [0]] });

/** All experts in one tensor; axes are those of one expert. */
export const stacked = (name: string, axes?: FileAxes): NameRule => ({
  names: [name],
  stacked: true,
  ...(axes && { axes }),
});
