/** The synthetic language: its probabilities are what it is drawn with, and domains differ. */
import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess } from "@std/assert";
import { assertThrows } from "@std/assert";
import { batchOf } from "../../../../core/train/data/corpus.ts";
import { createGrammar } from "../../../../core/train/data/grammar.ts";
import { floorOf, syntheticCorpus } from "../../../../core/train/data/synthetic.ts";
import { split } from "../../../../kernels/base/random.ts";

const alphabet = Array.from({ length: 8 }, (_, i) => 97 + i);
const text = (ids: Uint32Array) => String.fromCharCode(...ids);
const drawn = (domain: number, name: string, length: number) =>
  syntheticCorpus().draw(domain, { length, part: "training", stream: split(1, name) });

Deno.test("probabilities add up to 1, and costs are their logarithms", () => {
  let [expected, squares, cost, n] = [0, 0, 0, 0];
  for (let domain = 0; domain < 4; domain++) {
    const grammar = createGrammar(alphabet, { domain, seed: 2 });
    const stream = split(5, `walk ${domain}`);
    let state = grammar.start;
    for (let t = 0; t < 3000; t++) {
      const choices = grammar.next(state);
      assertAlmostEquals(choices.reduce((sum, [, p]) => sum + p, 0), 1, 1e-12);
      const entropy = choices.reduce((sum, [, p]) => sum - p * Math.log(p), 0);
      let rest = stream.uniform();
      const [token, p] = choices.find(([, p]) => (rest -= p) < 0) ?? choices.at(-1)!;
      expected += entropy;
      squares += (Math.log(p) + entropy) ** 2;
      cost -= Math.log(p);
      n++;
      state = grammar.advance(state, token);
    }
  }
  // Costs less their expectations are a martingale: their sum strays by the root of its squares.
  assertEquals(n, 12000);
  assertLess(Math.abs(cost - expected), 4 * Math.sqrt(squares));
});

Deno.test("what a corpus draws costs what its grammar says", () => {
  const corpus = syntheticCorpus();
  const ids = drawn(2, "costs", 400);
  const costs = corpus.costs!(2, ids);
  assert(costs.every((x) => x >= 0 && Number.isFinite(x)));
  // After `=` a copy is due: nothing is left to chance until the space behind it.
  const copy = text(ids).indexOf("=");
  const space = text(ids).indexOf(" ", copy);
  assert(copy > 0 && space - copy >= 3);
  assertEquals([...costs.slice(copy + 1, space + 1)], Array(space - copy).fill(0));
  // What a domain cannot say costs without end, there and after.
  const broken = ids.slice();
  broken[copy + 1] = 32;
  assertEquals(corpus.costs!(2, broken).slice(copy).filter(Number.isFinite).length, 1);
});

Deno.test("each domain copies words in its own way", () => {
  const changed = [
    (word: string) => word,
    (word: string) => [...word].reverse().join(""),
    (word: string) => word.slice(1) + word[0],
  ];
  changed.forEach((change, domain) => {
    const pairs = [...text(drawn(domain, "copies", 3000)).matchAll(/(\w+)=(\w+) /g)];
    assertGreater(pairs.length, 20);
    for (const [, word, copy] of pairs) assertEquals(copy, change(word));
  });
});

Deno.test("brackets close what was opened, the domain's way, and nest", () => {
  for (let domain = 0; domain < 4; domain++) {
    const open: string[] = [];
    const closing = new Map<string, string>();
    for (const mark of text(drawn(domain, "brackets", 4000))) {
      if ("(<[{".includes(mark)) open.push(mark);
      if (!")>]}".includes(mark)) continue;
      const opened = open.pop()!;
      assertEquals(closing.get(opened) ?? mark, mark);
      closing.set(opened, mark);
    }
    assertEquals([...closing.keys()].sort().join(""), "(<[{");
    assertEquals(new Set(closing.values()).size, 4);
  }
});

Deno.test("most tokens are of letters that all domains share; pairs tell domains apart", () => {
  const texts = [0, 1].map((domain) => text(drawn(domain, "letters", 6000)));
  const pairs = texts.map((one) => {
    const found = new Map<string, number>();
    for (const [, pair] of one.matchAll(/(?=([a-p]{2}))/g)) {
      found.set(pair, (found.get(pair) ?? 0) + 1);
    }
    return found;
  });
  for (const one of texts) assertGreater(one.match(/[a-p]/g)!.length / one.length, 0.5);
  assertEquals([/[C-H]/.test(texts[0]), /[ABE-H]/.test(texts[1])], [false, false]);
  const total = pairs.map((one) => [...one.values()].reduce((a, b) => a + b));
  const both = [...new Set(pairs.flatMap((one) => [...one.keys()]))];
  const apart = both.reduce(
    (sum, pair) =>
      sum +
      Math.abs((pairs[0].get(pair) ?? 0) / total[0] - (pairs[1].get(pair) ?? 0) / total[1]) / 2,
    0,
  );
  assertGreater(apart, 0.5);
});

Deno.test("the floor: knowing the domain helps a little, and only at the beginning", () => {
  const corpus = syntheticCorpus();
  const floor = (length: number) => {
    const sequences = Math.round(4000 / length);
    const batch = batchOf(corpus, { sequences, length, seed: 2, step: 0 });
    return floorOf(corpus, { ...batch, length })!;
  };
  const [short, long] = [floor(8), floor(200)];
  const gain = ({ told, inferred }: { told: number; inferred: number }) => inferred - told;
  assertGreater(gain(short), 5 * gain(long));
  assertGreater(gain(long), 0);
  assertLess(long.inferred, 2);
});

Deno.test("one domain has nothing to infer, and its floor is the mean of its costs", () => {
  const corpus = syntheticCorpus({ domains: 1 });
  const batch = batchOf(corpus, { sequences: 1, length: 50, seed: 2, step: 0 });
  const { told, inferred } = floorOf(corpus, { ...batch, length: 50 })!;
  const ids = Uint32Array.of(batch.ids[0], ...batch.targets);
  const costs = corpus.costs!(0, ids).slice(1);
  assertAlmostEquals(told, costs.reduce((a, b) => a + b) / 50, 1e-12);
  assertAlmostEquals(inferred, told, 1e-9);
});

Deno.test("a corpus that cannot be is refused", () => {
  const message = (options: Parameters<typeof syntheticCorpus>[0]) =>
    assertThrows(() => syntheticCorpus(options), TypeError).message;
  assertEquals(
    message({ domains: 9, own: 3 }),
    "Cannot make a synthetic corpus: found 3 letters of its own for each of 9 domains, " +
      "wanted at most 2",
  );
  assertEquals(
    message({ domains: 0 }),
    "Cannot make a synthetic corpus: found 0 domains, wanted 1 or more",
  );
  assertEquals(
    message({ shared: 30 }),
    "Cannot make a synthetic corpus: found 30 shared letters, wanted 4 to 26",
  );
});
