/** How weights come to the device: in any slices, from folders, and not at all where they do not fit. */
import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { openModelFolder } from "../../../core/checkpoints/folder.ts";
import { memoryFiles } from "../../../core/checkpoints/memory_files.ts";
import { writeModelFolder } from "../../../core/checkpoints/write.ts";
import { stretchedFrequencies } from "../../../core/infer/angles.ts";
import { createInference } from "../../../core/infer/inference.ts";
import { ownedFrom } from "../../../core/infer/owned.ts";
import { unitsOf, weightsOfFolder, type WeightSource } from "../../../core/infer/weight_source.ts";
import { split } from "../../../kernels/base/random.ts";
import { withDevice } from "../../kernels/compare.ts";
import { inferenceOf, someIds } from "./compared.ts";
import { frequencies } from "./oracle/rope.ts";
import { madeUp } from "./made_up/architectures.ts";

/** Numbers 0 to n - 1 in slices of random lengths, empty ones among them. */
const sliced = (n: number, seed: number): WeightSource => ({
  *slices() {
    const stream = split(seed, "slices");
    for (let from = 0; from < n;) {
      const end = Math.min(n, from + stream.int(0, 9));
      yield { from, values: Float32Array.from({ length: end - from }, (_, i) => from + i) };
      from = end;
    }
  },
});

Deno.test("units are the numbers in order, however they were sliced", async () => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 12 }),
    columns: fc.integer({ min: 1, max: 6 }),
    unit: fc.integer({ min: 1, max: 30 }),
    seed: fc.integer(),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ rows, columns, unit, seed }) => {
      const n = rows * columns;
      const tensor = { name: "w", shape: [rows, columns] };
      const found: number[] = [];
      let next = 0;
      for await (const { index, values } of unitsOf(tensor, { source: sliced(n, seed), unit })) {
        assertEquals(index, next++);
        assertEquals(values.length, Math.min(unit, n - index * unit));
        found.push(...values);
      }
      assertEquals(found, Array.from({ length: n }, (_, i) => i));
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("a source that gives too few or too many numbers is told so", async () => {
  const read = async (n: number) => {
    const units = unitsOf({ name: "w", shape: [4, 2] }, { source: sliced(n, 1), unit: 3 });
    for await (const { values } of units) assertEquals(values.length <= 3, true);
  };
  await assertRejects(() => read(7), RangeError, "Cannot load w [4, 2]: found 7 numbers, wanted 8");
  await assertRejects(() => read(40), RangeError, "and more, wanted 8");
});

Deno.test(
  "a folder's weights give the logits of those in memory",
  withDevice(async (_, device) => {
    const ids = someIds(9);
    for (const name of ["mixtral", "gpt_oss", "deepseek_v3"] as const) {
      const { made: { config, tensors }, inference } = await inferenceOf(device, name);
      const wanted = await inference.prefill(ids);
      inference.close();
      const files = memoryFiles();
      const values = ({ name }: { name: string }) => tensors[name].data as Float32Array;
      await writeModelFolder(name, { config, files, values, dtype: "F32", maxShardBytes: 2e5 });
      const folder = await openModelFolder(name, { files });
      const { model, settings } = folder;
      const weights = weightsOfFolder(folder);
      const read = await createInference(device, { model, settings, weights, maxTokens: 16 });
      folder.close();
      assertEquals(await read.prefill(ids), wanted, name);
      read.close();
    }
  }),
);

Deno.test(
  "what was taken for a model that cannot be loaded is given back",
  withDevice(async (pool, device) => {
    const { model, settings, tensors } = madeUp("mixtral");
    const weights: WeightSource = {
      slices(name) {
        if (name === "layers.1.moe.down") throw new Error("the disk is gone");
        return [{ from: 0, values: tensors[name].data as Float32Array }];
      },
    };
    const options = { model, settings, weights, maxTokens: 8 };
    await assertRejects(() => createInference(device, options), Error, "the disk is gone");

    const owned = ownedFrom(pool);
    owned.pool.tensor("a", [8, 8]);
    owned.pool.upload("b", [1], Float32Array.of(1));
    owned.release();
    assertEquals(pool.bytes().live, 0);
  }),
);

Deno.test("stretched frequencies are those of an account of their own", () => {
  const length = fc.constantFrom(32, 4096, 8192);
  const factor = fc.double({ min: 1, max: 40, noNaN: true });
  const scaling = fc.oneof(
    fc.constant(undefined),
    fc.record({ kind: fc.constant("linear" as const), factor }),
    fc.record({
      ...{ kind: fc.constant("llama3" as const), factor, length },
      lowFactor: fc.double({ min: 0.5, max: 2, noNaN: true }),
      highFactor: fc.double({ min: 3, max: 8, noNaN: true }),
    }),
    fc.record({
      ...{ kind: fc.constant("yarn" as const), factor, length, rounded: fc.boolean() },
      ...{ fast: fc.constantFrom(32, 1), slow: fc.constant(1), magnitude: fc.constant(1.2) },
    }),
  );
  const ropes = fc.record({
    theta: fc.constantFrom(10_000, 150_000, 1e6),
    dim: fc.constantFrom(8, 64, 128),
    pairs: fc.constant("halves" as const),
    scaling,
  });
  fc.assert(
    fc.property(ropes, (rope) => {
      const wanted = frequencies(rope);
      stretchedFrequencies(rope).forEach((frequency, c) =>
        assertAlmostEquals(frequency / wanted[c], 1, 1e-9)
      );
    }),
    { seed: 1, numRuns: 300 },
  );
});
