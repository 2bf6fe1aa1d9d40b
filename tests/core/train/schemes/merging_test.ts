/** Several models to one: the algebra of merging, whose weights go where, and what is refused. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { expertHeads } from "../../../../core/nn/attention_experts.ts";
import type { ExpertAttention } from "../../../../core/spec/model.ts";
import {
  branchAttendMix,
  branchTrainMerge,
  branchTrainMix,
  ensembleLosses,
  type ExpertCut,
  schemeById,
  schemeRecipes,
  weightedMean,
  type WeightedModel,
} from "../../../../core/train/schemes/mod.ts";
import { expertAt } from "../../../../core/train/schemes/networks.ts";
import { readModel } from "../../../../core/spec/schema.ts";
import { modelWeights, parameters } from "../../../../core/spec/mod.ts";
import { smallDense, smallSerial } from "./small_dense.ts";

const domains = [1, 2, 3].map((seed) => smallDense(seed));

/** The values of a weight, by model. */
const of = (name: string) => domains.map(({ weights }) => weights[name].data);

Deno.test("means: order and scale of shares do not matter, one model is itself, means of means", () => {
  const numbers = fc.array(fc.float({ min: -8, max: 8, noNaN: true }), {
    minLength: 4,
    maxLength: 4,
  }).map((a) => Float32Array.from(a));
  const shares = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(numbers, numbers, numbers, shares, (a, b, c, [x, y, z]) => {
      const all = weightedMean([a, b, c], [x, y, z]);
      assertEquals(weightedMean([a]), a);
      weightedMean([c, a, b], [3 * z, 3 * x, 3 * y]).forEach((v, i) =>
        assertAlmostEquals(v, all[i], 1e-5)
      );
      const two = weightedMean([a, b], [x, y]);
      weightedMean([two, c], [x + y, z]).forEach((v, i) => assertAlmostEquals(v, all[i], 1e-5));
    }),
    { seed: 1, numRuns: 100 },
  );
  assertThrows(() => weightedMean([Float32Array.of(1)], [0]), RangeError, "not 0 in all");
  assertThrows(
    () => weightedMean([Float32Array.of(1), Float32Array.of(1, 2)]),
    RangeError,
    "Averaged 1 numbers and 2",
  );
});

Deno.test("Branch-Train-Merge: every weight is the mean of those of its name", () => {
  const { weights } = branchTrainMerge(domains, { shares: [2, 1, 1] });
  assertEquals(Object.keys(weights), Object.keys(domains[0].weights));
  for (const name of Object.keys(weights)) {
    const [a, b, c] = of(name);
    weights[name].data.forEach((v, i) =>
      assertAlmostEquals(v, a[i] / 2 + b[i] / 4 + c[i] / 4, 1e-6)
    );
  }
});

Deno.test("an ensemble follows the model that foretells a text best", async () => {
  const sure = [0.1, 0.2, 0.1, 0.1];
  const foretelling = (losses: number[]) => ({
    evaluate: () => Promise.resolve({ losses_T: Float32Array.from(losses) }),
  });
  const batch = { ids: new Uint32Array(4), targets: new Uint32Array(4) };
  const options = { prior: "uniform", keep: 1, length: 4 } as const;
  const losses = await ensembleLosses(
    [foretelling(sure), foretelling([4, 4, 4, 4])],
    batch,
    options,
  );
  assertAlmostEquals(losses[0], -Math.log((Math.exp(-0.1) + Math.exp(-4)) / 2), 1e-6);
  assertAlmostEquals(losses[3], 0.1, 1e-3);
  const alike = await ensembleLosses([foretelling(sure), foretelling(sure)], batch, options);
  alike.forEach((loss, t) => assertAlmostEquals(loss, sure[t], 1e-6));
});

const mixedBy = (cut: ExpertCut): WeightedModel =>
  branchTrainMix(domains, { topK: 2, seed: 1, cut });

/** Hidden units of all experts of a layer, or of the dense networks, as sorted texts. */
function unitsIn(source: WeightedModel): string[] {
  const { moe, dModel } = source.model;
  const networks = moe
    ? Array.from({ length: moe.experts }, (_, expert) => expertAt(source, { layer: 1, expert }))
    : [{
      ...{ planes: 2, width: dModel, units: source.model.ffn!.width },
      up: source.weights["layers.1.ffn.up"].data,
      down: source.weights["layers.1.ffn.down"].data,
    }];
  return networks.flatMap(({ planes, units, width, up, down }) =>
    Array.from({ length: units }, (_, unit) => {
      const column = Array.from({ length: planes * width }, (_, row) => up[row * units + unit]);
      return [...column, ...down.subarray(unit * width, (unit + 1) * width)].join();
    })
  ).sort();
}

Deno.test("Branch-Train-MiX: experts are the domains' networks, all else their mean", () => {
  const { model, weights } = mixedBy({ kind: "whole" });
  for (const [e, { weights: own }] of domains.entries()) {
    for (const name of ["up", "down"]) {
      const dense = own[`layers.0.ffn.${name}`].data;
      const bank = weights[`layers.0.moe.${name}`].data;
      assertEquals(bank.subarray(e * dense.length, (e + 1) * dense.length), dense);
    }
  }
  const [a, b, c] = of("layers.1.attention.q");
  weights["layers.1.attention.q"].data.forEach((v, i) =>
    assertAlmostEquals(v, (a[i] + b[i] + c[i]) / 3, 1e-6)
  );
  assert(weights["layers.0.moe.router"].data.some((w) => w !== 0));
  assertEquals(model.moe?.experts, 3);
  // What is made is a description that can be written and read again, and all its weights are there.
  assertEquals(readModel(JSON.parse(JSON.stringify(model)), "btx.json").moe?.topK, 2);
  const count = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
  assertEquals(count, parameters(model).total);
});

Deno.test("cut experts have all units of the domains, each once", () => {
  const wanted = domains.flatMap(unitsIn).sort();
  const cuts: [ExpertCut, experts: number, width: number][] = [
    [{ kind: "whole" }, 3, 24],
    [{ kind: "split", parts: 4 }, 12, 6],
    [{ kind: "blend" }, 3, 24],
  ];
  for (const [cut, experts, width] of cuts) {
    const made = mixedBy(cut);
    assertEquals([made.model.moe?.experts, made.model.moe?.width], [experts, width], cut.kind);
    assertEquals(unitsIn(made), wanted, cut.kind);
  }
  const blended = mixedBy({ kind: "blend" });
  const first = new Set(unitsIn(domains[0]));
  const { model: { moe } } = blended;
  const bank = blended.weights["layers.1.moe.down"].data;
  const size = bank.length / moe!.experts;
  for (let e = 0; e < 3; e++) {
    const rows = Array.from(
      { length: 24 },
      (_, i) => [...bank.subarray(e * size + i * 24).subarray(0, 24)],
    );
    const own = rows.filter((row) => [...first].some((unit) => unit.endsWith(row.join())));
    assertEquals(own.length, 8, "a third of each blended expert is of the first domain");
  }
});

Deno.test("BAM: each head is that of its model, shared keys and all norms are means", () => {
  for (const kv of ["expert", "shared"] as const) {
    const biased = [4, 5].map((seed) =>
      smallDense(seed, {
        attention: {
          ...{ kind: "gqa", heads: 4, kvHeads: 2, headDim: 8 },
          ...{ qkvBias: true, outBias: true, sinks: true },
        },
      })
    );
    const { model, weights } = branchAttendMix(biased, { kv, seed: 1 });
    const order = expertHeads(model.attention as ExpertAttention);
    const [d, width] = weights["layers.1.attention.q"].shape;
    order.forEach(({ expert, head }, i) => {
      const own = biased[expert].weights;
      const at = (of: typeof weights, name: string) => of[`layers.1.attention.${name}`].data;
      for (const row of [0, d - 1]) {
        assertEquals(
          at(weights, "q").subarray(row * width + i * 8, row * width + i * 8 + 8),
          at(own, "q").subarray(row * 32 + head * 8, row * 32 + head * 8 + 8),
        );
      }
      const sized = { "out": 8 * d, "q.bias": 8, "sinks": 1 };
      for (const [name, size] of Object.entries(sized)) {
        assertEquals(
          at(weights, name).subarray(i * size, (i + 1) * size),
          at(own, name).subarray(head * size, (head + 1) * size),
          name,
        );
      }
    });
    const keys = weights["layers.0.attention.k"];
    const [a, b] = biased.map((one) => one.weights["layers.0.attention.k"].data);
    if (kv === "shared") {
      keys.data.forEach((v, i) => assertAlmostEquals(v, (a[i] + b[i]) / 2, 1e-6));
    } else {
      assertEquals(keys.shape, [d, 32]);
      assertEquals(
        keys.data.subarray(32, 64),
        Float32Array.of(...a.subarray(16, 32), ...b.subarray(16, 32)),
      );
    }
    const norms = biased.map((one) => one.weights["layers.0.attention.norm"].data[3]);
    assertAlmostEquals(weights["layers.0.attention.norm"].data[3], (norms[0] + norms[1]) / 2, 1e-6);
    const count = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
    assertEquals(count, parameters(model).total);
    assertEquals(
      readModel(JSON.parse(JSON.stringify(model)), "bam.json").attention.kind,
      "experts",
    );
  }
});

Deno.test("weights of made models are those that the description tells", () => {
  for (const id of ["btx-split", "bam-normalised"]) {
    const { model, weights } = schemeById(id).apply(domains, { seed: 1 });
    const told = Object.fromEntries(
      modelWeights(model).map(({ name, shape }) => [name, [...shape]]),
    );
    const router = ([name]: [string, unknown]) =>
      !name.includes(".gate.") && !name.endsWith(".router");
    const found = Object.entries(weights).map(([name, { shape }]) => [name, [...shape]] as const);
    assertEquals(
      Object.fromEntries(found.filter(([name]) => router([name, 0]))),
      Object.fromEntries(Object.entries(told).filter(router)),
    );
  }
});

Deno.test("models that differ, or are not what a scheme takes, are refused by what differs", () => {
  const one = domains[0];
  const without = (name: string): WeightedModel => {
    const { [name]: _, ...weights } = one.weights;
    return { model: one.model, weights };
  };
  const mix = (...sources: WeightedModel[]) => branchTrainMix(sources, { topK: 2, seed: 1 });
  const bam = (...sources: WeightedModel[]) => branchAttendMix(sources, { kv: "expert", seed: 1 });
  const refused: [() => unknown, message: string][] = [
    [() => mix(one, smallDense(1, { dModel: 32 })), "found 32 as dModel, wanted 24"],
    [
      () => mix(one, smallDense(1, { embedding: { vocab: 31, tied: true } })),
      "found 31 as embedding.vocab, wanted 29",
    ],
    [() => mix(one, smallSerial()), "as block, wanted"],
    [
      () => mix(one, without("layers.1.attention.v")),
      "Cannot use the weights of small: found no layers.1.attention.v, wanted [24, 16]",
    ],
    [
      () => mix(one, { ...one, weights: { ...one.weights, more: one.weights.norm } }),
      "found more, which the model has not",
    ],
    [
      () =>
        bam(one, {
          ...one,
          weights: { ...one.weights, norm: { shape: [23], data: new Float32Array(23) } },
        }),
      "found norm as 23 numbers of [23], wanted [24]",
    ],
    [() => bam(smallSerial(), smallSerial(2)), "found serial as block, wanted parallel"],
    [() => bam(mix(one, one)), "found experts, wanted dense networks"],
    [() => bam(), "Cannot make a model of 0 models: wanted one or more"],
    [() => mix(one), "Cannot choose 2 of 1 experts: wanted 1 to 1"],
    [
      () => branchTrainMix([one, one], { topK: 1, seed: 1, cut: { kind: "split", parts: 5 } }),
      "Cannot cut 24 hidden units into 5 equal experts: wanted a divisor of 24",
    ],
    [() => schemeById("bamm"), 'did you mean "bam"?'],
  ];
  for (const [make, message] of refused) assertThrows(make, TypeError, message);
});

Deno.test("rows of the table: names of their own, and what is unconfirmed is told", () => {
  const ids = schemeRecipes.map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length);
  for (const { id, arxiv, idea, from } of schemeRecipes) {
    assert(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id), id);
    assert(arxiv === null || /^\d{4}\.\d{4,5}$/.test(arxiv), id);
    assert(idea.endsWith("."), id);
    assert(["dense", "several dense", "sparse", "sizes"].includes(from), id);
  }
});
