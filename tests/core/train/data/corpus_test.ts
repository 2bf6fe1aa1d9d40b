/** Batches: the same for a seed and a step, every domain in turn, targets that fit. */
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { batchOf } from "../../../../core/train/data/corpus.ts";
import { syntheticCorpus } from "../../../../core/train/data/synthetic.ts";
import { textCorpus } from "../../../../core/train/data/text_corpus.ts";
import { IGNORED, split } from "../../../../kernels/mod.ts";

const corpus = syntheticCorpus({ domains: 3 });
const options = { sequences: 5, length: 24, seed: 3, step: 0 };

Deno.test("a batch depends on seed, step and part, and on nothing else", () => {
  const batch = batchOf(corpus, options);
  batchOf(corpus, { ...options, step: 9 });
  assertEquals(batchOf(corpus, options), batch);
  for (const other of [{ seed: 4 }, { step: 1 }, { part: "held-out" as const }]) {
    assertNotEquals(batchOf(corpus, { ...options, ...other }).ids, batch.ids);
  }
});

Deno.test("each round of as many sequences as domains has every domain once", () => {
  const tags = Array.from({ length: 6 }, (_, step) => {
    const batch = batchOf(corpus, { ...options, step });
    return Array.from({ length: 5 }, (_, s) => batch.tags[s * options.length]);
  }).flat();
  for (let round = 0; round < 30; round += 3) {
    assertEquals(tags.slice(round, round + 3).sort(), [0, 1, 2]);
  }
  assert(new Set([0, 3, 6, 9, 12].map((at) => tags[at])).size > 1, "the order is always the same");
});

Deno.test("targets follow, and what came before leads, within each sequence", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 20 }),
      (sequences, length) => {
        const { ids, targets, before, tags } = batchOf(corpus, { ...options, sequences, length });
        for (let t = 0; t < ids.length; t++) {
          const first = t % length === 0;
          assertEquals(before[t], first ? ids[t] : ids[t - 1]);
          if (!first) assertEquals([targets[t - 1], tags[t]], [ids[t], tags[t - 1]]);
        }
      },
    ),
    { seed: 1, numRuns: 30 },
  );
});

Deno.test("a mask hides 15 % of each sequence, and only that is predicted", () => {
  const length = 40;
  const masked = batchOf(corpus, { ...options, length, objective: "masked" });
  const plain = batchOf(corpus, { ...options, length });
  let hidden = 0;
  for (let t = 0; t < masked.ids.length; t++) {
    const isHidden = masked.ids[t] === corpus.mask;
    assertEquals(masked.targets[t], isHidden ? plain.ids[t] : IGNORED);
    if (!isHidden) assertEquals(masked.ids[t], plain.ids[t]);
    if (isHidden) hidden++;
  }
  assertEquals(hidden, 6 * options.sequences);
  assertNotEquals(
    masked.targets,
    batchOf(corpus, { ...options, length, step: 1, objective: "masked" }).targets,
  );
});

Deno.test("an empty batch is refused", () => {
  const refused = assertThrows(() => batchOf(corpus, { ...options, length: 0 }), RangeError);
  assertEquals(
    refused.message,
    "Cannot make a batch: found 5 sequences of 0 tokens, wanted 1 or more",
  );
});

Deno.test("held-out text is never trained on: whole documents, or the end of the only one", () => {
  const documents = Array.from({ length: 20 }, (_, i) => String.fromCharCode(97 + i).repeat(50));
  const texts = textCorpus("letters", [
    { name: "many", documents },
    { name: "one", documents: ["a".repeat(90) + "z".repeat(10)] },
  ]);
  const seen = (domain: number, part: "training" | "held-out") => {
    const stream = split(1, "look");
    const drawn = Array.from(
      { length: 200 },
      () => String.fromCharCode(...texts.draw(domain, { length: 5, part, stream })),
    );
    return [...new Set(drawn.join("").replaceAll("\n", ""))].sort().join("");
  };
  assertEquals(seen(0, "held-out"), "jt");
  assertEquals(seen(0, "training"), "abcdefghiklmnopqrs");
  assertEquals([seen(1, "held-out"), seen(1, "training")], ["z", "a"]);
});

Deno.test("a domain without text, or with too little, is refused by its name", () => {
  const empty = assertThrows(() => textCorpus("c", [{ name: "none", documents: [] }]), TypeError);
  assertEquals(empty.message, "Cannot make the corpus c: found no text in the domain none");
  const short = textCorpus("c", [{ name: "short", documents: ["x".repeat(50)] }]);
  const stream = split(1, "s");
  const refused = assertThrows(
    () => short.draw(0, { length: 6, part: "held-out", stream }),
    TypeError,
  );
  assertEquals(
    refused.message,
    "Cannot draw 6 tokens of short: found 5 bytes of held-out text; shorter sequences work",
  );
});
