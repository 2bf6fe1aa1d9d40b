/**
 * Fusion of Experts (FoE, arXiv 2310.01542, section 3): models that each know a domain stay as they are,
 * and a small network, the fuser, learns from what all of them say, as one learns any classifier.
 *
 *     "classes"   logits = MLP(p_1 | ... | p_E)            which class: what comes next, or which expert
 *     "experts"   p = sum_e softmax(MLP(p_1 | ... | p_E))_e p_e        how much to believe each
 *
 * The first is the work's, for classes and, with experts as classes, for generated text. The second, whose
 * weights are learned by the likelihood of the mixture, is this suite's; so are a fuser that is told how
 * each expert did on the text so far, and one that learns to do with any of them (`barredOf`), which the
 * frugal kind needs (`frugal.ts`).
 *
 * @module
 */
import type { Arrays } from "../../arrays/arrays.ts";
import { lossOfRows, meanOfAll, weightOf } from "../../programs/blocks.ts";
import type { ModelProgram } from "../../programs/program.ts";

/** Sizes of a fuser. */
export interface FuserSizes {
  /** Models E whose predictions are fused. */
  experts: number;
  /** Different token ids, or classes, V. */
  vocabulary: number;
  /** Tokens T of a batch. */
  tokens: number;
  /** Hidden width of the fuser. */
  hidden: number;
  /** What it gives; see the module. */
  gives: "classes" | "experts";
  /** Classes, where they are not the token ids. */
  classes?: number;
  /** Whether it is told something of each expert beside what it says: "told" [T, E]. */
  told?: boolean;
  /** Whether experts may be left out: "barred" [T, E], see {@linkcode barredOf}. */
  some?: boolean;
}

/** What bars an expert: its weight is 0 in 32 bits, and no sum of two overflows. */
const BARRED = -1e4;

/** The matrix [T, E] that bars the experts who were not asked, of 1 where one was and 0 where not. */
export const barredOf = (asked_TE: ArrayLike<number>): Float32Array =>
  Float32Array.from(asked_TE, (one) => one > 0 ? 0 : BARRED);

type Named<A> = Readonly<Record<string, A>>;

/** The hidden layer of the fuser and what it gives. */
function fused<A, I>(g: Arrays<A, I>, x: Named<A>, w: Named<A>): A {
  const heard = g.product(x.predictions, w.first);
  const all = x.told ? g.map("add", heard, g.product(x.told, w.telling)) : heard;
  const said = g.product(g.map("relu", all), w.second);
  return x.barred ? g.map("add", said, x.barred) : said;
}

/** Losses [T, 1] of a mixture of experts' chances [T, E] of what came, weighed by a softmax [T, E]. */
function mixedLosses<A, I>(g: Arrays<A, I>, logits: A, chances: A): A {
  const said = g.map("add", logits, g.map("log", chances));
  return g.map("subtract", g.logSumExp(logits), g.logSumExp(said));
}

/**
 * A fuser. A batch has "predictions" [T, E V], the experts' chances of each token side by side, and
 * "targets" [T, 1], a class each; a fuser that gives experts also "chances" [T, E], those of the targets,
 * all above 0. Predictions of experts who are barred are to be 0.
 *
 * Its figures are "each", the loss of each token [T, 1], "ofTokens", their mean, and "said", its logits.
 *
 * @example A fuser learns which of two experts knows the text
 * ```ts
 * import { createProgramTrainer, fuserProgram } from "@moelab/moelab/core";
 * import { openDevice } from "@moelab/moelab/kernels";
 * import { assertLess } from "@std/assert";
 *
 * const sizes = { experts: 2, vocabulary: 2, tokens: 4, hidden: 8, gives: "classes" } as const;
 * // The first expert is right about every token, the second about none.
 * const targets = [0, 1, 1, 0];
 * const predictions = targets.flatMap((id) => id === 0 ? [0.9, 0.1, 0.2, 0.8] : [0.1, 0.9, 0.8, 0.2]);
 * const device = await openDevice();
 * const trainer = createProgramTrainer(device, fuserProgram(sizes), { seed: 1 });
 * const batch = { predictions, targets };
 * const before = (await trainer.run(batch)).figures.ofTokens[0];
 * for (let step = 0; step < 30; step++) trainer.step(batch, { rate: 3e-2 });
 * assertLess((await trainer.run(batch)).figures.ofTokens[0], before / 2);
 * trainer.close();
 * device.close();
 * ```
 */
export function fuserProgram(sizes: FuserSizes): ModelProgram {
  const { experts, vocabulary, tokens, hidden, gives, told, some } = sizes;
  const chosen = gives === "experts";
  const each = [tokens, experts] as const;
  return {
    parameters: {
      first: weightOf(experts * vocabulary, hidden),
      ...told && { telling: weightOf(experts, hidden) },
      second: weightOf(hidden, chosen ? experts : sizes.classes ?? vocabulary),
    },
    matrices: {
      predictions: [tokens, experts * vocabulary],
      ...{ ...chosen && { chances: each }, ...told && { told: each }, ...some && { barred: each } },
    },
    indices: { targets: [tokens, 1] },
    loss(g, { w, x, ids }) {
      const said = fused(g, x, w);
      const each = chosen ? mixedLosses(g, said, x.chances) : lossOfRows(g, said, ids.targets);
      const loss = meanOfAll(g, each);
      return { loss, figures: { each, ofTokens: loss, said } };
    },
  };
}
