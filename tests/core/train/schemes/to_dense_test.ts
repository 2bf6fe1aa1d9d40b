/** Experts to a dense model: singular values, the four gatherings, pruning, averaging, distillation. */
import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { recipeById } from "../../../../core/gates/recipes.ts";
import { hostMatrix } from "../../../../core/arrays/host_matrix.ts";
import { surrogateGradient } from "../../../../core/arrays/central_differences.ts";
import { denseBlock, denseBlockTensors } from "../../../../core/programs/decoder_parts.ts";
import { programGradientError } from "../../../../core/programs/program_gradient.ts";
import { createProgramTrainer } from "../../../../core/programs/program_trainer.ts";
import {
  distilledDecoder,
  distilledLosses,
  gatherExperts,
  keepOneExpert,
  newWeights,
  ofRank,
  pruneExperts,
  schemeById,
  shareExperts,
  singularValues,
  studentOf,
  upcycle,
  type WeightedModel,
} from "../../../../core/train/schemes/mod.ts";
import { gathered } from "../../../../core/train/schemes/gather.ts";
import { expertAt } from "../../../../core/train/schemes/networks.ts";
import { normals, split } from "../../../../kernels/base/random.ts";
import { withDevice } from "../../../kernels/compare.ts";
import { smallMoe } from "../../nn/small_models.ts";
import { smallDense } from "./small_dense.ts";

const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 9 }),
  columns: fc.integer({ min: 1, max: 9 }),
  seed: fc.integer({ min: 1, max: 999 }),
});

Deno.test("singular vectors are at right angles and give the matrix back; ranks come nearest", () => {
  fc.assert(
    fc.property(sizes, ({ rows, columns, seed }) => {
      const a = normals(split(seed, "matrix"), rows * columns);
      const { u, s, v } = singularValues(a, { rows, columns });
      const square = a.reduce((sum, x) => sum + x * x, 0);
      assertAlmostEquals(s.reduce((sum, x) => sum + x * x, 0), square, 1e-8 * square);
      s.slice(1).forEach((x, i) => assert(x <= s[i] + 1e-12));
      v.forEach((one, i) =>
        v.forEach((other, j) => {
          const dot = one.reduce((sum, x, k) => sum + x * other[k], 0);
          assertAlmostEquals(dot, i === j ? 1 : 0, 1e-10);
        })
      );
      assertEquals(u.length, columns);
      ofRank(a, { rows, columns, rank: columns }).forEach((x, i) =>
        assertAlmostEquals(x, a[i], 1e-10)
      );
      // Eckart and Young: what is left out is the sum of the squares of the other singular values.
      const near = ofRank(a, { rows, columns, rank: 1 });
      const left = near.reduce((sum, x, i) => sum + (x - a[i]) ** 2, 0);
      assertAlmostEquals(left, s.slice(1).reduce((sum, x) => sum + x * x, 0), 1e-8 * square);
    }),
    { seed: 1, numRuns: 60 },
  );
});

const sparse = newWeights(smallMoe(), { seed: 2 });

/** A number of the first layer's dense network. */
const up = ({ weights }: WeightedModel, i: number) => weights["layers.0.ffn.up"].data[i];

Deno.test("gatherings: sums, means, the largest units, and low ranks of all experts", () => {
  const experts = Array.from({ length: 4 }, (_, expert) => expertAt(sparse, { layer: 0, expert }));
  const sum = gatherExperts(sparse, { kind: "sum" });
  const average = gatherExperts(sparse, { kind: "average" });
  for (const i of [0, 7, 300]) {
    const wanted = experts.reduce((all, one) => all + one.up[i], 0);
    assertAlmostEquals(up(sum, i), wanted, 1e-5);
    assertAlmostEquals(up(average, i), wanted / 4, 1e-6);
  }
  assertEquals(average.model.moe, undefined);
  assertEquals(average.model.ffn, { width: 12, activation: "swiglu", bias: false });
  assertEquals(average.weights["layers.1.ffn.norm"], sparse.weights["layers.1.moe.norm"]);

  // One unit of the third expert is made the largest: it is taken, and so are two more of it.
  const large = experts.map((one, e) => ({
    ...one,
    down: one.down.map((w, i) => e === 2 && Math.floor(i / 24) === 5 ? 9 * w : w),
  }));
  const best = gathered(large, { kind: "top-k" });
  assertEquals(best.units, 12);
  const rows = Array.from(
    { length: 12 },
    (_, i) => best.down.subarray(i * 24, (i + 1) * 24).join(),
  );
  assert(rows.includes(large[2].down.subarray(5 * 24, 6 * 24).join()));
  const ofExpert = large.map((one) =>
    rows.filter((row) =>
      Array.from({ length: 12 }, (_, i) => one.down.subarray(i * 24, (i + 1) * 24).join())
        .includes(row)
    ).length
  );
  assertEquals(ofExpert, [3, 3, 3, 3]);

  const full = gathered(experts, { kind: "svd", rank: 12 });
  const added = gathered(experts, { kind: "sum" });
  full.up.forEach((w, i) => assertAlmostEquals(w, added.up[i], 1e-5));
  const low = gathered(experts, { kind: "svd" });
  const apart = low.down.reduce((s, w, i) => s + (w - added.down[i]) ** 2, 0);
  assertLess(1e-3, apart);
});

Deno.test("the most used experts are kept, with their columns of the router", () => {
  const counts = [[1, 9, 4, 9], [5, 0, 0, 6]];
  const pruned = pruneExperts(sparse, { keep: 2, counts });
  assertEquals([pruned.model.moe?.experts, pruned.model.moe?.topK], [2, 2]);
  const bank = (of: WeightedModel, layer: number, expert: number) =>
    expertAt(of, { layer, expert }).down;
  assertEquals(bank(pruned, 0, 0), bank(sparse, 0, 1));
  assertEquals(bank(pruned, 0, 1), bank(sparse, 0, 3));
  assertEquals(bank(pruned, 1, 0), bank(sparse, 1, 0));
  const router = (of: WeightedModel) => of.weights["layers.1.moe.router"].data;
  assertEquals(router(pruned).length, 48);
  assertEquals([router(pruned)[14], router(pruned)[15]], [router(sparse)[28], router(sparse)[31]]);
  const one = keepOneExpert(sparse, { counts });
  assertEquals(one.weights["layers.0.ffn.down"].data, bank(sparse, 0, 1));
  assertEquals(one.weights["layers.1.ffn.down"].data, bank(sparse, 1, 3));
  // Above half of an even share: 9 and 4 and 9 of 23, then 5 and 6 of 11.
  const { model: task } = schemeById("moduleformer").apply([sparse], { seed: 1, counts });
  assertEquals(task.moe?.experts, 3);
  const all = pruneExperts(sparse, { keep: 4, counts });
  assertEquals(all.weights, sparse.weights, "with all of them it is the model");
});

Deno.test("drawn together, experts keep their mean and come nearer to each other", () => {
  const spread = (of: WeightedModel) => {
    const [a, b] = [0, 3].map((expert) => expertAt(of, { layer: 1, expert }).up);
    return a.reduce((sum, w, i) => sum + (w - b[i]) ** 2, 0);
  };
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
      const drawn = shareExperts(sparse, { share });
      const mean = gatherExperts(sparse, { kind: "average" });
      const after = gatherExperts(drawn, { kind: "average" });
      for (const i of [0, 5, 500]) assertAlmostEquals(up(after, i), up(mean, i), 1e-6);
      // Differences shrink by 1 - share E / (E - 1).
      const by = (1 - 4 / 3 * share) ** 2;
      assertAlmostEquals(spread(drawn), by * spread(sparse), 1e-4 * spread(sparse));
    }),
    { seed: 1, numRuns: 20 },
  );
});

Deno.test("a student has its teacher's weights outside the experts", () => {
  const { model, weights } = studentOf(sparse, { seed: 4, ffn: { width: 10 } });
  assertEquals(model.ffn?.width, 10);
  assertEquals(weights["layers.0.attention.q"], sparse.weights["layers.0.attention.q"]);
  assertEquals(weights["layers.0.ffn.down"].shape, [10, 24]);
  assert(weights["layers.0.ffn.down"].data.some((w) => w !== 0));
});

Deno.test("the loss of distillation: its value by hand, its gradient, and none for the teacher", () => {
  const logits = hostMatrix([2, 3], [0.5, -1, 2, 0.1, 0.3, -0.4]);
  const teacher = hostMatrix([2, 3], [1, 0, 1, -1, 2, 0]);
  const { value, gradients } = surrogateGradient(
    (g, { logits, teacher }) => {
      const targets = g.indices("targets", [2, 1], () => [2, 0]);
      return g.total(distilledLosses(g, logits, { teacher, targets }));
    },
    { logits, teacher },
    { seed: 1 },
  );
  const softmax = (row: number[]) => {
    const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
    return row.map((x) => Math.exp(x) / total);
  };
  const rows = [0, 1].map((t) => ({
    p: softmax([...logits.data.slice(3 * t, 3 * t + 3)]),
    q: softmax([...teacher.data.slice(3 * t, 3 * t + 3)]),
    target: [2, 0][t],
  }));
  const wanted = rows.reduce((sum, { p, q, target }) =>
    sum - 0.75 * Math.log(p[target]) -
    0.25 * q.reduce((all, chance, v) => all + chance * Math.log(p[v]), 0), 0);
  assertAlmostEquals(value, wanted, 1e-12);
  rows.forEach(({ p, q, target }, t) =>
    p.forEach((chance, v) =>
      assertAlmostEquals(
        gradients.logits[3 * t + v],
        chance - 0.25 * q[v] - (v === target ? 0.75 : 0),
        1e-6,
      )
    )
  );
  assertEquals([...gradients.teacher], [0, 0, 0, 0, 0, 0]);
});

Deno.test(
  "a student learns what its teacher says beside the text",
  withDevice(async (_, device) => {
    const sizes = {
      ...{ vocabulary: 6, dModel: 8, heads: 2, hidden: 8, layers: 1, sequences: 2, length: 6 },
    };
    const program = distilledDecoder(sizes, {
      parameters: denseBlockTensors(sizes),
      blocks: (g, x, { w }) => ({ x: denseBlock(g, x, { w, sizes }) }),
    }, { share: 1 });
    const tokens = Uint32Array.from({ length: 12 }, (_, t) => t % 3);
    // The text says 5 throughout, the teacher the next of three: alone the teacher is listened to.
    const teacher = Float32Array.from(
      { length: 12 * 6 },
      (_, i) => i % 6 === (Math.floor(i / 6) + 1) % 3 ? 6 : 0,
    );
    const batch = { tokens, targets: tokens.map(() => 5), teacher };
    const found = await programGradientError(device, program, { seed: 1, batch });
    assert(found);
    assertLess(found.error, 1e-3);
    const trainer = createProgramTrainer(device, program, { seed: 1 });
    for (let step = 0; step < 30; step++) trainer.step(batch, { rate: 1e-2 });
    const { figures: text } = await trainer.run(batch);
    const { figures: taught } = await trainer.run({
      ...batch,
      targets: tokens.map((id) => (id + 1) % 3),
    });
    trainer.close();
    assertLess(2 * taught.ofTokens[0], text.ofTokens[0]);
  }),
);

Deno.test("what has no experts to gather, or other ones, is refused", () => {
  const dense = smallDense();
  const counts = [[1, 1, 1, 1], [1, 1, 1, 1]];
  const shared = newWeights(
    smallMoe({
      moe: {
        ...{ experts: 4, topK: 2, width: 12, activation: "swiglu" },
        shared: { count: 1, width: 8 },
      },
    }),
    { seed: 1 },
  );
  const some = upcycle(dense, { experts: 2, topK: 1, seed: 1, layers: [0] });
  const mixed = { ...some, model: { ...some.model, ffn: { ...some.model.ffn!, width: 24 } } };
  assertEquals(gatherExperts(mixed, { kind: "average" }).model.ffn?.width, 24);
  const cosine = newWeights(smallMoe(), { seed: 1, recipe: recipeById("x-moe-softmax") });
  const { "layers.0.moe.router": _, "layers.1.moe.router": __, ...others } = sparse.weights;
  const refused: [() => unknown, message: string][] = [
    [() => gatherExperts(dense, { kind: "sum" }), "found dense networks, wanted routed experts"],
    [() => gatherExperts(shared, { kind: "sum" }), "found shared experts, wanted routed experts"],
    [() => studentOf(mixed, { seed: 1, ffn: { width: 8 } }), "found dense layers of 24 units"],
    [() => pruneExperts(sparse, { keep: 5, counts }), "Cannot keep 5 of 4 experts: wanted 1 to 4"],
    [
      () => pruneExperts(sparse, { keep: 2, counts: [[1, 2]] }),
      "found counts of 2 experts, wanted 4, 4 by layer",
    ],
    [
      () =>
        pruneExperts({ model: sparse.model, weights: { ...others, ...cosine.weights } }, {
          ...{ keep: 2, counts },
        }),
      "wanted a linear router alone",
    ],
    [() => shareExperts(sparse, { share: 2 }), "wanted 2 or more, and a share of 0 to 1"],
  ];
  for (const [make, message] of refused) assertThrows(make, TypeError, message);
});
