/**
 * Small models that were trained as programs, over seeds and held-out batches: what came out, with
 * intervals.
 *
 * With several seeds an interval is that of their mean, by Student's t. With one seed it can only say
 * what the choice of held-out batches does; which of the two it is stands in the estimate's method.
 *
 * @module
 */
import { meanOverSeeds } from "../../core/train/statistics.ts";
import type { Estimate } from "../../kernels/base/estimate.ts";
import type { Result } from "../../reports/result.ts";

/** What one training gave. */
export interface TrainedModel {
  /** The loss of each step. */
  losses: number[];
  /** Measures by name, each of every held-out batch. */
  measures: Record<string, number[]>;
  /** Numbers that the model is made of. */
  parameters: number;
  /** Numbers that were trained. */
  trained: number;
}

/** Trainings that differ in their seed alone. */
export interface TrainedGroup {
  /** Id of the row. */
  id: string;
  /** Name, as people write it. */
  name: string;
  /** Id of the row that it is held against. */
  against?: string;
  /** By seed. */
  models: TrainedModel[];
}

/** The mean of numbers. */
export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, v) => sum + v, 0) / values.length;

/** The mean of one number a batch, of each seed. */
function overSeeds(bySeed: readonly (readonly number[])[], what: string): Estimate {
  if (bySeed.length === 1) {
    const method = `one seed: mean over ${what} batches, 95 % Student's t`;
    return { ...meanOverSeeds(bySeed[0]), method };
  }
  const method = "mean over seeds, 95 % Student's t";
  return { ...meanOverSeeds(bySeed.map(meanOf)), method };
}

/** A measure of a group; undefined where it has none of that name. */
export function measureOf({ models }: TrainedGroup, measure: string): Estimate | undefined {
  if (models.some(({ measures }) => measures[measure] === undefined)) return undefined;
  return overSeeds(models.map(({ measures }) => measures[measure]), "held-out");
}

/** A measure less that of another group, on equal seeds and equal batches. */
export function measureDifference(
  group: TrainedGroup,
  other: TrainedGroup,
  measure: string,
): Estimate {
  const bySeed = group.models.map(({ measures }, seed) =>
    measures[measure].map((v, batch) => v - other.models[seed].measures[measure][batch])
  );
  return overSeeds(bySeed, "the same held-out");
}

/** Which side of what it is held against a group lies on, by the interval of the difference. */
export function sideOf(
  { lo, hi }: Pick<Estimate, "lo" | "hi">,
  best: "lowest" | "highest",
): "better" | "worse" | "alike" {
  if (lo <= 0 && hi >= 0) return "alike";
  return (hi < 0) === (best === "lowest") ? "better" : "worse";
}

/** Losses at both ends of a training that are compared: their share of its steps. */
const ENDS = 0.2;

/** Checks over all trainings: each learned. */
export function learnedChecks(groups: readonly TrainedGroup[]): Result["checks"] {
  const models = groups.flatMap((group) => group.models);
  const still = models.filter(({ losses }) => {
    const ends = Math.max(1, Math.floor(ENDS * losses.length));
    return meanOf(losses.slice(-ends)) >= meanOf(losses.slice(0, ends));
  });
  return [{
    ...{ name: "trainings whose loss did not fall", value: still.length, limit: 0 },
    passed: still.length === 0,
    note: `mean of the last fifth of the steps against the first, of ${models.length} trainings`,
  }];
}

/** Where the intervals come from. */
export function intervalsNote(seeds: number): Result["notes"][number] {
  return {
    heading: "What the intervals say",
    paragraphs: [
      seeds > 1
        ? `Every model was trained on ${seeds} seeds, which change weights, noise and data. ` +
          "Intervals are those of the mean over seeds, Student's t, 95 %."
        : "Every model was trained on one seed. Intervals come from the held-out batches, " +
          "Student's t of their means, 95 %: they say how well this model was measured, and " +
          "nothing of what another seed would give.",
      "Differences are taken on equal seeds and equal batches, so that what both models have in " +
      "common drops out.",
    ],
  };
}
