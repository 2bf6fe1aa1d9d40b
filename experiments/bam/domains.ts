/**
 * What the study reads: a domain of pre-training and three special ones, and how much of each a phase
 * reads (BAM, arXiv 2408.08274, section 4).
 *
 * @module
 */
import type { Corpus } from "../../core/train/data/corpus.ts";
import { syntheticCorpus } from "../../core/train/data/synthetic.ts";
import { weightedCorpus } from "../../core/train/data/weighted.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { readText, settingsOfText, SYNTHETIC, type TextValues } from "../training/arena_text.ts";
import { BRANCHES, type StudyMake } from "./rows.ts";

/** Domains of the study. */
export const DOMAINS = 1 + BRANCHES;

/** Domains of the synthetic language, after what becomes of a word that is copied. */
const languages = ["general", "reversed", "rotated", "mirrored"] as const;
/** Letters of it: fewer than elsewhere, so that branches of few steps become specialists. */
const letters = { shared: 12, own: 1 } as const;

/** The language of the study. Its grammars are the same for all seeds of a run. */
const language = (): Corpus => ({
  ...syntheticCorpus({ domains: DOMAINS, seed: 1, ...letters }),
  domains: languages,
});

/**
 * The text of the study.
 *
 * @throws {UserError} where a text has fewer domains than the study, or is not there.
 */
export async function studyCorpus({ text, texts }: TextValues): Promise<Corpus> {
  const told = await settingsOfText({ text, texts });
  if (!told.text) return language();
  const corpus = await readText({ domains: DOMAINS, ...told });
  const domains = corpus.domains.slice(0, DOMAINS);
  if (domains.length === DOMAINS) {
    return { ...corpus, id: `${corpus.id}: ${domains.join(", ")}`, domains };
  }
  throw new UserError(
    `Cannot read the study's text: found ${domains.length} of ${DOMAINS} domains in ` +
      `${text.join(", ")}, wanted all, as ${SYNTHETIC} has`,
  );
}

/** Share of the pre-training domain that a branch goes on reading (section 4). */
const KEPT = 0.1;

/** Weights of the domains in a phase, `stray` being the share of special text in pre-training. */
export function weightsOf(make: StudyMake, { stray }: { stray: number }): number[] {
  return Array.from({ length: DOMAINS }, (_, domain) => {
    switch (make.kind) {
      case "seed":
        return domain === 0 ? 1 - stray : stray / BRANCHES;
      case "branch":
        return domain === 0 ? KEPT : domain === make.domain ? 1 - KEPT : 0;
      default:
        return 1 / DOMAINS;
    }
  });
}

/** The text of a phase. */
export const phaseCorpus = (corpus: Corpus, make: StudyMake, told: { stray: number }): Corpus =>
  weightedCorpus(corpus, weightsOf(make, told));
