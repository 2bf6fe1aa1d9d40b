/**
 * What the report of `capacity` says.
 *
 * @module
 */
import { formatNumber } from "../../../reports/format.ts";
import type { Result } from "../../../reports/result.ts";
import { againstControl, intervalNote, say, sayNames, trainingNote } from "../router_words.ts";
import { differenceOf, droppedOf, overLayers, type SeedGroup } from "../seed_groups.ts";
import type { Arena } from "../sized_runs.ts";

const isDropless = ({ run }: SeedGroup) => run.recipe!.cap === undefined;

/** Share of the choices that a group dropped. */
const dropped = (group: SeedGroup) => overLayers(group, droppedOf)?.value ?? 0;

/** The answer. */
export function capacityVerdict(groups: readonly SeedGroup[]): string {
  const dropless = groups.find(isDropless);
  const others = groups.filter((g) => !isDropless(g) && g.figures.length > 0);
  if (!dropless || dropless.figures.length === 0 || others.length === 0) {
    return "Too few trainings ran: nothing to say.";
  }
  const { better, worse, alike } = againstControl(others, dropless);
  const most = others.toSorted((a, b) => dropped(b) - dropped(a))[0];
  return `Of ${others.length} capacities ${worse.length} give a higher held-out loss than a gate ` +
    `without a limit, ${alike.length} are not told apart from it and ${better.length} give a lower ` +
    `one; where most is dropped, ${formatNumber(dropped(most), "fraction", 2)} of the choices ` +
    `(factor ${most.run.name}), the loss differs by ${
      say(differenceOf(most, dropless))
    } nats a token.`;
}

/** What follows from it. */
export function capacityDecision(groups: readonly SeedGroup[]): string {
  const dropless = groups.find(isDropless);
  if (!dropless || dropless.figures.length === 0) return "Nothing follows from it.";
  const factor = ({ run }: SeedGroup) =>
    run.recipe!.cap?.kind === "factor" ? run.recipe!.cap.factor : Infinity;
  const { alike, better } = againstControl(groups, dropless);
  const fits = [...alike, ...better].toSorted((a, b) => factor(a) - factor(b));
  if (fits.length === 0) {
    return "Every capacity that was tried costs loss: take a larger one, or drop nothing. More " +
      "steps or a better balance would change this.";
  }
  const least = fits.filter((group) => factor(group) === factor(fits[0]));
  return `The smallest capacity that costs no loss that can be told is ${
    sayNames(least.map(({ run }) => run.name))
  }. Loads of another text, more steps or another balance would change this.`;
}

/** How it was done, and its limits. */
export function capacityNotes(arena: Arena, seeds: number): Result["notes"] {
  return [
    {
      heading: "What is compared",
      paragraphs: [
        `The gate of ${arena.control.name} with a balance loss of 0.01 (Switch, arXiv 2101.03961), ` +
        "and room for ceil(factor K T / E) choices an expert. First choices of all tokens come " +
        "before second ones; among equals, tokens come in the order of the batch, of their best " +
        "gate (batch prioritised routing, arXiv 2106.05974) or at random (arXiv 2109.10465). A " +
        "choice without room gives nothing: the token goes on by its residual.",
        "Models are equal in width: what is dropped is work that is not done, so that a small " +
        "factor is also cheaper.",
      ],
    },
    trainingNote(arena.training),
    intervalNote(seeds),
  ];
}
