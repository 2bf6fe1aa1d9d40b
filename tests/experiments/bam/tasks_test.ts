/** Tasks: who knows the process answers well, who guesses as chance says, who errs not at all. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Corpus, TrainingBatch } from "../../../core/train/data/corpus.ts";
import { studyCorpus } from "../../../experiments/bam/domains.ts";
import { askCloze, CHOICES, clozeQuestion, SPAN } from "../../../experiments/bam/tasks/cloze.ts";
import { askExact, exactSpans } from "../../../experiments/bam/tasks/exact.ts";
import { IGNORED, split } from "../../../kernels/mod.ts";

const corpus = await studyCorpus({ text: ["synthetic"], texts: "." });
const options = { domain: 1, count: 40, sequences: 8, length: 48, seed: 1 };
const { length } = options;

/** Sequences of a batch with the token after their last. */
function textsOf({ ids, targets }: TrainingBatch): Uint32Array[] {
  const starts = Array.from({ length: ids.length / length }, (_, s) => s * length);
  return starts.map((at) =>
    Uint32Array.of(...ids.subarray(at, at + length), targets[at + length - 1])
  );
}

/** A model that gives each predicted token a loss. */
const modelOf = (lossesOf: (text: Uint32Array) => ArrayLike<number>) => ({
  evaluate(batch: TrainingBatch) {
    const losses_T = Float32Array.from(
      textsOf(batch).flatMap((text) => Array.from(lossesOf(text)).slice(1)),
      (loss, t) => batch.targets[t] === IGNORED ? 0 : Math.min(loss, 99),
    );
    return Promise.resolve({ losses_T, layers: [] });
  },
});

Deno.test("cloze: the ways to go on differ in their last tokens alone, and repeat", () => {
  for (let question = 0; question < 10; question++) {
    const texts = clozeQuestion(corpus, { ...options, question });
    assertEquals(texts.length, CHOICES);
    assertEquals(new Set(texts.map((text) => text.slice(0, -SPAN).join())).size, 1);
    assertEquals(new Set(texts.map((text) => text.join())).size, CHOICES);
    assertEquals(clozeQuestion(corpus, { ...options, question }), texts);
    // The real one is a text of the domain, from its beginning on.
    assert(corpus.costs!(1, texts[0]).every(Number.isFinite));
  }
});

Deno.test("cloze: the process itself nearly always knows, a stream of numbers as often as chance", async () => {
  const knows = await askCloze(modelOf((text) => corpus.costs!(1, text)), corpus, options);
  assertEquals([knows.kind, knows.domain, knows.asked], ["cloze", "reversed", 40]);
  assert(knows.right >= 34, `${knows.right} of 40`);
  const stream = split(1, "guesses");
  const guesses = modelOf((text) => Float32Array.from(text, () => stream.uniform()));
  const { right, asked, chance } = await askCloze(guesses, corpus, { ...options, count: 400 });
  assertEquals(chance, 1 / CHOICES);
  // Four standard deviations of a binomial.
  assert(Math.abs(right / asked - chance) < 4 * Math.sqrt(chance * (1 - chance) / asked));
  // Who sees no difference has not chosen.
  assertEquals((await askCloze(modelOf((text) => text.map(() => 1)), corpus, options)).right, 0);
});

Deno.test("exact: spans are runs of determined tokens behind the lead, cut to four", () => {
  const costs = Array.from({ length: 40 }, () => 1);
  const run = (from: number, to: number) => costs.fill(0, from, to);
  run(3, 6);
  run(20, 21);
  run(24, 26);
  run(30, 36);
  assertEquals(exactSpans(costs), [{ at: 24, tokens: 2 }, { at: 30, tokens: 4 }]);
  assertEquals(exactSpans(costs.map(() => 0)), [{ at: 16, tokens: 4 }]);
});

/** Logits that point at a token for each place of a batch. */
const pointing = (next: (batch: TrainingBatch, t: number) => number) => ({
  logits(batch: Pick<TrainingBatch, "ids" | "targets">) {
    const logits = new Float32Array(batch.ids.length * corpus.vocabulary);
    for (let t = 0; t < batch.ids.length; t++) {
      logits[t * corpus.vocabulary + next(batch as TrainingBatch, t)] = 1;
    }
    return Promise.resolve(logits);
  },
});

Deno.test("exact: who knows all answers all, who repeats the last token nearly none", async () => {
  const knows = (await askExact(pointing(({ targets }, t) => targets[t]), corpus, options))!;
  assert(knows.asked > 40);
  assertEquals([knows.right, knows.kind], [knows.asked, "exact"]);
  assert(knows.chance > 0 && knows.chance <= corpus.vocabulary ** -2);
  const repeats = (await askExact(pointing(({ ids }, t) => ids[t]), corpus, options))!;
  assertEquals(repeats.asked, knows.asked);
  assert(repeats.right < 0.1 * repeats.asked);
  // One wrong token in a text spoils one question at most.
  const errs = (await askExact(
    pointing(({ targets }, t) => t % length === length - 1 ? 0 : targets[t]),
    corpus,
    options,
  ))!;
  assert(errs.right < errs.asked && errs.right > 0.7 * errs.asked);
});

Deno.test("exact: a text whose process nobody knows has no such questions", async () => {
  const { costs: _, ...unknown }: Corpus = corpus;
  assertEquals(await askExact(pointing(() => 0), unknown, options), undefined);
  const other = await askExact(pointing(() => 0), corpus, { ...options, domain: 2 });
  assertNotEquals(other, undefined);
});
