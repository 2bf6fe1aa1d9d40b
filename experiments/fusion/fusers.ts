/**
 * The fusers that are held against each other, as rows: what each is made of, what a batch tells it, and
 * what its answer costs.
 *
 * @module
 */
import type { ProgramBatch } from "../../core/programs/program.ts";
import { barredOf, type FuserSizes } from "../../core/train/schemes/fuse.ts";
import { split } from "../../kernels/mod.ts";
import type { Said } from "./said.ts";

/** What a fuser's batch is made of. */
export interface FuserText {
  /** What experts say. */
  said: Said;
  /** How many they are. */
  experts: number;
  /** Tokens of a sequence. */
  length: number;
}

/** A fuser of the experiment. */
export interface FuserWay {
  /** Lower case with hyphens. */
  id: string;
  /** As tables name it. */
  name: string;
  /** What it is, in a sentence. */
  note: string;
  /** Its sizes beside those that all have. */
  sizes(experts: number): Pick<FuserSizes, "gives"> & Partial<FuserSizes>;
  /** What it is told beside what experts say. */
  batch(text: FuserText, at: { seed: number; step: number }): ProgramBatch;
  /** Losses [T] of its answers, of what its program gave. */
  losses(figures: Readonly<Record<string, Float32Array>>, text: FuserText): Float64Array;
  /** Whether it only serves the frugal way, and has no row of its own. */
  hidden?: boolean;
}

/** A chance in 32 bits whose logarithm is finite. */
const LEAST = 1e-30;

const chancesOf = ({ losses_TE }: Said) =>
  Float32Array.from(losses_TE, (loss) => Math.max(LEAST, Math.exp(-loss)));

/** The expert [T] with the least loss over the whole sequence that a token is in. */
export function bestOfSequence({ said, experts, length }: FuserText): Uint32Array {
  const { losses_TE } = said;
  const best = new Uint32Array(losses_TE.length / experts);
  for (let at = 0; at < best.length; at += length) {
    const sums = new Float64Array(experts);
    for (let t = at; t < at + length; t++) {
      for (let e = 0; e < experts; e++) sums[e] += losses_TE[t * experts + e];
    }
    best.fill(sums.indexOf(Math.min(...sums)), at, at + length);
  }
  return best;
}

/** Log-likelihoods that far below the best count as this far, nats. */
const FAR = 8;

/**
 * How each expert did on the tokens before each of its sequence [T, E]: its log-likelihood below that of
 * the best, from -1 to 0.
 */
export function doneSoFar({ said, experts, length }: FuserText): Float32Array {
  const { losses_TE } = said;
  const told_TE = new Float32Array(losses_TE.length);
  const sums = new Float64Array(experts);
  for (let t = 0; t < losses_TE.length / experts; t++) {
    if (t % length === 0) sums.fill(0);
    const least = Math.min(...sums);
    for (let e = 0; e < experts; e++) {
      told_TE[t * experts + e] = Math.max(-FAR, least - sums[e]) / FAR;
      sums[e] += losses_TE[t * experts + e];
    }
  }
  return told_TE;
}

/** Tokens without a loss that count as seen before a sequence. */
const UNSEEN = 4;

/** The mean loss of each expert on the tokens before each of its sequence [T, E]: it needs no other one. */
export function meanSoFar({ said, experts, length }: FuserText): Float32Array {
  const { losses_TE } = said;
  const told_TE = new Float32Array(losses_TE.length);
  for (let t = 0; t < losses_TE.length / experts; t++) {
    const seen = t % length;
    for (let e = 0; e < experts && seen > 0; e++) {
      const before = (t - 1) * experts + e;
      const sum = told_TE[before] * (seen - 1 + UNSEEN) + losses_TE[before];
      told_TE[t * experts + e] = sum / (seen + UNSEEN);
    }
  }
  return told_TE;
}

/** Who is asked of each token [T, E]: a set of experts at random, never none. */
export function askedAtRandom(
  { said, experts }: Pick<FuserText, "said" | "experts">,
  { seed, step }: { seed: number; step: number },
): Uint8Array {
  const stream = split(seed, `fusion/asked/${step}`);
  const asked_TE = new Uint8Array(said.losses_TE.length);
  for (let at = 0; at < asked_TE.length; at += experts) {
    const set = stream.int(1, 2 ** experts - 1);
    for (let e = 0; e < experts; e++) asked_TE[at + e] = (set >> e) & 1;
  }
  return asked_TE;
}

/** What experts say, and nothing of those who were not asked. */
function saidByAsked({ predictions }: Said, asked_TE: Uint8Array): Float32Array {
  const vocabulary = predictions.length / asked_TE.length;
  const heard = predictions.slice();
  asked_TE.forEach((one, i) => {
    if (!one) heard.fill(0, i * vocabulary, (i + 1) * vocabulary);
  });
  return heard;
}

const eachOf: FuserWay["losses"] = ({ each }) => Float64Array.from(each);

/** Losses of the one expert that has the largest logit. */
const ofChosen: FuserWay["losses"] = ({ said }, { said: { losses_TE }, experts }) =>
  Float64Array.from({ length: losses_TE.length / experts }, (_, t) => {
    const row = said.subarray(t * experts, (t + 1) * experts);
    return losses_TE[t * experts + row.indexOf(Math.max(...row))];
  });

const heard = ({ said }: FuserText) => ({
  ...{ predictions: said.predictions, targets: said.batch.targets },
});

const weighed = (text: FuserText) => ({ ...heard(text), chances: chancesOf(text.said) });

/** The fusers. */
export const fuserWays: readonly FuserWay[] = [
  {
    id: "foe-classes",
    name: "FoE, the next token",
    note: "learns the next token itself, as the work learns classes",
    sizes: () => ({ gives: "classes" }),
    batch: heard,
    losses: eachOf,
  },
  {
    id: "foe-choice",
    name: "FoE, one expert",
    note: "learns which expert has the least loss on the whole sequence, as the work does for " +
      "generated text; the expert that it finds likeliest answers alone",
    sizes: (experts) => ({ gives: "classes", classes: experts }),
    batch: (text) => ({ ...heard(text), targets: bestOfSequence(text) }),
    losses: ofChosen,
  },
  {
    id: "foe-weights",
    name: "FoE, weights of experts",
    note:
      "learns how to weigh the experts' chances by the likelihood of their mixture (a default " +
      "of this suite)",
    sizes: () => ({ gives: "experts" }),
    batch: weighed,
    losses: eachOf,
  },
  {
    id: "foe-told",
    name: "FoE, weights, told of the text so far",
    note:
      "as before, and it is told how each expert did on the sequence so far (a default of this " +
      "suite)",
    sizes: () => ({ gives: "experts", told: true }),
    batch: (text) => ({ ...weighed(text), told: doneSoFar(text) }),
    losses: eachOf,
  },
  {
    id: "foe-some",
    name: "FoE, any of the experts",
    note: "learns weights of any experts that happen to be asked",
    sizes: () => ({ gives: "experts", told: true, some: true }),
    batch(text, at) {
      const asked_TE = askedAtRandom(text, at);
      const predictions = saidByAsked(text.said, asked_TE);
      const told = meanSoFar(text).map((one, i) => asked_TE[i] * one);
      return { ...weighed(text), predictions, told, barred: barredOf(asked_TE) };
    },
    losses: eachOf,
    hidden: true,
  },
];
