/**
 * What the report of `expert-kinds` says.
 *
 * @module
 */
import { expertRecipes } from "../../core/experts/recipes.ts";
import type { Result } from "../../reports/result.ts";
import { say, sayNames } from "../training/router_words.ts";
import type { KindValues } from "./kind_parameters.ts";
import { languageFloor, RULED } from "./kind_language.ts";
import { languageOf } from "./kind_runs.ts";
import { kindDifference, type KindGroup, kindLoss, kindSides } from "./kind_groups.ts";

const nameOf = ({ kind }: KindGroup) => kind.recipe.name;

/** Whether a gate is told the domain. */
const isTold = ({ kind }: KindGroup) => kind.recipe.gate.score.of === "tag";

/** The kind with the lowest loss. */
function best(groups: readonly KindGroup[]): KindGroup {
  return groups.reduce((a, b) => kindLoss(b).value < kindLoss(a).value ? b : a);
}

function sentences(what: string, groups: readonly KindGroup[]): string {
  const [control] = groups;
  const { better, worse, alike } = kindSides(groups);
  const list = (some: readonly KindGroup[]) =>
    some.length === 0 ? "" : ` (${sayNames(some.map(nameOf))})`;
  const first = best(groups);
  return `${what}, of ${groups.length} kinds ${nameOf(first)} has the lowest held-out loss, ` +
    `${say(kindLoss(first))} nats; ${better.length} are better than ${
      nameOf(control)
    } on the same ` +
    `samples${list(better)}, ${worse.length} worse${
      list(worse)
    } and ${alike.length} not told apart.`;
}

/** The answer. */
export function kindVerdict(text: readonly KindGroup[], images: readonly KindGroup[]): string {
  return `${sentences("In the language", text)} ${sentences("In images", images)}`;
}

/** What follows from it. */
export function kindDecision(text: readonly KindGroup[], images: readonly KindGroup[]): string {
  const told = [["text", text], ["images", images]] as const;
  const advice = told.map(([what, groups]) => {
    const [control] = groups;
    const better = kindSides(groups).better.filter((one) => !isTold(one));
    if (better.length === 0) return `for ${what} nothing beats ${nameOf(control)}`;
    const first = best(better);
    const gain = kindDifference(first, control);
    return `for ${what} try ${nameOf(first)}, ${say(gain)} nats from ${nameOf(control)}`;
  });
  const seeds = text[0].figures.length;
  return `At this size ${advice.join("; ")}.` +
    (seeds > 1 ? "" : " One seed says this of these data alone; a full run takes three.");
}

/** How it was done, and its limits. */
export function kindNotes(values: KindValues): Result["notes"] {
  const { steps, sequences, length, images, imageRows, heldOut, seeds } = values;
  const unverified = expertRecipes.flatMap(({ name, unverified = {} }) =>
    Object.entries(unverified).map(([field, what]) => `${name}: ${field} is ${what}.`)
  );
  return [
    {
      heading: "What is equal",
      paragraphs: [
        "Every kind stands in the second of two blocks of a small decoder, for its network or for " +
        "its attention, or in a small network for images. Widths are chosen in steps of 4 (of " +
        "single neurons, how many a token uses) so that the block has about the FLOP of the first " +
        "kind. Parameters are not equal: they are in the table.",
        "FLOP are those of kernels that compute the chosen experts alone. These programs compute " +
        "all experts and leave out what was not chosen, so they say what is learned and nothing of " +
        "speed: `speed-of-experts` does.",
      ],
    },
    {
      heading: "How the models were trained",
      paragraphs: [
        `${steps} steps of ${sequences} sequences of ${length} tokens, or ` +
        `of ${images} images of ${imageRows} x ${imageRows} places, noise with a pattern somewhere ` +
        `in it; AdamW, warm-up over a tenth of the steps and a cosine. ${heldOut} batches are held ` +
        "out, the same for all.",
        `In the language each of four domains has a letter that follows each letter, ` +
        `${
          100 * RULED
        } % of the time; a sequence begins with the mark of its domain. Who knows all ` +
        `that has a loss of ${languageFloor(languageOf({ tags: 4 }), length).toFixed(3)} nats. ` +
        "Gates by tag are told the domain, others must find it: that is no equal footing, and " +
        "such kinds are not advised.",
        "PAD-Net and ADVMOE train in stretches, at whose ends the moments of the optimiser begin " +
        "anew; ADVMOE sees attacked images in training and clean ones here.",
        seeds > 1
          ? `Intervals are those of the mean over ${seeds} seeds, Student's t, 95 %.`
          : "Intervals are those of the mean over held-out samples of one seed, Student's t, 95 %: " +
            "they say nothing of what another seed would give.",
      ],
    },
    { heading: "What no source confirms", paragraphs: [unverified.join(" ")] },
  ];
}

/** Trainings that went wrong. */
export function kindChecks(groups: readonly KindGroup[]): Result["checks"] {
  const figures = groups.flatMap(({ figures }) => figures);
  const edge = 10;
  const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
  const fell =
    figures.filter(({ losses }) => mean(losses.slice(-edge)) < mean(losses.slice(0, edge))).length;
  return [{
    name: "trainings whose loss did not fall",
    ...{ value: figures.length - fell, limit: 0, passed: fell === figures.length },
    note:
      `mean of the last ${edge} steps against that of the first, of ${figures.length} trainings`,
  }];
}
