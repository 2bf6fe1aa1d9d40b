/**
 * What the report of `balance` says.
 *
 * @module
 */
import { loadSpread } from "../../../core/train/measures.ts";
import type { Estimate } from "../../../kernels/base/estimate.ts";
import type { Result } from "../../../reports/result.ts";
import { intervalNote, say, trainingNote } from "../router_words.ts";
import { overLayers, perplexityOf, type SeedGroup } from "../seed_groups.ts";
import type { Arena } from "../sized_runs.ts";

/** How much the busiest expert of a layer had, over the mean. */
const busiest = (group: SeedGroup): Estimate | undefined =>
  overLayers(group, ({ wanted_E }) => loadSpread(wanted_E).maxOverMean);

/** Groups with loads, the most even first. */
function byEvenness(groups: readonly SeedGroup[]): { group: SeedGroup; load: Estimate }[] {
  return groups.flatMap((group) => {
    const load = busiest(group);
    return load ? [{ group, load }] : [];
  }).sort((a, b) => a.load.value - b.load.value);
}

const noneOf = (groups: readonly SeedGroup[]) =>
  groups.find(({ run }) => run.recipe!.balance.length === 0);

/** The answer. */
export function balanceVerdict(groups: readonly SeedGroup[]): string {
  const ordered = byEvenness(groups);
  const none = ordered.find(({ group }) => group === noneOf(groups));
  if (!none || ordered.length < 2) return "Too few trainings ran: nothing to say.";
  const more = ordered.filter(({ load }) => load.hi < none.load.lo).length;
  const [best] = ordered;
  return `Without a balancer the busiest expert ends with ${
    say(none.load)
  } times the mean load at a ` +
    `perplexity of ${say(perplexityOf(none.group))}; of ${
      ordered.length - 1
    } balancers ${more} end ` +
    `wholly more even, the most even being ${best.group.run.name} with ${say(best.load)} at ` +
    `${say(perplexityOf(best.group))}.`;
}

/** What follows from it. */
export function balanceDecision(groups: readonly SeedGroup[]): string {
  const ordered = byEvenness(groups);
  const none = ordered.find(({ group }) => group === noneOf(groups));
  if (!none) return "Nothing follows from it.";
  const limit = perplexityOf(none.group).hi;
  const free = ordered.find(({ group, load }) =>
    load.hi < none.load.lo && perplexityOf(group).lo <= limit
  );
  return (free
    ? `Where experts lie on devices of their own, ${free.group.run.name} evens loads at a perplexity ` +
      "that is not told to be worse than without a balancer"
    : "No balancer evens loads here without a perplexity that is told to be worse") +
    ". Other coefficients, more steps or a harder collapse would change this.";
}

/** How it was done, and its limits. */
export function balanceNotes(arena: Arena, seeds: number): Result["notes"] {
  return [
    {
      heading: "What is compared",
      paragraphs: [
        "One gate, linear with a bias, the two best by softmax; a row changes the loss or the " +
        "controller and what that cannot do without: sigmoid weights, noise, experts that cost " +
        "nothing, a capacity. These rows differ from the first in two things, not in one.",
        "The collapse is put in: biases of the first experts begin high. A model can undo it by " +
        "itself, since biases are trained; what it does without a balancer is the first row.",
        "Coefficients are those of the works, where a source confirms them, and of models far " +
        "larger than these. None was tuned.",
      ],
    },
    trainingNote(arena.training),
    intervalNote(seeds),
  ];
}
