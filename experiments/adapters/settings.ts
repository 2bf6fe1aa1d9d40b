/**
 * What the experiment on adapters is told: the base, the text that it learned, the text that it is tuned
 * to, and the budget of parameters.
 *
 * @module
 */
import type { Model } from "../../core/spec/model.ts";
import { syntheticCorpus } from "../../core/train/data/synthetic.ts";
import type { Corpus } from "../../core/train/data/corpus.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { denseProbe } from "../training/probe_model.ts";

/** Parameters of the experiment. */
export const adapterSettings = {
  seeds: { quick: 1, full: 3, note: "seeds of each configuration; the base is another for each" },
  baseSteps: { quick: 300, full: 2000, note: "steps of the base's training" },
  steps: { quick: 30, full: 400, note: "steps of tuning; a third makes experts that are given" },
  layers: { quick: 2, full: 2, note: "layers of the base" },
  dModel: { quick: 32, full: 64, note: "width of the base" },
  width: { quick: 64, full: 128, note: "width of its networks" },
  baseSequences: { quick: 16, full: 16, note: "sequences of a batch of the base's training" },
  sequences: { quick: 4, full: 8, note: "sequences of a batch of tuning" },
  length: { quick: 32, full: 64, note: "tokens of a sequence" },
  heldOut: {
    quick: 8,
    full: 32,
    note: "batches of held-out text, of the new domains and of the old",
  },
  rank: { quick: 8, full: 16, note: "rank of the one LoRA whose parameters are the budget" },
  rate: { quick: 1e-2, full: 5e-3, note: "highest learning rate of tuning" },
  baseRate: { quick: 5e-3, full: 3e-3, note: "highest learning rate of the base" },
  domains: { quick: 4, full: 4, note: "domains of either text" },
} as const;

/** Values of the parameters. */
export type AdapterValues = { -readonly [K in keyof typeof adapterSettings]: number };

/** Width of a head of attention. */
const HEAD = 16;

/**
 * The base of a run.
 *
 * @throws {UserError} for sizes that no base has.
 */
export function adapterBase(values: AdapterValues): Model {
  for (const [name, value] of Object.entries(values)) {
    const rate = name === "rate" || name === "baseRate";
    if (rate ? value > 0 : Number.isSafeInteger(value) && value >= 1) continue;
    throw new UserError(
      `Cannot tune adapters with ${name}=${value}: wanted ` +
        (rate ? "a number above 0" : "a whole number from 1"),
    );
  }
  const { layers, dModel, width } = values;
  if (dModel % HEAD !== 0) {
    throw new UserError(
      `Cannot tune adapters with dModel=${dModel}: wanted a multiple of ${HEAD}, such as ${
        Math.max(HEAD, Math.round(dModel / HEAD) * HEAD)
      }`,
    );
  }
  return denseProbe({ layers, dModel, headDim: HEAD, vocab: 256 }, width);
}

/** What the base learned, and a mixture of domains with grammars that it never saw. */
export function adapterTexts({ domains }: Pick<AdapterValues, "domains">): {
  old: Corpus;
  fresh: Corpus;
} {
  return {
    old: syntheticCorpus({ domains, seed: 1 }),
    fresh: syntheticCorpus({ domains, seed: 2 }),
  };
}
