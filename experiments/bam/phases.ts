/**
 * How long each phase is trained, and at which rates, in the proportions of BAM (arXiv 2408.08274,
 * section 4.1): branches at half the seed's highest rate, mixtures of the small size at all of it; down
 * a cosine to a tenth of the highest, or to 3 % for the large seed.
 *
 * The paper's large mixtures begin at a hundredth of the seed's rate, over far more steps than here.
 * Their share is a parameter.
 *
 * @module
 */
import type { RateSchedule } from "../../core/train/schedule.ts";
import type { ModelFigures, StudySize } from "./figures.ts";
import type { StudyMake } from "./rows.ts";

/** A phase of training. */
export type StudyPhase = ModelFigures["phase"];

/** Numbers that a run may choose. */
export interface PhaseNumbers {
  /** Steps of each phase, mixtures being matched to BTX in data. */
  steps: Readonly<Record<StudyPhase, number>>;
  /** Highest rate of the seed. */
  rate: number;
  /** Highest rate of mixtures, as a share of the seed's. */
  mixRate: number;
}

/** Highest rates of branches, as a share of the seed's. */
const BRANCH_RATE = 0.5;
/** Warm-up, as a share of the steps; the paper's are between 0.4 % and 1.5 %. */
const WARMUP = 0.02;
const floors: Readonly<Record<StudySize, Readonly<Record<StudyPhase, number>>>> = {
  small: { seed: 0.1, branch: 0.1, mix: 0.1 },
  large: { seed: 0.03, branch: 0.03, mix: 0.1 },
};

/** The phases, each after those that it goes on from. */
export const studyPhases: readonly StudyPhase[] = ["seed", "branch", "mix"];

/** Steps where the budget is that of the data. A dense model reads what one branch and a mixture do. */
export function stepsOf({ kind }: StudyMake, { steps }: Pick<PhaseNumbers, "steps">): number {
  if (kind === "seed") return steps.seed;
  if (kind === "branch") return steps.branch;
  return kind === "continued" ? steps.branch + steps.mix : steps.mix;
}

/** Rates of a phase of so many steps. */
export function scheduleOf(
  phase: StudyPhase,
  { size, steps, rate, mixRate }: { size: StudySize; steps: number } & Omit<PhaseNumbers, "steps">,
): RateSchedule {
  const share = { seed: 1, branch: BRANCH_RATE, mix: mixRate }[phase];
  const warmup = Math.min(steps - 1, Math.ceil(WARMUP * steps));
  return { peak: share * rate, warmup, floor: floors[size][phase] };
}

/**
 * Seed of a phase's data. Batches are functions of seed and step, so that a phase with the seed of
 * another would read its text again.
 */
export const dataSeed = (seed: number, phase: StudyPhase): number =>
  studyPhases.length * seed + studyPhases.indexOf(phase);
