/** Compressed experts, dropped blocks, common units, and a fuser of several models. */
import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createProgramTrainer } from "../../../../core/programs/program_trainer.ts";
import { programGradientError } from "../../../../core/programs/program_gradient.ts";
import {
  dropBlocks,
  frugalOrder,
  fuserProgram,
  importantUnits,
  networkAt,
  newWeights,
  slimExperts,
  unitSizes,
} from "../../../../core/train/schemes/mod.ts";
import { split } from "../../../../kernels/base/random.ts";
import { withDevice } from "../../../kernels/compare.ts";
import { smallMoe } from "../../nn/small_models.ts";
import { smallDense } from "./small_dense.ts";

const sparse = newWeights(smallMoe(), { seed: 2 });

Deno.test("slimmed experts lose their smallest weights, each its share, and nothing else changes", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.95, noNaN: true }), (share) => {
      const { weights } = slimExperts(sparse, { share });
      for (const [name, { data }] of Object.entries(sparse.weights)) {
        const made = weights[name].data;
        if (!/moe\.(up|down)$/.test(name)) {
          assertEquals(made, data);
          continue;
        }
        const size = data.length / 4;
        for (let e = 0; e < 4; e++) {
          const [own, was] = [made, data].map((all) => all.subarray(e * size, (e + 1) * size));
          const gone = was.filter((_, i) => own[i] === 0);
          assertEquals(gone.length, Math.round(share * size));
          const least = Math.min(...own.filter((w) => w !== 0).map(Math.abs));
          assert(gone.every((w) => Math.abs(w) <= least));
        }
      }
    }),
    { seed: 1, numRuns: 10 },
  );
  assertThrows(() => slimExperts(sparse, { share: 1 }), TypeError, "wanted 0 or more, below 1");
  assertThrows(() => slimExperts(smallDense(), { share: 0.5 }), TypeError, "found dense networks");
});

Deno.test("blocks that change least are dropped, the others keep their order", () => {
  const { model, weights } = newWeights(smallMoe({ layers: 4 }), { seed: 3 });
  const short = dropBlocks({ model, weights }, { drop: 2, similarities: [0.9, 0.1, 0.95, 0.3] });
  assertEquals(short.model.layers, 2);
  assertEquals(short.weights["layers.0.moe.up"], weights["layers.1.moe.up"]);
  assertEquals(short.weights["layers.1.attention.q"], weights["layers.3.attention.q"]);
  assertEquals(Object.keys(short.weights).some((name) => name.startsWith("layers.2")), false);
  const refused = (drop: number, similarities: number[], message: string) =>
    assertThrows(() => dropBlocks(sparse, { drop, similarities }), TypeError, message);
  refused(1, [0.5], "found 1 similarities, wanted 2, one a block");
  refused(2, [0.5, 0.5], "found 2 to be dropped, wanted 0 to 1");
});

Deno.test("the largest units are in every group, the others in one or none", () => {
  const network = networkAt(smallDense(), 0);
  const groups = importantUnits(network, { groups: 3, share: 0.5 });
  assertEquals(groups.map(({ length }) => length), [8, 8, 8]);
  const sizes = unitSizes(network);
  const order = sizes.map((_, i) => i).sort((a, b) => sizes[b] - sizes[a]);
  for (const unit of order.slice(0, 4)) assert(groups.every((group) => group.includes(unit)));
  for (const unit of order.slice(4)) {
    assert(groups.filter((group) => group.includes(unit)).length <= 1);
  }
  assertEquals(new Set(groups.flat()).size, 4 + 3 * 4);
});

/** Two experts over three classes: the first is right about even tokens, the second about odd ones. */
function fusing(tokens: number) {
  const stream = split(1, "fusing");
  const targets = Array.from({ length: tokens }, () => stream.int(0, 2));
  const said = (t: number, right: boolean) =>
    [0, 1, 2].map((v) => v === (right ? targets[t] : (targets[t] + 1) % 3) ? 0.8 : 0.1);
  const experts = targets.map((_, t) => [said(t, t % 2 === 0), said(t, t % 2 === 1)]);
  return {
    targets,
    predictions: experts.flat(2),
    chances: experts.flatMap((both, t) => both.map((p) => p[targets[t]])),
  };
}

Deno.test(
  "a fuser of experts: its gradient, its loss by hand, and that it is better than each of them",
  withDevice(async (_, device) => {
    const sizes = { experts: 2, vocabulary: 3, tokens: 12, hidden: 8 };
    const { targets, predictions, chances } = fusing(12);
    // Each expert alone is right about half of the tokens.
    const alone = -(Math.log(0.8) + Math.log(0.1)) / 2;
    for (const gives of ["classes", "experts"] as const) {
      const program = fuserProgram({ ...sizes, gives });
      const batch = { targets, predictions, ...(gives === "experts" && { chances }) };
      const found = await programGradientError(device, program, { seed: 1, batch });
      assertLess(found!.error, 1e-3, gives);
      const trainer = createProgramTrainer(device, program, { seed: 1 });
      const { figures } = await trainer.run(batch);
      if (gives === "experts") {
        const [a, b] = [figures.said[0], figures.said[1]];
        const share = 1 / (1 + Math.exp(b - a));
        const wanted = -Math.log(share * chances[0] + (1 - share) * chances[1]);
        assertAlmostEquals(figures.each[0], wanted, 1e-5);
      }
      for (let step = 0; step < 60; step++) trainer.step(batch, { rate: 3e-2 });
      const after = (await trainer.run(batch)).figures.ofTokens[0];
      trainer.close();
      assertLess(after, gives === "classes" ? 0.5 * alone : alone, gives);
    }
  }),
);

Deno.test("a frugal order asks while the loss falls by more than the price", () => {
  const value = [0.5, 0.3, 0.05];
  const lossOf = (asked: readonly number[]) => asked.reduce((loss, e) => loss - value[e], 1);
  assertEquals(frugalOrder(3, { lossOf, price: [0.1, 0.1, 0.1] }), [0, 1]);
  assertEquals(frugalOrder(3, { lossOf, price: [0.45, 0.1, 0.02] }), [1, 0, 2]);
  assertEquals(frugalOrder(3, { lossOf, price: [1, 1, 1] }), []);
});
