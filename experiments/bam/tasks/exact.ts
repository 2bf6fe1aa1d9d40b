/**
 * The task "exact": tokens that the process of a domain determines, such as the copy of a word, changed in
 * the domain's own way. A question is a run of a few of them; it is answered rightly where the likeliest
 * token is the right one at each, the ones before being given. Only of texts whose process is known.
 *
 * @module
 */
import type { Corpus } from "../../../core/train/data/corpus.ts";
import type { Trainer } from "../../../core/train/trainer.ts";
import { split } from "../../../kernels/mod.ts";
import type { TaskFigures } from "../figures.ts";
import type { TaskOptions } from "./cloze.ts";
import { batchOfTexts } from "./texts.ts";

/** A run of tokens in a text. */
export interface ExactSpan {
  /** Place of the first one, 1 or more. */
  at: number;
  /** How many, 2 to 4. */
  tokens: number;
}

/** A token counts as determined whose cost, nats, is at most so much. */
const DETERMINED = 0.02;
const spans = { least: 2, most: 4 } as const;
/** Tokens before the first question: enough to tell the domain. */
const LEAD = 16;

/** The first tokens of each run whose costs say that they are determined, behind the lead. */
export function exactSpans(costs: ArrayLike<number>): ExactSpan[] {
  const found: ExactSpan[] = [];
  let at = LEAD;
  while (at < costs.length) {
    let end = at;
    while (end < costs.length && costs[end] <= DETERMINED) end++;
    const whole = end - at >= spans.least;
    if (whole) found.push({ at, tokens: Math.min(spans.most, end - at) });
    at = Math.max(end, at + 1);
  }
  return found;
}

/** The likeliest id of a row of logits. */
function bestOf(logits: Float32Array): number {
  let best = 0;
  logits.forEach((logit, id) => {
    if (logit > logits[best]) best = id;
  });
  return best;
}

/**
 * Asks a model about `count` texts; a batch of them costs a wait.
 *
 * @returns undefined where the process of the texts is not known.
 */
export async function askExact(
  model: Pick<Trainer, "logits">,
  corpus: Corpus,
  { domain, count, sequences, length, seed }: TaskOptions,
): Promise<TaskFigures | undefined> {
  const { costs } = corpus;
  if (!costs) return undefined;
  const texts = Array.from({ length: count }, (_, i) => {
    const stream = split(seed, `exact/${domain}/${i}`);
    return corpus.draw(domain, { length: length + 1, part: "held-out", stream });
  });
  const tally = { right: 0, asked: 0, chance: 0 };
  for (let first = 0; first < count; first += sequences) {
    const part = texts.slice(first, first + sequences);
    const logits = await model.logits(batchOfTexts(part, { sequences, length, tag: domain }));
    const width = logits.length / (sequences * length);
    part.forEach((text, s) => {
      // The logits of a token stand in the row of the one before.
      const guess = (t: number) => {
        const row = s * length + t - 1;
        return bestOf(logits.subarray(row * width, (row + 1) * width));
      };
      for (const { at, tokens } of exactSpans(costs(domain, text))) {
        const places = Array.from({ length: tokens }, (_, i) => at + i);
        tally.asked++;
        tally.chance += corpus.vocabulary ** -tokens;
        if (places.every((t) => guess(t) === text[t])) tally.right++;
      }
    });
  }
  const chance = tally.asked > 0 ? tally.chance / tally.asked : 0;
  return { kind: "exact", domain: corpus.domains[domain], ...tally, chance };
}
