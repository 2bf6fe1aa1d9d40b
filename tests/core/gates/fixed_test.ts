import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { hostIndices } from "../../../core/arrays/host_matrix.ts";
import { fixedRecipes } from "../../../core/gates/recipes/fixed.ts";
import {
  balancedTable,
  clusteredTable,
  dispersedTable,
} from "../../../core/gates/select/fixed_tables.ts";
import { countsOf, dispatched, route, rowOf, rowsOf } from "./host_route.ts";

const idsOf = (id: string, options: Parameters<typeof route>[1] = {}) =>
  dispatched(route(rowOf(fixedRecipes, id), options).gated, "choice").ids;

const ofToken = ["hash", "hash-balanced", "hash-clustered", "hash-dispersed"];

Deno.test("a hash of the token id sends a token to the same expert wherever it stands", () => {
  fc.assert(
    fc.property(fc.constantFrom(...ofToken), fc.integer({ min: 1, max: 99 }), (id, seed) => {
      const first = route(rowOf(fixedRecipes, id), { seed });
      const table = new Map<number, number>();
      const { ids } = dispatched(first.gated, "choice");
      first.input.tokens.data.forEach((token, t) => {
        assertEquals(table.get(token) ?? ids.data[t], ids.data[t]);
        table.set(token, ids.data[t]);
      });
      // Another batch, step and mode: the map is the same.
      const other = route(rowOf(fixedRecipes, id), { seed: seed + 100, step: 7, training: false });
      const otherIds = dispatched(other.gated, "choice").ids;
      other.input.tokens.data.forEach((token, t) => {
        assertEquals(table.get(token) ?? otherIds.data[t], otherIds.data[t]);
      });
    }),
    { seed: 1, numRuns: 50 },
  );
});

Deno.test("layers have hashes of their own", () => {
  for (const id of ["hash", "hash-clustered", "pangu-sigma"]) {
    assertNotEquals(
      idsOf(id, { shape: { layer: 0 } }).data,
      idsOf(id, { shape: { layer: 1 } }).data,
    );
  }
});

Deno.test("hashes of bigrams, previous tokens and positions depend on just these", () => {
  const tokens = hostIndices([32, 1], Array.from({ length: 32 }, (_, t) => t % 2 ? 3 : t % 20));
  const bigram = idsOf("hash-bigram", { tokens }).data;
  const before = idsOf("hash-before", { tokens }).data;
  const position = idsOf("hash-position", { tokens }).data;
  // Odd tokens are all 3: the bigram tells them apart by the token before, as its hash alone does.
  assert(new Set(bigram.filter((_, t) => t % 2)).size > 2);
  assert(new Set(before.filter((_, t) => t % 2)).size > 2);
  assertEquals(new Set(before.filter((_, t) => t % 2 === 0 && t % 8)).size, 1);
  for (let t = 8; t < 32; t++) assertEquals(position[t], position[t % 8]);
  assert(new Set(position).size > 2);
});

Deno.test("the balanced table's loads are within one of the mean for equal frequencies", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 16 }),
      (ids, experts) => {
        const table = balancedTable(new Float64Array(ids).fill(0.1), { experts });
        const counts = countsOf(hostIndices([ids, 1], table), experts);
        assert(counts.every((n) => Math.abs(n - ids / experts) < 1), `${counts}`);
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("the balanced table evens out a skewed text better than a hash", () => {
  const frequencies = Array.from({ length: 200 }, (_, id) => 1 / (id + 1));
  const load = (table: ArrayLike<number>) => {
    const loads = new Float64Array(8);
    frequencies.forEach((f, id) => loads[table[id]] += f);
    return Math.max(...loads) / (loads.reduce((a, b) => a + b) / 8);
  };
  // The commonest id alone is 1.36 of the mean.
  assert(load(balancedTable(frequencies, { experts: 8 })) < 1.37);
  assert(load(frequencies.map((_, id) => id % 8)) > 1.8);
});

Deno.test("a recipe's frequencies reach the table", () => {
  const row = rowOf(fixedRecipes, "hash-balanced");
  const frequencies = Array.from({ length: 20 }, (_, id) => id === 4 ? 100 : 1);
  const select = { kind: "hash", of: "balanced", hashes: 1, frequencies } as const;
  const tokens = hostIndices([32, 1], Array.from({ length: 32 }, (_, t) => t % 20));
  const { ids } = dispatched(route({ ...row, select }, { tokens }).gated, "choice");
  // Id 4 is as common as all the others together: it has an expert to itself.
  ids.data.forEach((e, t) => assertEquals(e === ids.data[4], t % 20 === 4));
});

Deno.test("clusters hold neighbours together, and dispersion parts them evenly", () => {
  // Three far clusters of four ids on a line.
  const embedding = Array.from({ length: 12 }, (_, id) => 100 * Math.floor(id / 4) + id % 4);
  const options = { experts: 3, seed: 1, embedding, width: 1 };
  const clusters = clusteredTable(12, options);
  for (let id = 0; id < 12; id++) assertEquals(clusters[id], clusters[id - id % 4]);
  assertEquals(new Set(clusters).size, 3);
  const dispersed = dispersedTable(12, options);
  assertEquals(countsOf(hostIndices([12, 1], dispersed), 3), [4, 4, 4]);
  for (let c = 0; c < 3; c++) assertEquals(new Set(dispersed.slice(4 * c, 4 * c + 4)).size, 3);
});

Deno.test("each of several hashes stays in its own bank, and banks are added whole", () => {
  const { gated } = route(rowOf(fixedRecipes, "multi-hash"));
  const { ids, weights } = dispatched(gated, "choice");
  for (const [a, b] of rowsOf(ids)) assert(a < 4 && b >= 4 && b < 8, `${a} ${b}`);
  assert(weights.data.every((w) => w === 1));
});

Deno.test("chance picks different experts in each step, all about as often", () => {
  const row = rowOf(fixedRecipes, "thor");
  const two = { ...row, select: { kind: "random", k: 2 } as const };
  const counts = new Array<number>(8).fill(0);
  for (let step = 0; step < 100; step++) {
    const { ids } = dispatched(route(two, { step }).gated, "choice");
    for (const [a, b] of rowsOf(ids)) {
      assertNotEquals(a, b);
      counts[a]++;
      counts[b]++;
    }
  }
  // 6400 draws, 800 each; four standard deviations are 106.
  assert(counts.every((n) => Math.abs(n - 800) < 106), `${counts}`);
  assertNotEquals(idsOf("thor", { step: 0 }).data, idsOf("thor", { step: 1 }).data);
  assertEquals(idsOf("thor", { step: 1 }).data, idsOf("thor", { step: 1 }).data);
});

Deno.test("a tag is an expert, and more tags than experts share", () => {
  for (const id of ["demix", "task-moe", "m2m-100"]) {
    const { gated, input } = route(rowOf(fixedRecipes, id), { shape: { experts: 2, tags: 3 } });
    const { ids, weights } = dispatched(gated, "choice");
    ids.data.forEach((e, t) => assertEquals(e, input.tags.data[t] % 2));
    assert(weights.data.every((w) => w === 1));
  }
});

Deno.test("random routed experts stay in the group of the tag", () => {
  const seen = new Map<string, number>();
  for (let seed = 1; seed < 20; seed++) {
    const { gated, input } = route(rowOf(fixedRecipes, "pangu-sigma"), { seed });
    dispatched(gated, "choice").ids.data.forEach((e, t) => {
      const [tag, token] = [input.tags.data[t], input.tokens.data[t]];
      assertEquals(Math.floor(e / 2), tag);
      const key = `${tag} ${token}`;
      assertEquals(seen.get(key) ?? e, e);
      seen.set(key, e);
    });
  }
  assertEquals(new Set(seen.values()).size, 6);
});
