/**
 * What the report of the study says of its trainings.
 *
 * @module
 */
import { formatPlain } from "../../reports/format.ts";
import { modelPreset } from "../../core/spec/presets/presets.ts";
import type { Result } from "../../reports/result.ts";
import { trainingFlops } from "./budget.ts";
import type { StudySize } from "./figures.ts";
import type { StudyValues } from "./parameters.ts";
import type { StudyTraining } from "./plan.ts";
import { CHOICES, SPAN } from "./tasks/cloze.ts";

const each = (numbers: readonly number[]) => numbers.map((n) => formatPlain(n)).join(" and ");
const percent = (share: number) => `${formatPlain(100 * share)} %`;

/** Tokens of a sequence in the paper's counts of FLOP (Table 7). */
const PAPER_LENGTH = 256;

/** BTX's training FLOP as a share of BAM's, expert keys and values, of the paper's models. */
function paperShare(size: StudySize): number {
  const of = (id: string) => trainingFlops(modelPreset(id), { length: PAPER_LENGTH });
  return of(`btx-${size}`) / of(`bam-${size}`);
}

/** What equal compute leaves of the steps, here and in the paper, in a sentence; "" where none is. */
function sayShares(plan: readonly StudyTraining[]): string {
  const sizes = [...new Set(plan.map(({ size }) => size))];
  const said = sizes.flatMap((size) => {
    const steps = (id: string, budget: string) =>
      plan.find((one) => one.size === size && one.row.id === id && one.row.budget === budget)
        ?.steps;
    const [bam, btx] = [steps("bam-expert-kv", "compute"), steps("btx-4", "data")];
    return bam === undefined || btx === undefined ? [] : [
      `${percent(bam / btx)} on the ${size} size, where the paper's has ` +
      percent(paperShare(size)),
    ];
  });
  return said.length === 0
    ? ""
    : ` That leaves BAM with expert keys and values of BTX's steps: ${said.join("; ")} by the ` +
      "same count. Its output layer of 256,000 tokens is most of a small model, and the same in " +
      "both, so that equal compute is harder on BAM here.";
}

/** Notes on phases, text, budgets and tasks. */
export function trainingNotes(
  values: StudyValues,
  plan: readonly StudyTraining[],
): Result["notes"] {
  const { layers, dModel, seedSteps, branchSteps, mixSteps, rate, mixRate, stray } = values;
  const { sequences, length, text } = values;
  return [{
    heading: "How the models were trained",
    paragraphs: [
      `The sizes, small and large, have ${each(layers)} layers of parallel blocks and a width of ` +
      `${each(dModel)}. Seeds are trained for ${each(seedSteps)} steps, branches for ` +
      `${each(branchSteps)}, BTX for ${each(mixSteps)}; a step has ${sequences} sequences of ` +
      `${length} tokens. AdamW with a decay of 0.1, a warm-up over 2 % of the steps and a cosine, ` +
      `to ${each(rate)} at the highest for seeds, half of it for branches, ` +
      `${each(mixRate)} times it for mixtures.`,
      `The seed reads ${percent(1 - stray)} of the first domain and ${percent(stray)} of the ` +
      "others, as web text holds some of everything; a branch 90 % of its own and 10 % of the " +
      "first; mixtures, and the dense model that is held against them, as much of each. The " +
      `text: ${text.join(", ")}. Mixtures of a seed read the same batches.`,
      "BTX is routed as BAM's networks are: the best by a softmax over all, with the same losses. " +
      "Further networks of BTX are copies of the seed's and do not enter the mean of the rest. " +
      "The dense model on mixed text is trained for as many steps as a branch and a mixture.",
      "Equal compute is equal training FLOP by the description: a forward pass with its output " +
      "layer, and a backward one of twice as many. Attention experts that a token is not sent to " +
      "are not counted, though this suite computes them." + sayShares(plan),
    ],
  }, {
    heading: "What the tasks ask",
    paragraphs: [
      `Cloze: the last ${SPAN} tokens of a held-out text, or those of ${CHOICES - 1} others of ` +
      "its domain; right where the model finds the text's own the likeliest. Exact: tokens that " +
      "the rules of a domain determine, two to four in a row; right where the likeliest token is " +
      "the right one at each. Texts that were given have no known rules, and no such task.",
    ],
  }];
}
