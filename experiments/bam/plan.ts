/**
 * All trainings of a run of the study, each with what it is made of, before any is begun.
 *
 * A training is named by all that decides its weights: description, gate, text, steps, rates, seeds,
 * device, and the names of those that it is made of. What was trained under a name need not be again.
 *
 * @module
 */
import type { GateRecipe } from "../../core/gates/recipe.ts";
import type { Corpus } from "../../core/train/data/corpus.ts";
import type { RateSchedule } from "../../core/train/schedule.ts";
import { newWeights, type WeightedModel } from "../../core/train/schemes/model_weights.ts";
import type { Model } from "../../core/spec/model.ts";
import { contentId } from "../hash.ts";
import { matchedSteps } from "./budget.ts";
import { phaseCorpus } from "./domains.ts";
import type { StudySize } from "./figures.ts";
import { makeModel } from "./make_model.ts";
import { dataSeed, type PhaseNumbers, scheduleOf, stepsOf, type StudyPhase } from "./phases.ts";
import { parentsOf, phaseOf, type StudyRow, studyRows } from "./rows.ts";
import { denseModel, type SizeNumbers } from "./sizes.ts";

/** What of a run decides its trainings. */
export interface StudyOptions {
  /** Sizes with their numbers, in order. */
  sizes: readonly { size: StudySize; numbers: SizeNumbers; phases: PhaseNumbers }[];
  /** Seeds of the replicates. */
  seeds: readonly number[];
  /** Text of all domains. */
  corpus: Corpus;
  /** Share of special text in pre-training. */
  stray: number;
  /** Sequences of a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** Rows; all where absent. */
  rows?: readonly StudyRow[];
  /** The device, see `adapterKey`. */
  device: string;
}

/** A training of the study. */
export interface StudyTraining {
  /** Name by content. */
  id: string;
  /** What is trained. */
  row: StudyRow;
  /** At which size. */
  size: StudySize;
  /** Seed of the replicate. */
  seed: number;
  /** The phase. */
  phase: StudyPhase;
  /** The dense model of the size. */
  dense: Model;
  /** The description. */
  model: Model;
  /** The gate of its networks. */
  recipe?: GateRecipe;
  /** Its text. */
  corpus: Corpus;
  /** Seed of its text. */
  dataSeed: number;
  /** Steps. */
  steps: number;
  /** Rates. */
  schedule: RateSchedule;
  /** Sequences of a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** What it is made of, the seed first. */
  parents: readonly StudyTraining[];
}

/** A training's key: rows of two budgets share an id. */
const keyOf = ({ id, budget }: StudyRow) => budget === "compute" ? `${id}/compute` : id;

type Sized = StudyOptions["sizes"][number];

/** What every seed of a row shares. */
type Described = Pick<StudyTraining, "row" | "model" | "recipe" | "steps">;

/** The description and gate of a row: what weights its parents have does not matter. */
function described({ make }: StudyRow, blank: WeightedModel) {
  const { model, recipe } = makeModel(make, parentsOf(make).map(() => blank), {
    ...{ dense: blank.model, seed: 0 },
  });
  return { model, recipe };
}

/** The rows of a size, described, with their steps. */
function describedRows(
  { size, phases }: Sized,
  { dense, rows, length }: { dense: Model; rows: readonly StudyRow[]; length: number },
): Described[] {
  const blank = newWeights(dense, { seed: 0 });
  const { model: against } = described(btxRow, blank);
  return rows.filter(({ sizes }) => sizes.includes(size)).map((row) => {
    const { model, recipe } = described(row, blank);
    const matched = stepsOf(row.make, phases);
    const steps = row.budget === "compute"
      ? matchedSteps(model, { against, steps: matched, length })
      : matched;
    return { row, model, recipe, steps };
  });
}

const btxRow = studyRows.find(({ id }) => id === "btx-4")!;

/** A row's training of one seed. */
async function planRow(
  told: Described & Pick<StudyTraining, "size" | "dense" | "seed" | "parents">,
  { phases, options }: { phases: PhaseNumbers; options: StudyOptions },
): Promise<StudyTraining> {
  const { row, model, recipe, steps, size, seed, parents } = told;
  const { corpus: text, stray, sequences, length, device } = options;
  const phase = phaseOf(row.make);
  const training = {
    ...{ ...told, phase, sequences, length },
    corpus: phaseCorpus(text, row.make, { stray }),
    schedule: scheduleOf(phase, { ...phases, size, steps }),
    dataSeed: dataSeed(seed, phase),
  };
  const { sources: _, ...sizes } = model;
  const id = await contentId({
    ...{ device, make: row.make, size, seed, model: sizes, recipe: recipe ?? null },
    ...{ corpus: training.corpus.id, steps, sequences, length, schedule: training.schedule },
    ...{ dataSeed: training.dataSeed, parents: parents.map(({ id }) => id) },
  });
  return { id, ...training };
}

/** All trainings, size by size, seed by seed, in the order of the rows. */
export async function planStudy(options: StudyOptions): Promise<StudyTraining[]> {
  const { sizes, seeds, length, rows = studyRows } = options;
  const all: StudyTraining[] = [];
  for (const sized of sizes) {
    const { size, numbers, phases } = sized;
    const dense = denseModel(size, numbers);
    const list = describedRows(sized, { dense, rows, length });
    for (const seed of seeds) {
      const done = new Map<string, StudyTraining>();
      for (const one of list) {
        const parents = parentsOf(one.row.make).map((id) => done.get(id)!);
        const told = { ...one, size, dense, seed, parents };
        done.set(keyOf(one.row), await planRow(told, { phases, options }));
      }
      all.push(...done.values());
    }
  }
  return all;
}
