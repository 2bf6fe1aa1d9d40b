/** Predicted memory of a training: what grows with what, and what is refused. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Model, modelPreset, parameters } from "../../../../core/spec/mod.ts";
import { trainingMemory } from "../../../../sim/mod.ts";
import { leastHeld } from "../../../../kernels/base/memory_plan.ts";
import { createLedger } from "../../../../sim/step/layer/ledger.ts";

const tiny = modelPreset("tiny");
const at = { sequences: 4, length: 64, mirrors: false };

Deno.test("large models hold three numbers a weight beside the batch", () => {
  const wide: Model = { ...tiny, dModel: 1024, moe: { ...tiny.moe!, width: 1024 } };
  const { stateBytes } = trainingMemory(wide, at);
  assertAlmostEquals(stateBytes / (12 * parameters(wide).total), 1, 1e-2);
  const mirrored = trainingMemory(wide, { ...at, mirrors: true }).stateBytes;
  assertAlmostEquals((mirrored - stateBytes) / (4 * parameters(wide).total), 1, 1e-2);
});

Deno.test("no plan is below what is in use at once, and more of anything takes more", () => {
  const sizes = fc.record({
    layers: fc.integer({ min: 1, max: 4 }),
    width: fc.integer({ min: 8, max: 200 }),
    topK: fc.integer({ min: 1, max: 3 }),
    length: fc.integer({ min: 8, max: 200 }),
  });
  fc.assert(
    fc.property(sizes, ({ layers, width, topK, length }) => {
      const model: Model = { ...tiny, layers, moe: { ...tiny.moe!, width, topK } };
      const of = (model: Model, sequences: number) =>
        trainingMemory(model, { sequences, length, mirrors: true });
      const one = of(model, 2);
      assert(one.liveBytes <= one.stepBytes);
      assertEquals(one.totalBytes, one.stateBytes + one.stepBytes);
      assert(of(model, 8).liveBytes > one.liveBytes);
      assert(of({ ...model, layers: layers + 1 }, 2).liveBytes > one.liveBytes);
      assert(one.lifetimes.every(({ from, to }) => from < to));
    }),
    { seed: 1, numRuns: 40 },
  );
});

Deno.test("plans of training steps are near the least that whole slots can hold", () => {
  const sizes = fc.record({
    layers: fc.integer({ min: 1, max: 5 }),
    dModel: fc.integer({ min: 6, max: 24 }).map((n) => 8 * n),
    width: fc.integer({ min: 8, max: 240 }),
    topK: fc.integer({ min: 1, max: 3 }),
    vocab: fc.integer({ min: 64, max: 2000 }),
    sequences: fc.integer({ min: 1, max: 8 }),
  });
  fc.assert(
    fc.property(sizes, ({ layers, dModel, width, topK, vocab, sequences }) => {
      const model: Model = {
        ...{ ...tiny, layers, dModel, moe: { ...tiny.moe!, width, topK } },
        embedding: { ...tiny.embedding, vocab },
      };
      const options = { sequences, length: 96, mirrors: true };
      const { stepBytes, liveBytes, lifetimes } = trainingMemory(model, options);
      const least = leastHeld(lifetimes);
      assert(liveBytes <= least && least <= stepBytes);
      assert(stepBytes <= 1.08 * least, `${stepBytes} of ${least}`);
    }),
    { seed: 1, numRuns: 30 },
  );
});

Deno.test("gradients of weights are all that is left at the end of the backward pass", () => {
  const { lifetimes } = trainingMemory(tiny, at);
  const left = lifetimes.filter(({ to }) => to === Infinity).map(({ label }) => label);
  assertEquals(left.filter((label) => !/d[wg]|dgamma/.test(label)), ["loss"]);
  const perLayer = 4 + 3 + 2;
  assertEquals(left.length, 1 + 1 + 1 + tiny.layers * perLayer);
});

Deno.test("a part that is not followed is refused", () => {
  const found = (model: Model) => assertThrows(() => trainingMemory(model, at), TypeError).message;
  assertEquals(
    found({ ...tiny, block: "parallel" }),
    "Cannot predict the memory of tiny: found 2 as norm.perLayer, wanted 1",
  );
  assertEquals(
    found({ ...tiny, norm: { ...tiny.norm, kind: "layernorm", bias: true } }),
    "Cannot predict the memory of tiny: found true as norm.bias, wanted false",
  );
  assertEquals(
    found({ ...tiny, embedding: { ...tiny.embedding, tied: false } }),
    "Cannot predict the memory of tiny: found false as embedding.tied, wanted true",
  );
});

Deno.test("a ledger refuses what is in use and what is not", () => {
  const { take, free } = createLedger({ mirrors: false });
  take("x", [8]);
  assertThrows(() => take("x", [8]), RangeError, "Cannot take x: it is in use");
  free("x");
  assertThrows(() => free("x"), RangeError, "found no such tensor in use");
});
