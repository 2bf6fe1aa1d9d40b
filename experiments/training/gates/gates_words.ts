/**
 * What the report of `gates` says.
 *
 * @module
 */
import type { Result } from "../../../reports/result.ts";
import {
  againstControl,
  intervalNote,
  sayNames,
  sayRanking,
  trainingNote,
} from "../router_words.ts";
import type { Arena } from "../sized_runs.ts";
import type { GateSet } from "./gate_sets.ts";

/** The answer: each set by itself. */
export function gatesVerdict(sets: readonly GateSet[]): string {
  if (sets.length === 0) return "No control was trained: nothing to say.";
  return sets.map(({ models, equal, groups, control }) =>
    sayRanking(`routers as ${models} at ${equal}`, groups, control)
  ).join(" ");
}

/** What follows from it. */
export function gatesDecision(sets: readonly GateSet[]): string {
  const [first] = sets;
  if (!first) return "Nothing follows from it.";
  const { better } = againstControl(first.groups, first.control);
  const advice = better.length === 0
    ? `Nothing here speaks against ${first.control.run.name} as the router to begin with`
    : `Worth a longer training before ${first.control.run.name} is taken: ${
      sayNames(better.map(({ run }) => run.name))
    }`;
  return `${advice}. Other seeds, more steps or a larger model would change this.`;
}

/** How it was done, and its limits. */
export function gateNotes(arena: Arena, seeds: number): Result["notes"] {
  const { sizes, experts, width, control } = arena;
  return [
    {
      heading: "What is equal",
      paragraphs: [
        `All models have ${sizes.layers} layers ${sizes.dModel} wide around their routers, with about ` +
        `${experts} experts (product keys need a square). The width of the experts is chosen, in ` +
        `steps of 8, so that a layer has the FLOP or the parameters of ${control.name} with ` +
        `experts ${width} wide. Its own tokens decide how many experts some routers use: there the ` +
        "width follows what the recipe aims at, and the FLOP in the table are those of the choices " +
        "that were counted on held-out text.",
        "The dense model has networks as wide as the two experts of a token together.",
      ],
    },
    {
      heading: "Decoders and encoders",
      paragraphs: [
        "A router whose choice for a token depends on later tokens cannot serve a decoder. Those " +
        "train on masked tokens, with attention both ways, beside the same sparse routers trained " +
        "the same way. Perplexities of the two kinds answer different questions and are never " +
        "ranked together.",
      ],
    },
    trainingNote(arena.training),
    intervalNote(seeds),
    {
      heading: "What is left out",
      paragraphs: [
        "A recipe is the router of a work, not the work: its data, its experts and its scale are " +
        "not repeated, and coefficients were not tuned for this size. Where a work trains its router " +
        "by more than the gradient of its gate (a second pass, a reward, a model of the loss, " +
        "experts that come and go), that is left out, and the row says so. Values that no source " +
        "confirms are defaults of this suite and named beside the row.",
      ],
    },
  ];
}
