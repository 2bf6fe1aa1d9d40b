/**
 * The texts that derivatives learn: all domains of a synthetic language, or the first half of them and
 * later the second.
 *
 * @module
 */
import type { DerivativeSizes, DerivativeText } from "../../core/derivatives/recipe.ts";
import type { ProgramBatch } from "../../core/programs/program.ts";
import { batchOf, type Corpus, type CorpusPart } from "../../core/train/data/corpus.ts";
import { syntheticCorpus } from "../../core/train/data/synthetic.ts";
import { UserError } from "../../kernels/base/errors.ts";

/** Some domains of a corpus, as one of its own. */
function domainsOf(corpus: Corpus, from: number, to: number): Corpus {
  const { costs } = corpus;
  return {
    ...corpus,
    id: `${corpus.id}, domains ${from} to ${to - 1}`,
    domains: corpus.domains.slice(from, to),
    draw: (domain, options) => corpus.draw(from + domain, options),
    ...costs && { costs: (domain, ids) => costs(from + domain, ids) },
  };
}

/**
 * The texts of a number of domains.
 *
 * @throws {UserError} where there are fewer than two domains: none would be new.
 */
export function derivativeTexts(domains: number): Record<DerivativeText, Corpus> {
  if (!(domains >= 2)) {
    throw new UserError(`Cannot split ${domains} domains into old and new ones: wanted 2 or more`);
  }
  const all = syntheticCorpus({ domains });
  const half = Math.floor(domains / 2);
  return { all, old: domainsOf(all, 0, half), new: domainsOf(all, half, domains) };
}

/** A batch of a text as programs read it. */
export function textBatch(
  corpus: Corpus,
  { sequences, length }: DerivativeSizes,
  at: { seed: number; step: number; part: CorpusPart },
): ProgramBatch {
  const { ids, targets } = batchOf(corpus, { sequences, length, ...at });
  return { tokens: ids, targets };
}
