/**
 * Tensors of an open folder as f32: whole, or in slices where they are large.
 *
 * @module
 */
import { unknownName, UserError } from "../../kernels/base/errors.ts";
import type { ModelFolder } from "./folder.ts";
import { elementsOf, type FilePart, type TensorLayout } from "./layout.ts";
import { readPart } from "./read_part.ts";
import { storedOf } from "./stored.ts";

/** Some numbers of a tensor that follow each other. */
export interface TensorSlice {
  /** Place of the first in the tensor. */
  from: number;
  /** The numbers. */
  values: Float32Array;
}

function layoutAt(folder: ModelFolder, name: string): TensorLayout {
  const layout = folder.layouts.get(name);
  if (layout) return layout;
  throw unknownName(`tensor of ${folder.model.id}`, name, [...folder.layouts.keys()]);
}

/** Parts that follow each other in a tensor, as one run of numbers. */
async function readParts(folder: ModelFolder, parts: readonly FilePart[]): Promise<Float32Array> {
  const values = new Float32Array(parts.reduce((n, part) => n + elementsOf(part.shape), 0));
  let at = 0;
  for (const part of parts) {
    const to = at + elementsOf(part.shape);
    const stored = storedOf(part, folder.context);
    await readPart(folder.reader, { part, stored, values: values.subarray(at, to) });
    at = to;
  }
  return values;
}

const partsOf = (layout: TensorLayout, from: number, count: number): FilePart[] =>
  Array.from({ length: count }, (_, i) => layout.part(from + i));

/** Numbers that are had at once; what has more is read in slices. */
const atOnce = 2 ** 31 - 1;

/**
 * A tensor of an open folder, as the forward pass takes it.
 *
 * @param name Its name, see {@linkcode modelTensors}.
 * @throws {UserError} where there is none of that name, it has more than 2^31 numbers, or the files
 * have changed since they were opened.
 *
 * @example
 * ```ts
 * import { memoryFiles, openModelFolder, readTensor, writeModelFolder } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const config = {
 *   ...{ model_type: "llama", num_hidden_layers: 1, hidden_size: 8, vocab_size: 16 },
 *   ...{ num_attention_heads: 2, intermediate_size: 12, tie_word_embeddings: true },
 * };
 * const files = memoryFiles();
 * const values = (shape: readonly number[]) =>
 *   Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i % 7);
 * await writeModelFolder("tiny", { config, files, values: ({ shape }) => values(shape) });
 *
 * const folder = await openModelFolder("tiny", { files });
 * assertEquals(await readTensor(folder, "layers.0.ffn.up"), values([2, 8, 12]));
 * folder.close();
 * ```
 */
export async function readTensor(folder: ModelFolder, name: string): Promise<Float32Array> {
  const layout = layoutAt(folder, name);
  const elements = elementsOf(layout.shape);
  if (elements > atOnce) {
    throw new UserError(
      `Cannot have ${name} at once: found ${elements} numbers, wanted at most ${atOnce}; ` +
        "tensorSlices gives them slice by slice",
    );
  }
  return await readParts(folder, partsOf(layout, 0, layout.parts));
}

/** Rows of a part that lies in the file as in the model, in runs of at most so many numbers. */
function rowRuns(part: FilePart, elements: number): FilePart[] {
  const [rows, ...rest] = part.shape;
  const inOrder = part.order.every((axis, i) => axis === i);
  if (!inOrder || elementsOf(part.shape) <= elements) return [part];
  const width = elementsOf(rest);
  const step = Math.max(1, Math.floor(elements / width));
  return Array.from({ length: Math.ceil(rows / step) }, (_, i) => ({
    ...part,
    from: part.from + i * step * width,
    shape: [Math.min(step, rows - i * step), ...rest],
  }));
}

/**
 * A tensor of an open folder in slices: one expert after another where it has all experts of a
 * layer, else plane after plane, and rows of tables in runs of at most `elements` numbers. The host
 * holds one slice and 2^18 numbers of a file.
 *
 * @param options `elements` of a run of a table's rows, 2^22 unless given.
 * @throws {UserError} as {@linkcode readTensor}.
 */
export async function* tensorSlices(
  folder: ModelFolder,
  name: string,
  options: { elements?: number } = {},
): AsyncGenerator<TensorSlice> {
  const { elements = 2 ** 22 } = options;
  const layout = layoutAt(folder, name);
  const together = layout.partsAnExpert ?? 1;
  let from = 0;
  for (let i = 0; i < layout.parts; i += together) {
    const parts = partsOf(layout, i, together);
    const runs = layout.partsAnExpert === undefined
      ? rowRuns(parts[0], elements).map((run) => [run])
      : [parts];
    for (const run of runs) {
      const values = await readParts(folder, run);
      yield { from, values };
      from += values.length;
    }
  }
}
