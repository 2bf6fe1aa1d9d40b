/**
 * What the report of `applications` says.
 *
 * @module
 */
import { applicationById, applicationRecipes } from "../../core/applications/table.ts";
import { RATING_NOISE } from "../../core/applications/ratings.ts";
import { formatEstimate, formatNumber } from "../../reports/format.ts";
import type { Estimate } from "../../kernels/base/estimate.ts";
import type { Result } from "../../reports/result.ts";
import {
  intervalsNote,
  measureDifference,
  sideOf,
  type TrainedGroup,
} from "../derivatives/trained_models.ts";
import { sayNames } from "../training/router_words.ts";
import { type ApplicationSet, controlIn } from "./application_table.ts";

interface Compared {
  set: ApplicationSet;
  group: TrainedGroup;
  control: TrainedGroup;
  difference: Estimate;
  side: ReturnType<typeof sideOf>;
}

/** Published models, each beside what it is held against. */
function compared(sets: readonly ApplicationSet[]): Compared[] {
  return sets.flatMap((set) =>
    set.groups.flatMap((group) => {
      const control = controlIn(set, group);
      if (!control || !applicationRecipes.some(({ id }) => id === group.id)) return [];
      const { measure, best } = set.task.decides;
      const difference = measureDifference(group, control, measure);
      return [{ set, group, control, difference, side: sideOf(difference, best) }];
    })
  );
}

function sayDifference({ set, difference }: Compared): string {
  const unit = set.task.decides.measure.endsWith("Fraction") ? "fraction" : "plain";
  const { value, interval, unit: symbol } = formatEstimate(difference, unit);
  return [value, interval, symbol].filter((part) => part !== "").join(" ");
}

const nameIn = ({ set, group }: Compared) =>
  group.name + (set.correlation === undefined ? "" : ` at a correlation of ${set.correlation}`);

/** The answer. */
export function applicationsVerdict(sets: readonly ApplicationSet[]): string {
  const all = compared(sets);
  const on = (side: Compared["side"]) => all.filter((one) => one.side === side).length;
  const each = all.map((one) =>
    `${nameIn(one)} differs from ${one.control.name} by ${sayDifference(one)} ` +
    (one.set.task.decides.measure === "error" ? "in squared error" : "of what it gets right")
  );
  return `Of ${all.length} comparisons ${on("better")} favour the mixture of experts, ` +
    `${on("worse")} what it is held against, and ${on("alike")} tell nothing: ${each.join("; ")}.`;
}

/** What follows from it. */
export function applicationsDecision(sets: readonly ApplicationSet[]): string {
  const all = compared(sets);
  const names = (side: Compared["side"]) => all.filter((one) => one.side === side).map(nameIn);
  const [better, worse] = [names("better"), names("worse")];
  return [
    better.length > 0
      ? `On these tasks take ${sayNames(better)}.`
      : "On these tasks no mixture is to be preferred to what it is held against.",
    ...worse.length > 0 ? [`Leave ${sayNames(worse)}.`] : [],
    "Larger models, more samples or real data would change this: the tasks are drawn by a seed, " +
    "and tell how models differ, not how good they are.",
  ].join(" ");
}

/** How it was done, and its limits. */
export function applicationsNotes(
  sets: readonly ApplicationSet[],
  told: { steps: number; seeds: number; samples: number; rate: number },
): Result["notes"] {
  const { steps, seeds, samples, rate } = told;
  const ids = [...new Set(sets.flatMap(({ groups }) => groups.map(({ id }) => id)))];
  return [
    {
      heading: "The models",
      paragraphs: ids.map((id) => {
        const { name, idea } = applicationById(id);
        return `${name}: ${idea}`;
      }),
    },
    {
      heading: "How they were trained",
      paragraphs: [
        `${steps} steps of ${samples} samples, AdamW, a warm-up over a tenth of the steps to a ` +
        `rate of ${rate}, then a cosine, gradients clipped to a norm of 1. Recommendation has ` +
        "eight times the samples and three times the rate. Every batch is drawn anew.",
        "All experts are computed for all tokens and what was not chosen is multiplied by 0: " +
        "results are those of sparse models, and no speed can be told from them.",
        `Of recommendation, the noise alone leaves a squared error of ${
          formatNumber(RATING_NOISE ** 2, "plain", 2)
        }; all models have the same number of hidden units before their towers.`,
        "Domains of language are the application that gates are compared in: experiment `gates`.",
      ],
    },
    intervalsNote(seeds),
  ];
}
