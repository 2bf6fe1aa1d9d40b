/**
 * What the report of `granularity` says.
 *
 * @module
 */
import type { Result } from "../../../reports/result.ts";
import { rankedGroups } from "../router_table.ts";
import { againstControl, intervalNote, say, sayNames, trainingNote } from "../router_words.ts";
import type { SeedGroup } from "../seed_groups.ts";
import type { Arena } from "../sized_runs.ts";

/** The answer. */
export function granularityVerdict(groups: readonly SeedGroup[]): string {
  const ranked = rankedGroups(groups);
  const [coarsest] = groups;
  if (ranked.length < 2 || coarsest.figures.length === 0) {
    return "Too few trainings ran: nothing to say.";
  }
  const { better, worse } = againstControl(groups, coarsest);
  const answer = better.length > 0 && worse.length === 0
    ? "Yes"
    : worse.length > 0 && better.length === 0
    ? "No"
    : "Not told";
  const [best] = ranked;
  return `${answer}: of ${ranked.length - 1} finer cuts ${better.length} are better than ` +
    `${coarsest.run.name} on the same held-out sequences and ${worse.length} worse; the lowest ` +
    `perplexity is ${say(best.perplexity)} with ${best.group.run.name}.`;
}

/** What follows from it. */
export function granularityDecision(groups: readonly SeedGroup[]): string {
  const best = rankedGroups(groups).filter(({ rank }) => rank === 1)
    .map(({ group }) => group.run.name);
  if (best.length === 0) return "Nothing follows from it.";
  return `Rank 1 is shared by ${
    sayNames(best)
  }: take the coarsest of them where kernels and links ` +
    "want large experts. More steps or a larger model would change this.";
}

/** How it was done, and its limits. */
export function granularityNotes(arena: Arena, seeds: number): Result["notes"] {
  return [
    {
      heading: "What is equal",
      paragraphs: [
        "Each cut has twice the experts of the one before, half as wide, and uses twice as many " +
        "for a token (fine-grained experts, arXiv 2401.06066), so that FLOP and parameters stay, " +
        "but for the router, whose columns grow; widths make up for its FLOP in steps of 8.",
        "All have a balance loss of 0.01.",
      ],
    },
    trainingNote(arena.training),
    intervalNote(seeds),
  ];
}
