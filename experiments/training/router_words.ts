/**
 * What reports of trained routers say in sentences.
 *
 * @module
 */
import type { Estimate } from "../../kernels/base/estimate.ts";
import { perplexity } from "../../core/train/measures.ts";
import { formatEstimate, formatPlain } from "../../reports/format.ts";
import type { Result } from "../../reports/result.ts";
import { rankedGroups } from "./router_table.ts";
import type { TrainingSettings } from "./router_run.ts";
import { differenceOf, type SeedGroup } from "./seed_groups.ts";

/** A number with its interval: "6.41 ± 0.12". */
export function say(estimate: Estimate): string {
  const { value, interval } = formatEstimate(estimate, "plain");
  return interval === "" ? value : `${value} ${interval}`;
}

/** At most three names, and how many more. */
export function sayNames(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** How many groups are better, worse, and neither than a control, by paired differences. */
export function againstControl(
  groups: readonly SeedGroup[],
  control: SeedGroup,
): { better: SeedGroup[]; worse: SeedGroup[]; alike: SeedGroup[] } {
  const sides = { better: [] as SeedGroup[], worse: [] as SeedGroup[], alike: [] as SeedGroup[] };
  for (const group of groups) {
    if (group.figures.length === 0 || group.figures === control.figures) continue;
    const { lo, hi } = differenceOf(group, control);
    sides[hi < 0 ? "better" : lo > 0 ? "worse" : "alike"].push(group);
  }
  return sides;
}

/** The ranking of a set in two sentences; "" where none of them ran. */
export function sayRanking(what: string, groups: readonly SeedGroup[], control: SeedGroup): string {
  const ranked = rankedGroups(groups);
  if (ranked.length === 0) return "";
  const [best] = ranked;
  const first = ranked.filter(({ rank }) => rank === 1).length;
  const { better, worse, alike } = againstControl(groups, control);
  return `Of ${ranked.length} ${what}, ${best.group.run.name} has the lowest held-out perplexity, ` +
    `${say(best.perplexity)}` +
    (first === 1
      ? ", alone at rank 1"
      : first === 2
      ? ", and one other shares its rank"
      : `, and ${first - 1} others share its rank`) +
    ". " +
    `On the same held-out sequences ${better.length} are better than ${control.run.name}, ` +
    `${worse.length} worse and ${alike.length} not told apart.`;
}

/** Where the intervals come from, and how much they mean. */
export function intervalNote(seeds: number): Result["notes"][number] {
  const paragraphs = seeds > 1
    ? [
      `Every configuration was trained on ${seeds} seeds, which change weights, noise and the order ` +
      "of the text. Intervals of perplexity and loss are those of the mean over seeds, Student's t, 95 %.",
    ]
    : [
      "Every configuration was trained on one seed. Intervals of perplexity and loss come from the " +
      "held-out sequences, each a block of its own: Student's t of their means, 95 %. They say how " +
      "well this text was measured, and nothing of what another seed would give: differences near " +
      "the interval need a full run.",
    ];
  return {
    heading: "What the intervals say",
    paragraphs: [
      ...paragraphs,
      "Routers whose intervals of perplexity overlap share a rank: one more than the number of " +
      "those that are wholly better. Differences to a control are taken on equal seeds and equal " +
      "sequences, so that what both have in common drops out; they tell more than the ranks.",
    ],
  };
}

/** What the text is. */
function textWords({ text, domains }: TrainingSettings): string {
  return text
    ? `The text is ${text.names.join(" and ")}, bytes as tokens, with ${domains} domains`
    : `The text is a synthetic language of ${domains} domains, which share letters and differ in ` +
      "grammar";
}

/** On what and for how long models were trained. */
export function trainingNote(settings: TrainingSettings): Result["notes"][number] {
  const { sequences, length, steps, rate, heldOut } = settings;
  const tokens = sequences * length;
  return {
    heading: "How the models were trained",
    paragraphs: [
      `${steps} steps of ${tokens} tokens (${sequences} sequences of ${length}), AdamW with a highest ` +
      `rate of ${rate} after a tenth of the steps and a cosine behind it, gradients clipped to a norm ` +
      "of 1. All see the same text in the same order.",
      `${textWords(settings)}; ${heldOut * sequences} other sequences of it are held out. Models ` +
      "this small, trained this briefly, say how routers begin, not where they end: rankings at " +
      "scale differ.",
    ],
  };
}

/** The least perplexity that the held-out text allows; nothing where its process is not known. */
export function floorNote(groups: readonly SeedGroup[]): Result["notes"] {
  const floor = groups.flatMap(({ figures }) => figures).find(({ floor }) => floor)?.floor;
  if (!floor) return [];
  const [told, inferred] = [floor.told, floor.inferred].map((loss) =>
    formatPlain(perplexity(loss), 3)
  );
  return [{
    heading: "What is possible",
    paragraphs: [
      "The process that the text is drawn from is known. As a decoder, who knows it reaches a " +
      `perplexity of ${inferred} on the held-out text, and ${told} where the domain is told, as ` +
      "routers by tag are told it. What lies between is what longer trainings or larger models can " +
      "still gain.",
    ],
  }];
}
