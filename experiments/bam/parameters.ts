/**
 * Parameters of the study. Lists have a number for the small and one for the large size.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Wide } from "../define.ts";
import { textParameters } from "../training/arena_text.ts";
import type { StudySize } from "./figures.ts";
import type { StudyOptions } from "./plan.ts";
import { studySizes } from "./sizes.ts";
import { SPAN } from "./tasks/cloze.ts";

/** Parameters by name. */
export const studyParameters = {
  seeds: { quick: 1, full: 3, note: "replicates, each with a seed model of its own" },
  sizes: { quick: ["small", "large"], full: ["small", "large"], note: "sizes to train" },
  layers: { quick: [2, 2], full: [2, 2], note: "layers, by size" },
  dModel: { quick: [64, 96], full: [64, 96], note: "width of the model, by size" },
  seedSteps: { quick: [400, 200], full: [1200, 500], note: "steps of the seed model, by size" },
  branchSteps: { quick: [200, 100], full: [600, 250], note: "steps of each branch, by size" },
  mixSteps: { quick: [200, 100], full: [600, 250], note: "steps of BTX, by size" },
  rate: { quick: [6e-3, 4e-3], full: [5e-3, 3e-3], note: "highest rate of the seed, by size" },
  mixRate: { quick: [1, 0.5], full: [1, 0.5], note: "that of mixtures, as a share, by size" },
  stray: { quick: 0.1, full: 0.1, note: "share of special text that the seed model reads" },
  sequences: { quick: 8, full: 8, note: "sequences of a batch" },
  length: { quick: 64, full: 64, note: "tokens of a sequence" },
  heldOut: { quick: 32, full: 96, note: "held-out sequences of each domain" },
  questions: { quick: 32, full: 48, note: "questions of each domain and task, about" },
  ...textParameters,
} as const;

/** Values of the parameters. */
export type StudyValues = {
  -readonly [K in keyof typeof studyParameters]: Wide<(typeof studyParameters)[K]["quick"]>;
};

const wholeBySize = ["layers", "dModel", "seedSteps", "branchSteps", "mixSteps"] as const;
const realBySize = ["rate", "mixRate"] as const;
/** The least of each: a question has its span behind as much text, an interval a few sequences. */
const least = { seeds: 1, sequences: 1, length: 2 * SPAN, heldOut: 8, questions: 1 } as const;
const single = ["seeds", "sequences", "length", "heldOut", "questions"] as const;

function checkNumbers(values: StudyValues): void {
  const wrong = (name: string, found: unknown, wanted: string) => {
    throw new UserError(`Cannot run the study with ${name}=${found}: wanted ${wanted}`);
  };
  const pair = (list: readonly number[], good: (n: number) => boolean) =>
    list.length === studySizes.length && list.every((n) => n > 0 && good(n));
  for (const name of wholeBySize) {
    if (pair(values[name], Number.isSafeInteger)) continue;
    wrong(name, values[name], "a whole number from 1 by size");
  }
  for (const name of realBySize) {
    if (pair(values[name], Number.isFinite)) continue;
    wrong(name, values[name], "a number above 0 by size");
  }
  for (const name of single) {
    if (Number.isSafeInteger(values[name]) && values[name] >= least[name]) continue;
    wrong(name, values[name], `a whole number from ${least[name]}`);
  }
  if (!(values.stray >= 0 && values.stray <= 1)) wrong("stray", values.stray, "0 to 1");
}

function chosenSizes(names: readonly string[]): StudySize[] {
  const unknown = names.find((name) => !studySizes.some((size) => size === name));
  if (unknown === undefined) return studySizes.filter((size) => names.includes(size));
  throw new UserError(
    `Cannot train models of the size "${unknown}": wanted ${studySizes.join(" or ")}`,
  );
}

/**
 * The sizes of a run with all their numbers.
 *
 * @throws {UserError} for a size that there is not, and for numbers that no training has.
 */
export function sizesOfRun(values: StudyValues): StudyOptions["sizes"] {
  checkNumbers(values);
  return chosenSizes(values.sizes).map((size) => {
    const i = studySizes.indexOf(size);
    const { layers, dModel, seedSteps, branchSteps, mixSteps, rate, mixRate } = values;
    return {
      size,
      numbers: { layers: layers[i], dModel: dModel[i] },
      phases: {
        steps: { seed: seedSteps[i], branch: branchSteps[i], mix: mixSteps[i] },
        ...{ rate: rate[i], mixRate: mixRate[i] },
      },
    };
  });
}
