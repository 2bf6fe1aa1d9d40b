/**
 * A loss that draws apart what experts give (MoELoRA, arXiv 2402.12851; survey, section 4.3.2).
 *
 * The mean output of an expert over a sequence is one sample. Samples of one expert are to be alike and
 * unlike those of others: for each pair of samples of one expert, minus the logarithm of its share in
 * a softmax over all other samples, by their cosines over a temperature (InfoNCE, arXiv 1807.03748). The
 * survey says no more than that outputs are contrasted; the rest of the form is this suite's.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import { fillMatrix } from "../arrays/host_matrix.ts";

/** What is added to a cosine that must not count. */
const FAR = -1e4;

/** Keeps rows of zeros, which begin so, from having no direction. */
const LEAST = 0.1;

/**
 * The loss of E outputs [T, D] over sequences of `length` tokens: [1, 1], 0 where there is one sequence.
 */
export function contrastLoss<A, I>(
  g: Arrays<A, I>,
  outputs: readonly A[],
  { length, temperature }: { length: number; temperature: number },
): A {
  const [tokens, width] = g.shapeOf(outputs[0]);
  const sequences = tokens / length;
  const experts = outputs.length;
  const samples = experts * sequences;
  const nudge = g.constant(
    `directions ${samples}x${width}`,
    [samples, width],
    () => fillMatrix([samples, width], (r, c) => r % width === c ? LEAST : 0).data,
  );
  const means = g.transpose(
    g.beside(...outputs.map((y) => g.transpose(g.segmentMeans(y, length)))),
  );
  const unit = g.unit(g.map("add", means, nudge));
  const table = (name: string, of: (a: number, b: number) => number) =>
    g.constant(
      `${name} ${experts}x${sequences}`,
      [samples, samples],
      () => fillMatrix([samples, samples], of).data,
    );
  const expert = (sample: number) => Math.floor(sample / sequences);
  const itself = table("contrast itself", (a, b) => a === b ? FAR : 0);
  const alike = table("contrast alike", (a, b) => a !== b && expert(a) === expert(b) ? 1 : 0);
  const cosines = g.scale(g.product(unit, unit, { transpose: "b" }), 1 / temperature);
  const scores = g.map("add", cosines, itself);
  const apart = g.map("subtract", g.logSumExp(scores), cosines);
  const pairs = Math.max(1, samples * (sequences - 1));
  return g.scale(g.total(g.map("multiply", apart, alike)), 1 / pairs);
}
