/** Attention experts in whole models: values and gradients against f64, and what they are equal to. */
import { assert, assertEquals, assertLess, assertLessOrEqual, assertThrows } from "@std/assert";
import fc from "fast-check";
import { expertHeads, headCounts } from "../../../core/nn/attention_experts.ts";
import { checkModel, checkRunnableModel } from "../../../core/nn/model_check.ts";
import type { ExpertAttention } from "../../../core/spec/model.ts";
import { modelWeights, parameters } from "../../../core/spec/mod.ts";
import { createTrainer } from "../../../core/train/trainer.ts";
import { createPool, download } from "../../../kernels/tensor.ts";
import { withDevice } from "../../kernels/compare.ts";
import { modelOnDevice, slopeErrors } from "./model_gradients.ts";
import { smallBatch, smallModel } from "./small_models.ts";

const heads = { kind: "experts", experts: 3, heads: 4, kvHeads: 2, headDim: 8 };
const moe = { experts: 4, topK: 2, width: 12, activation: "swiglu" };
const parallel = { layers: 1, block: "parallel", norm: { perLayer: 1 } };

/** Every way of routing, and of keys. */
const forms: Record<string, Record<string, unknown>> = {
  "BAM: own keys, soft, beside experts": {
    ...parallel,
    ...{ attention: { ...heads, kv: "expert" }, moe },
  },
  "BAM: shared keys, soft, beside experts": {
    ...parallel,
    ...{ attention: { ...heads, kv: "shared" }, moe },
  },
  "own keys, best two of three by a softmax over these": {
    ...parallel,
    attention: { ...heads, kv: "expert", routing: { topK: 2, over: "chosen" } },
  },
  "shared keys, best one by a softmax over all": {
    ...parallel,
    attention: { ...heads, kv: "shared", routing: { topK: 1 } },
  },
  "serial, biases and sinks, shared keys": {
    layers: 1,
    attention: { ...heads, kv: "shared", qkvBias: true, outBias: true, sinks: true },
  },
};

Deno.test(
  "loss and gradients of models with attention experts are those of f64",
  withDevice(async (pool) => {
    for (const [form, changes] of Object.entries(forms)) {
      const found = await modelOnDevice(pool, smallModel(changes));
      const { value, weights, oracle, names } = found;
      assert(names.includes("layers.0.attention.router"));
      const expected = oracle(weights);
      assertLessOrEqual(Math.abs(value - expected), 1e-5 * expected, form);
      // What the router does matters: without it the loss is another one.
      const router = "layers.0.attention.router";
      const unrouted = oracle({ ...weights, [router]: weights[router].map((w) => -w) });
      assertLess(1e-4 * expected, Math.abs(unrouted - expected), form);
      for (const { name, error } of slopeErrors(found)) {
        assertLessOrEqual(error, 2e-3, `${form}: ${name}`);
      }
    }
  }),
);

/** Logits of a model whose experts are all the plain model's attention, beside the plain model's. */
Deno.test(
  "experts that are all alike are plain attention where their weights sum to 1",
  withDevice(async (_, device) => {
    const plain = smallModel({ ...parallel, layers: 2 });
    const sizes = { sequences: 2, length: 12, seed: 3 };
    const batch = smallBatch(2, 12);
    const first = createTrainer(device, plain, sizes);
    const wanted = await first.logits(batch);
    const names = Object.keys(first.parameters);
    const values = await download(device, names.map((name) => first.parameters[name].value));
    const pool = createPool(device);
    for (const kv of ["expert", "shared"] as const) {
      for (const routing of [undefined, { topK: 2, over: "chosen" }, { topK: 1 }]) {
        const attention = { ...heads, kv, routing } as unknown as ExpertAttention;
        const model = smallModel({ ...parallel, layers: 2, attention });
        const trainer = createTrainer(device, model, sizes);
        const order = expertHeads(model.attention as ExpertAttention).map(({ head }) => head);
        names.forEach((name, i) => {
          const { value } = trainer.parameters[name];
          pool.write(value, widened(values[i], { name, order, kv }));
        });
        const found = await trainer.logits(batch);
        const apart = wanted.reduce((most, w, i) => Math.max(most, Math.abs(w - found[i])), 0);
        const what = JSON.stringify({ kv, routing });
        if (routing?.topK === 1) assertLess(1e-2, apart, `${what}: weights below 1`);
        else assertLess(apart, 1e-4, what);
        trainer.close();
      }
    }
    first.close();
  }),
);

/** A plain model's weight as that of three equal experts whose heads lie in an order. */
function widened(
  values: Float32Array,
  { name, order, kv }: { name: string; order: number[]; kv: "expert" | "shared" },
): Float32Array {
  const [d, headDim] = [24, 8];
  const part = name.split(".").slice(2).join(".");
  const places = { "attention.q": order, "attention.out": order } as Record<string, number[]>;
  if (kv === "expert") {
    places["attention.k"] = places["attention.v"] = Array.from({ length: 6 }, (_, i) => i % 2);
  }
  const of = places[part];
  if (!of) return values;
  if (part === "attention.out") {
    const rows = of.flatMap((h) => [...values.subarray(h * headDim * d, (h + 1) * headDim * d)]);
    return Float32Array.from(rows);
  }
  const width = values.length / d;
  return Float32Array.from(
    { length: d * of.length * headDim },
    (_, i) => {
      const [row, column] = [Math.floor(i / (of.length * headDim)), i % (of.length * headDim)];
      return values[row * width + of[Math.floor(column / headDim)] * headDim + column % headDim];
    },
  );
}

Deno.test(
  "models of both kinds of experts learn, in f32 and f16, and recomputed to the same bits",
  withDevice(async (_, device) => {
    const batch = smallBatch(4, 16);
    const attention = { ...heads, kv: "expert", routing: { topK: 2 } };
    const model = smallModel({ ...parallel, attention, moe });
    const losses = async (options: { storage?: "f16"; recompute?: boolean }) => {
      const trainer = createTrainer(device, model, {
        ...{ sequences: 4, length: 16, seed: 5, ...options },
      });
      const found: number[] = [];
      for (let step = 0; step < 12; step++) {
        trainer.step(batch, { rate: 5e-3 });
        if (step % 11 === 0) found.push((await trainer.last()).loss);
      }
      trainer.close();
      return found;
    };
    const [first, last] = await losses({});
    assertLess(last, 0.7 * first);
    assertEquals(await losses({ recompute: true }), [first, last]);
    if (!device.gpu.features.has("shader-f16")) return;
    const half = await losses({ storage: "f16" });
    assertLessOrEqual(Math.abs(half[0] - first), 1e-2 * first);
    assertLess(half[1], 0.7 * half[0]);
  }),
);

Deno.test("heads of all experts lie so that those of one key are neighbours", () => {
  fc.assert(
    fc.property(
      fc.record({
        experts: fc.integer({ min: 1, max: 5 }),
        kvHeads: fc.integer({ min: 1, max: 4 }),
        members: fc.integer({ min: 1, max: 4 }),
        kv: fc.constantFrom("expert" as const, "shared" as const),
      }),
      ({ experts, kvHeads, members, kv }) => {
        const heads = kvHeads * members;
        const attention = { kind: "experts", experts, heads, kvHeads, kv } as ExpertAttention;
        const order = expertHeads(attention);
        const all = headCounts(attention);
        assertEquals(order.length, all.heads);
        assertEquals(
          new Set(order.map(({ expert, head }) => expert * heads + head)).size,
          all.heads,
        );
        const share = all.heads / all.kvHeads;
        order.forEach(({ expert, head }, i) => {
          const key = Math.floor(head / members);
          const wanted = kv === "expert" ? expert * kvHeads + key : key;
          assertEquals(Math.floor(i / share), wanted);
        });
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("sizes of attention experts: what a token uses, and every weight by its shape", () => {
  const model = (routing?: unknown, kv = "expert") =>
    smallModel({ ...parallel, attention: { ...heads, kv, ...routing ? { routing } : {} } });
  // Queries and outputs [24, 32] each of an expert; keys and values [24, 16] each.
  const [query, key] = [2 * 24 * 32, 2 * 24 * 16];
  const used = (of: ReturnType<typeof model>) => parameters(of).activeByPart.attention;
  assertEquals(used(model()), 3 * (query + key));
  assertEquals(used(model({ topK: 1 })), query + 3 * key);
  assertEquals(used(model({ topK: 2 }, "shared")), 2 * query + key);
  assertEquals(parameters(model({ topK: 1 })).byPart.attention, 3 * (query + key));
  const shapes = Object.fromEntries(
    modelWeights(model(undefined, "shared")).map(({ name, shape }) => [name, shape]),
  );
  assertEquals(shapes["layers.0.attention.q"], [24, 96]);
  assertEquals(shapes["layers.0.attention.k"], [24, 16]);
  assertEquals(shapes["layers.0.attention.out"], [96, 24]);
  assertEquals(shapes["layers.0.attention.router"], [24, 3]);
});

Deno.test("what attention experts cannot be is refused", () => {
  const model = smallModel({ attention: { ...heads, kv: "expert" } });
  assertEquals(checkRunnableModel(model).kind, "experts");
  assertThrows(
    () => checkModel(model),
    TypeError,
    "found experts as attention.kind, wanted mha or gqa",
  );
  assertThrows(
    () => smallModel({ attention: { ...heads, kv: "expert", routing: { topK: 4 } } }),
    TypeError,
    "expected at most the 3 attention experts but found 4",
  );
});
