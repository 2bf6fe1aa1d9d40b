/**
 * The task "cloze": a held-out text whose last tokens are taken away, and a few ways to go on, of which
 * one is the text's own. The others are what follows elsewhere in the same domain. A model takes the way
 * that it finds likeliest. (In the manner of HellaSwag, arXiv 1905.07830, without its adversary.)
 *
 * @module
 */
import type { Corpus } from "../../../core/train/data/corpus.ts";
import type { Evaluable } from "../../../core/train/evaluate.ts";
import { IGNORED, split } from "../../../kernels/mod.ts";
import type { TaskFigures } from "../figures.ts";
import { batchOfTexts } from "./texts.ts";

/** Ways to go on, the right one among them. */
export const CHOICES = 4;
/** Tokens of a way to go on. */
export const SPAN = 8;
/** How often a wrong way is drawn again that is the right one by chance. */
const REDRAWS = 20;

/** How much is asked. */
export interface TaskOptions {
  /** The domain. */
  domain: number;
  /** Questions for "cloze", texts for "exact". */
  count: number;
  /** Sequences of a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** Seed of the text. */
  seed: number;
}

/** The texts of a question [CHOICES], `length` + 1 tokens each; the first is the real one. */
export function clozeQuestion(
  corpus: Corpus,
  { domain, length, seed, question }: Omit<TaskOptions, "count" | "sequences"> & {
    question: number;
  },
): Uint32Array[] {
  const draw = (name: string) =>
    corpus.draw(domain, {
      ...{ length: length + 1, part: "held-out" },
      stream: split(seed, `cloze/${domain}/${question}/${name}`),
    });
  const real = draw("real");
  const at = real.length - SPAN;
  const ending = (text: Uint32Array) => text.subarray(at).join();
  const taken = new Set([ending(real)]);
  const others = Array.from({ length: CHOICES - 1 }, (_, choice) => {
    const text = real.slice();
    for (let again = 0; again < REDRAWS; again++) {
      text.set(draw(`${choice}/${again}`).subarray(at), at);
      if (!taken.has(ending(text))) break;
    }
    taken.add(ending(text));
    return text;
  });
  return [real, ...others];
}

/** Asks a model; a batch of questions costs a wait. */
export async function askCloze(
  model: Evaluable,
  corpus: Corpus,
  options: TaskOptions,
): Promise<TaskFigures> {
  const { domain, count, sequences, length } = options;
  const texts = Array.from(
    { length: count },
    (_, question) => clozeQuestion(corpus, { ...options, question }),
  ).flat();
  const costs: number[] = [];
  for (let at = 0; at < texts.length; at += sequences) {
    const part = texts.slice(at, at + sequences);
    const batch = batchOfTexts(part, { sequences, length, tag: domain });
    for (let s = 0; s < sequences; s++) {
      batch.targets.fill(IGNORED, s * length, (s + 1) * length - SPAN);
    }
    const { losses_T } = await model.evaluate(batch);
    part.forEach((_, s) =>
      costs.push(
        losses_T.subarray((s + 1) * length - SPAN, (s + 1) * length).reduce((a, b) => a + b),
      )
    );
  }
  const isRight = (_: unknown, question: number) => {
    const [real, ...others] = costs.slice(question * CHOICES, (question + 1) * CHOICES);
    return others.every((other) => real < other);
  };
  const right = Array.from({ length: count }, isRight).filter(Boolean).length;
  return {
    kind: "cloze",
    domain: corpus.domains[domain],
    ...{ right, asked: count, chance: 1 / CHOICES },
  };
}
