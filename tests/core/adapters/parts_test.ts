import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { applyByChance } from "../../../core/adapters/chance.ts";
import { clusterSequences, nearestCluster } from "../../../core/adapters/clusters.ts";
import { contrastLoss } from "../../../core/adapters/contrast.ts";
import { applyAdapters, expertOutputs } from "../../../core/adapters/kinds.ts";
import { turnHeads } from "../../../core/adapters/rotary.ts";
import { adapterById } from "../../../core/adapters/recipes.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { ropeOracle } from "../../../kernels/rope/oracle.ts";
import { adaptedBy, apart, drawnValues, logitsOf, matrixOf, recipeOf } from "./small_base.ts";

const g = hostArrays({ seed: 1 });

Deno.test("low-rank experts give y + alpha / rank times the weighted sums of x a b^T", () => {
  const [T, D, N, E, rank] = [3, 4, 5, 2, 2];
  const [x, y] = [matrixOf("x", T, D), matrixOf("y", T, N)];
  const w = { a: matrixOf("a", D, E * rank), b: matrixOf("b", N, E * rank) };
  const weights = matrixOf("weights", T, E);
  const spec = { kind: "lora", rank, alpha: 6 } as const;
  const { data } = applyAdapters({ g, w, found: { x, y }, weights }, spec);
  for (let t = 0; t < T; t++) {
    for (let n = 0; n < N; n++) {
      let wanted = y.data[t * N + n];
      for (let k = 0; k < E * rank; k++) {
        let h = 0;
        for (let d = 0; d < D; d++) h += x.data[t * D + d] * w.a.data[d * E * rank + k];
        const share = weights.data[t * E + Math.floor(k / rank)];
        wanted += 3 * share * h * w.b.data[n * E * rank + k];
      }
      assertAlmostEquals(data[t * N + n], wanted, 1e-12);
    }
  }
});

Deno.test("an expert of rank one is any vector in with any vector out", () => {
  const spec = { kind: "rank-one", inward: 2, outward: 3 } as const;
  const [x, y] = [matrixOf("x", 1, 4), hostMatrix([1, 5], new Float64Array(5))];
  const w = { a: matrixOf("a", 4, 2), b: matrixOf("b", 5, 3) };
  for (let pair = 0; pair < 6; pair++) {
    const weights = hostMatrix([1, 6], [0, 1, 2, 3, 4, 5].map((i) => i === pair ? 2 : 0));
    const [i, j] = [Math.floor(pair / 3), pair % 3];
    const h = x.data.reduce((sum, v, d) => sum + v * w.a.data[d * 2 + i], 0);
    const { data } = applyAdapters({ g, w, found: { x, y }, weights }, spec);
    data.forEach((v, n) => assertAlmostEquals(v, 2 * h * w.b.data[n * 3 + j], 1e-12));
  }
});

Deno.test("chance takes one expert for all tokens, and in use the mean of parameters", () => {
  const [E, D, rank, T] = [3, 4, 2, 5];
  const spec = { kind: "lora", rank, alpha: rank } as const;
  const w = { a: matrixOf("a", E, D * rank), b: matrixOf("b", E, D * rank) };
  const found = { x: matrixOf("x", T, D), y: matrixOf("y", T, D) };
  const row = (bank: typeof w.a, e: number) =>
    hostMatrix([D, rank], bank.data.slice(e * D * rank, (e + 1) * D * rank));
  const pairs = Array.from({ length: E * E }, (_, i) => {
    const own = { a: row(w.a, Math.floor(i / E)), b: row(w.b, i % E) };
    return applyAdapters({ g, w: own, found }, spec).data;
  });
  const seen = new Set<number>();
  for (let step = 0; step < 60; step++) {
    const run = { g: hostArrays({ seed: 1, step }), w, found };
    const { data } = applyByChance(run, { spec, name: "place", training: true });
    const pair = pairs.findIndex((one) => apart(one, data) < 1e-12);
    assert(pair >= 0, `step ${step}`);
    seen.add(pair);
  }
  assertEquals(seen.size, E * E);
  const mean = (bank: typeof w.a) => g.reshape(g.scale(g.sumColumns(bank), 1 / E), [D, rank]);
  const wanted = applyAdapters({ g, w: { a: mean(w.a), b: mean(w.b) }, found }, spec);
  const used = applyByChance({ g, w, found }, { spec, name: "place", training: false });
  assertLess(apart(used.data, wanted.data), 1e-12);
});

Deno.test("the contrast is low where experts differ, and high where they are alike", () => {
  const [T, length] = [4, 2];
  const along = (axis: number) =>
    hostMatrix([T, 2], Array.from({ length: 2 * T }, (_, i) => i % 2 === axis ? 50 : 0));
  const of = (outputs: ReturnType<typeof along>[]) =>
    contrastLoss(g, outputs, { length, temperature: 0.1 }).data[0];
  // One other sample of one's own, two of the other expert: cosines 1 against 1, or 1 against 0.
  assertAlmostEquals(of([along(0), along(0)]), Math.log(3), 1e-2);
  assertAlmostEquals(of([along(0), along(1)]), Math.log(1 + 2 * Math.exp(-10)), 1e-3);
  assertEquals(contrastLoss(g, [along(0)], { length: 4, temperature: 1 }).data[0], 0);
});

Deno.test("the outputs of all experts add up to what they add", () => {
  const [T, D, E] = [3, 4, 3];
  const spec = { kind: "lora", rank: 2, alpha: 4 } as const;
  const w = { a: matrixOf("a", D, 6), b: matrixOf("b", D, 6) };
  const found = { x: matrixOf("x", T, D), y: matrixOf("y", T, D) };
  const outputs = expertOutputs({ g, w, found }, { ...spec, experts: E });
  const sum = outputs.reduce((a, b) => g.map("add", a, b), found.y);
  assertLess(apart(sum.data, applyAdapters({ g, w, found }, spec).data), 1e-12);
});

Deno.test("rotary positions are those of the kernels' oracle", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(8, 16),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 5 }),
      (width, heads, length) => {
        const x = matrixOf(`${width} ${heads}`, 2 * length, heads * width);
        const told = { rows: 2 * length, width, heads, length, rotary: width };
        const { values } = ropeOracle(x.data, told);
        assertLess(apart(turnHeads(g, x, { width, length }).data, values), 1e-12);
      },
    ),
    { seed: 1, numRuns: 50 },
  );
});

Deno.test("a prefix is seen by every token, and scaled by its gate", () => {
  const prefix = { kind: "prefix", length: 3 } as const;
  const adapted = adaptedBy(recipeOf({ adapter: prefix, sites: ["prefix"] }));
  const values = drawnValues(adapted);
  const of = (scale: number) => {
    const name = "layers.0.part.prefix.values";
    return logitsOf(adapted, { values: { ...values, [name]: values[name].map((v) => scale * v) } });
  };
  const [none, one] = [of(0), of(1)];
  const columns = none.length / 12;
  for (let t = 0; t < 12; t++) {
    const row = (all: Float64Array) => all.slice(t * columns, (t + 1) * columns);
    assert(apart(row(none), row(one)) > 1e-6, `token ${t}`);
  }
});

Deno.test("clusters find texts of different letters, and refuse more clusters than texts", () => {
  const texts = Array.from({ length: 12 }, (_, i) => [0, 1, 2, 3, 4].map((t) => 10 * (i % 3) + t));
  const clusters = clusterSequences(texts, { count: 3, vocabulary: 40, seed: 1 });
  const of = texts.map((text) => nearestCluster(clusters, text));
  assertEquals(of, of.map((_, i) => of[i % 3]));
  assertEquals(new Set(of).size, 3);
  const few = () => clusterSequences(texts, { count: 13, vocabulary: 40, seed: 1 });
  assertThrows(few, RangeError, "Looked for 13 clusters of 12 sequences");
});

Deno.test("one more expert counts what the busiest leaves of one", () => {
  const adapted = adaptedBy(adapterById("mocle"));
  const values = drawnValues(adapted);
  // With tags that score all alike, each of four experts counts a quarter, and the one for all the rest.
  const flat = Object.fromEntries(
    Object.entries(values).map(([name, one]) => [
      name,
      name.includes(".gate.") ? one.map(() => 0) : one,
    ]),
  );
  const banks = (name: string) => /\.[ab]$/.test(name) && name.includes("experts");
  const only = (bank: number) =>
    Object.fromEntries(
      Object.entries(flat).map(([name, one]) => [
        name,
        banks(name) ? one.map((v, i) => Math.floor(i % 20 / 4) === bank ? v : 0) : one,
      ]),
    );
  const base = logitsOf(adapted, { values: only(-1) });
  assert(apart(logitsOf(adapted, { values: only(4) }), base) > 1e-3);
  assert(apart(logitsOf(adapted, { values: only(0) }), base) > 1e-3);
  // The first of equal ones is chosen; nobody goes to the second.
  assertEquals(apart(logitsOf(adapted, { values: only(1) }), base), 0);
});
