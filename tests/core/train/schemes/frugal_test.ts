/** Which experts are asked, nearest rows, and a fuser on the host against the device. */
import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { programGradientError } from "../../../../core/programs/program_gradient.ts";
import { createProgramTrainer } from "../../../../core/programs/program_trainer.ts";
import {
  barredOf,
  expertSets,
  frugalOrder,
  fusedLosses,
  fuserProgram,
  heardOf,
  heardTogether,
  nearestRows,
  nextExpert,
  schemeById,
  togetherRecipes,
} from "../../../../core/train/schemes/mod.ts";
import { split } from "../../../../kernels/base/random.ts";
import { withDevice } from "../../../kernels/compare.ts";

Deno.test("sets of experts are in the order of their numbers", () => {
  assertEquals(expertSets(2), [[], [0], [1], [0, 1]]);
  assertEquals(expertSets(4).length, 16);
  assertThrows(() => expertSets(13), RangeError, "all sets of 13 experts: wanted a whole");
});

/** Losses of all sets of four experts, by number: more experts are never worse. */
const setLosses = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  ...{ minLength: 16, maxLength: 16 },
}).map((worth) =>
  expertSets(4).map((set) => 10 - set.reduce((sum, e) => sum + worth[e] + worth[4 + e] ** 2, 0))
);

const numberOf = (set: readonly number[]) => set.reduce((sum, e) => sum + 2 ** e, 0);

/** Asks until nothing is worth its price. */
function askAll(lossOf: (asked: readonly number[]) => number, price: readonly number[]) {
  const asked: number[] = [];
  for (;;) {
    const next = nextExpert(expertSets(4), { asked, lossOf, price });
    if (next === undefined) return asked;
    assert(!asked.includes(next));
    asked.push(next);
  }
}

Deno.test("where losses are known, steps towards the best set end in it", () => {
  fc.assert(
    fc.property(setLosses, fc.double({ min: 0.01, max: 1, noNaN: true }), (losses, each) => {
      const price = [each, each, each, each];
      const lossOf = (asked: readonly number[]) => losses[numberOf(asked)];
      const costOf = (set: readonly number[]) => lossOf(set) + each * set.length;
      const least = Math.min(...expertSets(4).map(costOf));
      assertAlmostEquals(costOf(askAll(lossOf, price)), least, 1e-9);
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("two experts that are worth it together alone are asked by who looks ahead", () => {
  const lossOf = (asked: readonly number[]) => asked.includes(1) && asked.includes(3) ? 0 : 1;
  const price = [0.1, 0.1, 0.1, 0.1];
  assertEquals(askAll(lossOf, price), [1, 3]);
  assertEquals(frugalOrder(4, { lossOf, price }), []);
});

Deno.test("nearest rows are those of a full sort", () => {
  const row = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 2, maxLength: 2 });
  fc.assert(
    fc.property(row, fc.array(row, { minLength: 5, maxLength: 30 }), (one, others) => {
      const apart = (i: number) => (others[i][0] - one[0]) ** 2 + (others[i][1] - one[1]) ** 2;
      const wanted = others.map((_, i) => i).sort((a, b) => apart(a) - apart(b) || a - b);
      const found = nearestRows({ data: one, width: 2 }, {
        ...{ row: 0, among: { data: others.flat(), width: 2 }, count: 5 },
      });
      assertEquals(found, wanted.slice(0, 5));
    }),
    { seed: 1, numRuns: 200 },
  );
  const among = { data: [0, 1], width: 2 };
  assertThrows(() => nearestRows(among, { row: 0, among, count: 2 }), RangeError, "among 1 rows");
});

const sizes = { experts: 3, vocabulary: 4, tokens: 8, hidden: 6 };

/** Three experts that say anything, of whom some are asked of each token. */
function anything() {
  const stream = split(3, "anything");
  const { experts, vocabulary, tokens } = sizes;
  const predictions: number[] = [];
  const losses_TE: number[] = [];
  const targets = Array.from({ length: tokens }, () => stream.int(0, vocabulary - 1));
  for (const target of targets) {
    for (let e = 0; e < experts; e++) {
      const row = Array.from({ length: vocabulary }, () => 0.1 + stream.uniform());
      const sum = row.reduce((a, b) => a + b);
      predictions.push(...row.map((p) => p / sum));
      losses_TE.push(-Math.log(row[target] / sum));
    }
  }
  const told = losses_TE.map(() => stream.normal());
  const asked = [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2], [1]];
  return { predictions, losses_TE, targets, told, asked };
}

Deno.test(
  "a fuser of any experts, told of each: gradient by differences, and losses as on the host",
  withDevice(async (_, device) => {
    const { predictions, losses_TE, targets, told, asked } = anything();
    const { experts, vocabulary } = sizes;
    const there = losses_TE.map((_, i) => asked[Math.floor(i / experts)].includes(i % experts));
    const batch = {
      predictions: predictions.map((p, i) => there[Math.floor(i / vocabulary)] ? p : 0),
      ...{ told: told.map((one, i) => there[i] ? one : 0), targets },
      chances: losses_TE.map((loss) => Math.exp(-loss)),
      barred: barredOf(there.map(Number)),
    };
    const program = fuserProgram({ ...sizes, gives: "experts", told: true, some: true });
    const found = await programGradientError(device, program, { seed: 1, batch, directions: 3 });
    assertLess(found!.error, 1e-3);
    assertEquals(new Set(found!.derivatives.map(({ name }) => name.split(" ")[0])).size, 3);
    assertLess(1e-4, Math.max(...found!.derivatives.map(({ device }) => Math.abs(device))));

    const trainer = createProgramTrainer(device, program, { seed: 1 });
    for (let step = 0; step < 5; step++) trainer.step(batch, { rate: 3e-2 });
    const { figures: { each } } = await trainer.run(batch);
    const { first, telling, second } = await trainer.values();
    trainer.close();
    const heard = heardOf({ predictions, told }, { ...sizes, first, telling });
    asked.forEach((set, t) => {
      const together_TH = heardTogether(heard, set);
      const losses = fusedLosses(set, { ...sizes, second, together_TH, losses_TE });
      assertAlmostEquals(losses[t], each[t], 1e-4, `token ${t}`);
      if (set.length === 1) assertAlmostEquals(losses[t], losses_TE[t * experts + set[0]], 1e-9);
    });
    const none = { ...sizes, second, together_TH: heard[0], losses_TE };
    assertThrows(() => fusedLosses([], none), RangeError, "no experts asked");
  }),
);

Deno.test(
  "experts as classes: a fuser of as many classes, with the gradient of differences",
  withDevice(async (_, device) => {
    const { predictions } = anything();
    const program = fuserProgram({ ...sizes, gives: "classes", classes: 3 });
    assertEquals(program.parameters.second.shape, [6, 3]);
    const batch = { predictions, targets: [0, 1, 2, 0, 1, 2, 0, 1] };
    const found = await programGradientError(device, program, { seed: 2, batch });
    assertLess(found!.error, 1e-3);
  }),
);

Deno.test("ways of which no model comes are no schemes, and say what runs them", () => {
  assertEquals(togetherRecipes.map(({ id }) => id), ["btm-ensemble", "foe", "foe-frugal"]);
  for (const { id, idea, arxiv } of togetherRecipes) {
    assert(idea.endsWith(".") && /^\d{4}\.\d{5}$/.test(arxiv!), id);
    assertThrows(
      () => schemeById(id),
      TypeError,
      `Cannot make one model by ${id}: found models that stay several`,
    );
  }
});
