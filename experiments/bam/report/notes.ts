/**
 * How the study was judged, and its limits.
 *
 * @module
 */
import type { Result } from "../../../reports/result.ts";
import type { StudyFigures } from "../figures.ts";
import { type Redrawing, usualRedrawing } from "./difference.ts";
import { publishedTables } from "./published.ts";
import { addedParameters, flopErrata, publishedParameters } from "./published_costs.ts";
import { publishedTasks } from "./published_tasks.ts";
import { rowsOf, sizesOf } from "./rows.ts";

/** Number of seeds that something was trained with. */
export const seedsOf = ({ models }: StudyFigures): number =>
  new Set(models.map(({ seed }) => seed)).size;

function intervalParagraphs(seeds: number, draws: number): string[] {
  return [
    "A difference is that of mean log perplexity over the domains, each alike, of two models of one " +
    "seed on the same held-out sequences, given in percent of perplexity. Both sizes go over all " +
    "domains, and so do the differences of what was printed: the average that the work prints of " +
    "its large size leaves the pre-training domain out.",
    seeds > 1
      ? `Each row was trained with ${seeds} seeds. A claim is decided by the interval over seeds ` +
        "alone: Student's t of the seeds' differences, 95 %. With three seeds that interval is " +
        "4.3 standard errors to each side: undecided means that three trainings do not tell, not " +
        "that there is no difference."
      : "Each row was trained with one seed, and so nothing is decided: a second seed may say the " +
        "opposite, and no interval of one seed can know.",
    `Within a seed, sequences are drawn again ${draws} times, each domain with as many as it has (the ` +
    "bootstrap): that interval says how well the held-out text measures two models that are there.",
    "A claim of several parts holds where all parts do. That needs no correction for their number; " +
    "a claim that fails because one part of many does may fail by chance: see its parts.",
  ];
}

function errata(): string[] {
  const tables = publishedTables.flatMap(({ id, errata }) =>
    errata.map((one) => `${id.replace("table-", "Table ")}: ${one}.`)
  );
  const tasks = publishedTasks.rows.flatMap(({ name, erratum }) =>
    erratum === undefined ? [] : [`Table 3, ${name}: ${erratum}.`]
  );
  const parameters = publishedParameters.flatMap((one) => {
    const added = addedParameters(one);
    const total = added === one.printed
      ? ""
      : ` Its parts add up to ${added.toLocaleString("en")}, printed is ${
        one.printed.toLocaleString("en")
      }.`;
    return one.erratum === undefined ? [] : [`Table 9, ${one.name}: ${one.erratum}.${total}`];
  });
  return [...tables, ...tasks, ...flopErrata.map((one) => `Table 7: ${one}.`), ...parameters];
}

/** The notes, before and after those of the training that the run adds. */
export function studyNotes(
  figures: StudyFigures,
  { draws }: Redrawing = usualRedrawing,
): Result["notes"] {
  const seeds = seedsOf(figures);
  const rows = sizesOf(figures).map((size) =>
    `${rowsOf(figures, size).length} rows of the ${size} size`
  );
  return [
    {
      heading: "What the work says, and what is asked here",
      paragraphs: [
        "Branch-Attend-Mix (arXiv 2408.08274) copies a dense model, trains each copy on a domain of " +
        "its own, and makes networks and attention of the copies experts of one mixture. BTX " +
        "(arXiv 2403.07816) does so with networks alone and averages the attention. The work has " +
        "one training of each model, and no intervals.",
        "The premise is tested first: every branch beats the seed model on its own domain and loses " +
        "to it on at least one other, on every seed, intervals within the seed apart from 0. Where " +
        "it fails, the claims of that size are shown and do not count.",
        `Trained were ${rows.join(" and ")}. The model that goes on from the seed model with the ` +
        "text of the mixtures is a control of ours: it says whether branches were needed at all. It " +
        "reads as much as one branch and a mixture do, all of it mixed; a mixture and its three " +
        "branches together read more.",
      ],
    },
    { heading: "What the intervals say", paragraphs: intervalParagraphs(seeds, draws) },
    {
      heading: "Same order, not same numbers",
      paragraphs: [
        "Printed perplexities are of 590 million and 2 billion parameters, 256,000 tokens of " +
        "vocabulary and real text. Here models are thousands of times smaller. Rows of one table are " +
        "compared by their order; columns beside each other share a role (the domain of " +
        "pre-training, the domains of the branches), not a subject.",
      ],
    },
    {
      heading: "Limits",
      paragraphs: [
        "Small models, trained briefly, in a synthetic language unless a text was given: its domains " +
        "differ by rule and share their words, which real domains do not.",
        "Equal compute is equal training FLOP by the description of the models. The work matches " +
        "days of its machines, which also holds what its implementation loses.",
        "Coefficients of balancing losses are not in the work; those here are this suite's defaults. " +
        "Rates and steps were chosen for these sizes and not searched for each row.",
      ],
    },
    { heading: "What is odd in the printed tables", paragraphs: errata() },
  ];
}
