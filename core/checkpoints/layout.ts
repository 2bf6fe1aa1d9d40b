/**
 * Where in the files the parts of a tensor lie.
 *
 * Parts are told one by one when they are asked for: a file that claims a billion experts costs
 * nothing until the first that is missing.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { ModelTensor } from "./model_tensors.ts";
import type { FileAxes, NameRule, NameTable } from "./names/rule.ts";

/** A part of a tensor: one run of a file's tensor. */
export interface FilePart {
  /** Name of the file's tensor. */
  file: string;
  /** Shape that it has to have. */
  fileShape: readonly number[];
  /** First of its elements that belongs to the part. */
  from: number;
  /** Shape of the part in the model's tensor. */
  shape: readonly number[];
  /** The part's axes as they lie in the file, outermost first. */
  order: readonly number[];
}

/** A tensor and its parts, which follow each other in it. */
export interface TensorLayout extends ModelTensor {
  /** How many. */
  parts: number;
  /** One of them. */
  part(index: number): FilePart;
  /** Parts of one expert, where the tensor has all experts of a layer. */
  partsAnExpert?: number;
}

/** Numbers that a shape holds. */
export const elementsOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** The layer of a tensor's name, and its name without it. */
function placeOf(name: string): { layer: string; rest: string } {
  const found = /^layers\.(\d+)\.(.+)$/.exec(name);
  return found ? { layer: found[1], rest: found[2] } : { layer: "", rest: name };
}

function layoutOf(tensor: ModelTensor, rule: NameRule, layer: string): TensorLayout {
  const { names, stacked } = rule;
  const perExpert = stacked === true || names[0].includes("{e}");
  const planes = names.length > 1 ? 1 : 0;
  const shape = tensor.shape.slice((perExpert ? 1 : 0) + planes);
  const axes: FileAxes = rule.axes ?? shape.map((_, axis) => [axis]);
  const experts = perExpert ? tensor.shape[0] : 1;
  const inFile = axes.map((group) => elementsOf(group.map((axis) => shape[axis])));
  const common = {
    fileShape: stacked ? [experts, ...inFile] : inFile,
    shape,
    order: axes.flat(),
  };
  return {
    ...tensor,
    parts: experts * names.length,
    ...(perExpert && { partsAnExpert: names.length }),
    part(index) {
      const expert = Math.floor(index / names.length);
      const file = names[index % names.length].replace("{l}", layer).replace("{e}", `${expert}`);
      return { ...common, file, from: stacked ? expert * elementsOf(inFile) : 0 };
    },
  };
}

/**
 * Where tensors lie, by the names of an architecture.
 *
 * @throws {UserError} for a tensor that files of the architecture have no name for.
 */
export function layoutsOf(tensors: readonly ModelTensor[], names: NameTable): TensorLayout[] {
  return tensors.map((tensor) => {
    const { layer, rest } = placeOf(tensor.name);
    if (Object.hasOwn(names, rest)) return layoutOf(tensor, names[rest], layer);
    throw new UserError(
      `Cannot find ${tensor.name}: files of this architecture have no tensor for it`,
    );
  });
}
