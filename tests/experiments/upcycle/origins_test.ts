/** Networks and units found by their numbers, and what a probe reads. */
import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { type HostWeights, newWeights, upcycle } from "../../../core/mod.ts";
import { expertsAt, sparseLayers, unitsOf } from "../../../core/train/schemes/networks.ts";
import { apartOf, forwardOf, lossOf } from "../../../experiments/upcycle/forward.ts";
import { originsOf } from "../../../experiments/upcycle/origins.ts";
import { blockSimilarities, layerInputs } from "../../../experiments/upcycle/probe.ts";
import { networkFinder } from "../../../experiments/upcycle/units.ts";
import { smallMoe } from "../../core/nn/small_models.ts";
import { smallDense } from "../../core/train/schemes/small_dense.ts";
import { withDevice } from "../../kernels/compare.ts";

const sparse = newWeights(smallMoe(), { seed: 2 });
const known = expertsAt(sparse, sparseLayers(sparse.model)[0])
  .map((network, index) => ({ name: `expert ${index}`, index, network }));

Deno.test("networks are found whole, in units in any order, and by what share is theirs", () => {
  const find = networkFinder(known);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 3 }),
      fc.shuffledSubarray([...Array(12).keys()], { minLength: 2 }),
      (e, ids) => {
        const { network } = known[e];
        const found = find(unitsOf(network, ids));
        const inOrder = ids.length === 12 && ids.every((id, i) => id === i);
        assertEquals(
          found,
          inOrder ? { kind: "whole", of: known[e] } : {
            ...{ kind: "units", of: [known[e]], share: 1 },
          },
        );
      },
    ),
    { seed: 1, numRuns: 50 },
  );
  const { network } = known[2];
  const half = { ...network, down: network.down.map((w, i) => i < 6 * 24 ? w + 1 : w) };
  assertEquals(find(half), { kind: "units", of: [known[2]], share: 0.5 });
  const masked = { ...network, up: network.up.map((w, i) => i % 7 === 0 ? 0 : w) };
  const found = find(masked);
  assert(found.kind === "numbers" && found.of === known[2]);
  assertAlmostEquals(found.share, 1 - 2 / 3 / 7, 0.01);
  const other = { ...network, up: network.up.map((w) => w + 1), down: network.down.map((w) => -w) };
  assertEquals(find(other), { kind: "none" });
});

Deno.test("a weight that the method did not mean to change, and has, is told", () => {
  const dense = smallDense();
  const made = upcycle(dense, { experts: 2, topK: 1, seed: 3 });
  const origins = (changed: typeof made) => originsOf({ made: changed, sources: [dense], seed: 3 });
  assertEquals(origins(made)["layers.1.attention.q"], "copied");
  assertEquals(origins(made)["layers.1.moe.router"], "new, seed 3");
  const q = made.weights["layers.1.attention.q"];
  const broken = { ...q, data: q.data.map((w, i) => i === 5 ? w + 1e-3 : w) };
  const weights = { ...made.weights, "layers.1.attention.q": broken };
  const told = origins({ ...made, weights });
  assertEquals(told["layers.1.attention.q"], "made by the method");
  assertEquals(told["layers.0.attention.q"], "copied");
  // Half of the units of either expert: the other one is whole.
  const down = made.weights["layers.1.moe.down"];
  for (const from of [0, down.data.length / 2]) {
    const half = { ...down, data: down.data.map((w, i) => hits(i - from) ? w + 1 : w) };
    const partly = { ...made, weights: { ...made.weights, "layers.1.moe.down": half } };
    assertEquals(
      origins(partly)["layers.1.moe.down"],
      "about 75 % of the units of the dense network, the rest made",
    );
  }
  function hits(i: number) {
    return i >= 0 && i < down.data.length / 4;
  }
});

Deno.test(
  "what comes out of the last block, times norm and head, are the model's logits",
  withDevice(async (_, device) => {
    // A vocabulary below the width: the probe reads in two passes.
    const dense = smallDense(1, { embedding: { vocab: 20, tied: false } });
    const { model, weights } = dense;
    const ids = Uint32Array.from({ length: 12 }, (_, t) => (7 * t) % 20);
    const { logits } = await forwardOf(device, dense, { ids });
    const out = await layerInputs(device, dense, { layer: 1, place: "output", ids });
    const { dModel } = model;
    for (const [t, v] of [[0, 3], [5, 19], [11, 0]]) {
      let sum = 0;
      for (let i = 0; i < dModel; i++) {
        sum += out[t * dModel + i] * weights.norm.data[i] * weights.head.data[v * dModel + i];
      }
      assertAlmostEquals(sum, logits[t * 20 + v], 1e-4);
    }
    const cosines = await blockSimilarities(device, dense, ids);
    assertEquals(cosines.length, 2);
    for (const cosine of cosines) assertLess(Math.abs(cosine), 1);
  }),
);

Deno.test(
  "a network of a serial block reads what attention has left: with none, the normed embedding",
  withDevice(async (_, device) => {
    const dense = smallDense(1, { block: "serial", norm: { perLayer: 2 } });
    const zero = (name: string) => ({
      ...dense.weights[name],
      data: new Float32Array(dense.weights[name].data.length),
    });
    const weights: HostWeights = {
      ...dense.weights,
      "layers.0.attention.out": zero("layers.0.attention.out"),
    };
    const ids = Uint32Array.of(3, 1, 4, 1, 5);
    const subject = { model: dense.model, weights };
    const x = await layerInputs(device, subject, { layer: 0, place: "network", ids });
    const { dModel } = dense.model;
    ids.forEach((id, t) => {
      const row = weights.embedding.data.subarray(id * dModel, (id + 1) * dModel);
      const mean = row.reduce((s, v) => s + v * v, 0) / dModel;
      row.forEach((v, i) => {
        const wanted = v / Math.sqrt(mean + 1e-6) * weights["layers.0.ffn.norm"].data[i];
        assertAlmostEquals(x[t * dModel + i], wanted, 1e-5);
      });
    });
    const attended = await layerInputs(device, dense, { layer: 0, place: "network", ids });
    assertLess(1e-2, Math.abs(attended[30] - x[30]));
  }),
);

Deno.test("the loss of logits, by hand", () => {
  const logits = Float32Array.of(1, 2, 0, 3, 9, 9);
  const wanted = (Math.log(1 + Math.exp(-1)) + Math.log(1 + Math.exp(3))) / 2;
  assertAlmostEquals(lossOf(logits, Uint32Array.of(0, 1, 0)), wanted, 1e-6);
});

Deno.test("numbers are apart by the most, and by none where one is no number", () => {
  assertEquals(apartOf([1, 2, 3], [1, 4, 2]), 2);
  assertEquals(apartOf([NaN, 2], [1, 2]), NaN);
  assertEquals(apartOf([1, 2], [1, NaN]), NaN);
});
