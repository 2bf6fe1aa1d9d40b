/** What is written is read bit by bit, in every architecture, type and number of shards. */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { openModelFolder } from "../../../core/checkpoints/folder.ts";
import { memoryFiles } from "../../../core/checkpoints/memory_files.ts";
import { readTensor, tensorSlices } from "../../../core/checkpoints/read.ts";
import type { WrittenType } from "../../../core/checkpoints/file_tensors.ts";
import { writeModelFolder } from "../../../core/checkpoints/write.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { DiskEnds, memoryStore } from "../train/memory_store.ts";
import { anyConfig, configOf, drawnTypes, eighths, tensorsOf } from "./drawn_configs.ts";

const sameBits = (a: Float32Array, b: Float32Array) =>
  assertEquals(new Uint32Array(a.slice().buffer), new Uint32Array(b.slice().buffer));

for (const type of drawnTypes) {
  Deno.test(`${type}: random tensors are written and read bit by bit`, async () => {
    const cases = fc.record({
      config: configOf(type),
      dtype: fc.constantFrom<WrittenType>("F32", "F16", "BF16"),
      maxShardBytes: fc.constantFrom(1, 500, 3000, 1e9),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ config, dtype, maxShardBytes, seed }) => {
        const files = memoryFiles();
        const values = (tensor: { name: string; shape: readonly number[] }) =>
          eighths(tensor, seed);
        await writeModelFolder("x", { config, dtype, maxShardBytes, files, values });
        const folder = await openModelFolder("x", { files });
        assertEquals(folder.tensors, tensorsOf(config));
        assertEquals(folder.leftOut, []);
        assertEquals(
          folder.shards.length > 1,
          files.contents.has("x/model.safetensors.index.json"),
        );
        for (const tensor of folder.tensors) {
          sameBits(await readTensor(folder, tensor.name), values(tensor));
        }
        folder.close();
      }),
      { seed: 1, numRuns: 12 },
    );
  });
}

Deno.test("the slices of a tensor are the tensor, one expert after another", async () => {
  await fc.assert(
    fc.asyncProperty(anyConfig, fc.integer({ min: 1, max: 60 }), async (config, elements) => {
      const files = memoryFiles();
      await writeModelFolder("x", { config, files, values: eighths });
      const folder = await openModelFolder("x", { files });
      for (const tensor of folder.tensors) {
        const all = eighths(tensor);
        let end = 0;
        for await (const { from, values } of tensorSlices(folder, tensor.name, { elements })) {
          assertEquals(from, end);
          end += values.length;
          sameBits(values, all.subarray(from, end));
          if (/moe\.(up|down)/.test(tensor.name)) {
            assertEquals(values.length, all.length / tensor.shape[0]);
          } else if (/^(embedding|head)$/.test(tensor.name)) {
            assert(values.length <= Math.max(elements, tensor.shape[1]), "rows of a table");
          }
        }
        assertEquals(end, all.length);
      }
    }),
    { seed: 1, numRuns: 30 },
  );
});

Deno.test("a shard has at most the bytes that it may have, unless one tensor has more", async () => {
  const [config] = fc.sample(configOf("qwen3_moe"), { seed: 3, numRuns: 1 });
  const files = memoryFiles();
  const written = await writeModelFolder("x", {
    ...{ config, files, values: eighths, dtype: "F32", maxShardBytes: 1500 },
  });
  const folder = await openModelFolder("x", { files });
  assert(folder.shards.length > 2);
  for (const { name } of folder.shards) {
    const inside = [...folder.context.files.values()].filter(({ shard }) => shard === name);
    const bytes = inside.reduce((n, { entry }) => n + entry.bytes, 0);
    assert(bytes <= 1500 || inside.length === 1, `${name}: ${bytes}`);
  }
  assertEquals(written.slice(-2), ["model.safetensors.index.json", "config.json"]);
  assertEquals(
    written[0],
    `model-00001-of-${`${folder.shards.length}`.padStart(5, "0")}.safetensors`,
  );
});

Deno.test("reads at the same time do not disturb each other", async () => {
  const [config] = fc.sample(configOf("mixtral"), { seed: 5, numRuns: 1 });
  const files = memoryFiles();
  await writeModelFolder("x", { config, files, values: eighths, maxShardBytes: 400 });
  // A file that keeps one place, as those of the disk do.
  const slow = {
    async open(path: string) {
      const source = await files.open(path);
      let place = 0;
      return source && {
        ...source,
        async read(at: number, length: number) {
          place = at;
          await new Promise((done) => setTimeout(done, 0));
          return await source.read(place, length);
        },
      };
    },
  };
  const folder = await openModelFolder("x", { files: slow });
  const names = folder.tensors.slice(0, 8);
  const all = await Promise.all(names.map(({ name }) => readTensor(folder, name)));
  for (const [i, tensor] of names.entries()) sameBits(all[i], eighths(tensor));
});

Deno.test("a disk that ends at any operation leaves no folder that opens wrongly", async () => {
  const [config] = fc.sample(configOf("olmoe"), { seed: 2, numRuns: 1 });
  const options = { config, values: eighths, maxShardBytes: 2000 };
  const whole = memoryStore();
  await writeModelFolder("x", { ...options, files: whole });
  const needed = whole.operations;
  for (let at = 0; at < needed; at += 7) {
    const files = memoryStore();
    files.endsAt = at;
    await assertRejects(() => writeModelFolder("x", { ...options, files }), DiskEnds);
    await assertRejects(() => openModelFolder("x", { files }), UserError, "found no config.json");
    files.endsAt = undefined;
    await writeModelFolder("x", { ...options, files });
    const folder = await openModelFolder("x", { files });
    sameBits(await readTensor(folder, "embedding"), eighths(folder.tensors[0]));
  }
});

Deno.test("a folder is written and read on the disk", async () => {
  const path = ".moelab/test_model_folder/Some Model-v1";
  await Deno.remove(".moelab/test_model_folder", { recursive: true }).catch(() => {});
  const [config] = fc.sample(configOf("gpt_oss"), { seed: 2, numRuns: 1 });
  await writeModelFolder(path, { config, values: eighths, maxShardBytes: 2000 });
  const folder = await openModelFolder(path);
  assertEquals(folder.model.id, "some-model-v1");
  for (const tensor of folder.tensors) {
    sameBits(await readTensor(folder, tensor.name), eighths(tensor));
  }
  folder.close();
  await assertRejects(
    () => writeModelFolder(path, { config, values: eighths }),
    UserError,
    "found a config.json, wanted none there",
  );
  await Deno.remove(".moelab/test_model_folder", { recursive: true });
});

Deno.test("values that do not fit a shape are refused, and other seeds are other values", async () => {
  const [config] = fc.sample(configOf("llama"), { seed: 2, numRuns: 1 });
  await assertRejects(
    () =>
      writeModelFolder("x", { config, files: memoryFiles(), values: () => new Float32Array(1) }),
    RangeError,
    "Cannot write embedding: found 1 numbers, wanted",
  );
  const tensor = { name: "a", shape: [9] };
  assertNotEquals(eighths(tensor, 1), eighths(tensor, 2));
});
