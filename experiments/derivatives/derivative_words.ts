/**
 * What the report of `derivatives` says.
 *
 * @module
 */
import { derivativeById } from "../../core/derivatives/table.ts";
import { formatPlain } from "../../reports/format.ts";
import type { Result } from "../../reports/result.ts";
import { say, sayNames } from "../training/router_words.ts";
import { heldAgainst } from "./derivative_table.ts";
import { intervalsNote, measureDifference, sideOf, type TrainedGroup } from "./trained_models.ts";

interface Compared {
  group: TrainedGroup;
  control: TrainedGroup;
  difference: ReturnType<typeof measureDifference>;
  side: ReturnType<typeof sideOf>;
}

function compared(groups: readonly TrainedGroup[], measure = "loss"): Compared[] {
  return groups.flatMap((group) => {
    const control = heldAgainst(group, groups);
    if (!control || group.models[0].measures[measure] === undefined) return [];
    const difference = measureDifference(group, control, measure);
    return [{ group, control, difference, side: sideOf(difference, "lowest") }];
  });
}

/** Parameters of a group as a multiple of those of another. */
const multiple = ({ group, control }: Compared) =>
  group.models[0].parameters / control.models[0].parameters;

const lifelong = (groups: readonly TrainedGroup[]) =>
  compared(groups, "oldLoss").find(({ group }) => group.id === "lifelong-moe");

/** The answer. */
export function derivativesVerdict(groups: readonly TrainedGroup[]): string {
  const all = compared(groups);
  const on = (side: Compared["side"]) => all.filter((one) => one.side === side);
  const each = all.map(({ group, control, difference }) =>
    `${group.name} against ${control.name} ${say(difference)}`
  );
  const kept = lifelong(groups);
  return `Of ${all.length} derivatives ${
    on("better").length
  } have a lower held-out loss than what ` +
    `they are held against, ${on("worse").length} a higher one and ${on("alike").length} are not ` +
    `told apart. In nats a token: ${each.join("; ")}.` +
    (kept
      ? ` On the old domains, after the new ones, ${kept.group.name} differs from ` +
        `${kept.control.name} by ${say(kept.difference)}.`
      : "");
}

/** What follows from it. */
export function derivativesDecision(groups: readonly TrainedGroup[]): string {
  const all = compared(groups);
  const good = all.filter(({ side }) => side !== "worse");
  const small = good.filter((one) => multiple(one) < 1).map((one) =>
    `${one.group.name} (${formatPlain(multiple(one), 2)} times the parameters)`
  );
  const kept = lifelong(groups);
  const parts = [
    good.length === 0
      ? "No derivative is worth taking at this size: each costs loss against its control."
      : `At this size take up ${sayNames(good.map(({ group }) => group.name))}: no loss that can ` +
        "be told.",
    ...small.length > 0 ? [`Smaller than their controls are ${small.join(", ")}.`] : [],
    ...kept === undefined ? [] : [
      kept.side === "better"
        ? "Where old text must stay known, freeze old experts and keep outputs near."
        : "Freezing old experts did not keep old text better than fine-tuning here.",
    ],
    "More steps, larger models or another text would change this.",
  ];
  return parts.join(" ");
}

/** How it was done, and its limits. */
export function derivativesNotes(
  groups: readonly TrainedGroup[],
  told: { steps: number; seeds: number; sequences: number; length: number; rate: number },
): Result["notes"] {
  const { steps, seeds, sequences, length, rate } = told;
  return [
    {
      heading: "What each derivative changes",
      paragraphs: groups.map(({ id, name }) => `${name}: ${derivativeById(id).idea}`),
    },
    {
      heading: "How they were trained",
      paragraphs: [
        `Each stage has ${steps} steps of ${sequences} sequences of ${length} tokens, AdamW, a ` +
        `warm-up over a tenth of the steps to a rate of ${rate}, then a cosine, gradients clipped ` +
        "to a norm of 1. Derivatives in two stages, and their controls, first learn the old " +
        "domains.",
        "All experts are computed for all tokens and what was not chosen is multiplied by 0: " +
        "results are those of sparse models, and no speed can be told from them.",
        "Mixture of depths is evaluated as it would be used: a token's own logit decides, not its " +
        "rank in the sequence. Mixture of tokens is evaluated on batches: a prediction depends on " +
        "the other sequences of its group.",
      ],
    },
    intervalsNote(seeds),
  ];
}
