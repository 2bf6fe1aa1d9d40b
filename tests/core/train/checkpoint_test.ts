/** Checkpoints: what they hold, and which are refused. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Checkpoint,
  checkTold,
  openCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
} from "../../../core/train/checkpoint.ts";
import { safetensorsOf, safetensorsPieces } from "../../../core/train/safetensors.ts";
import { writeWhole } from "../../../core/train/files.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { download } from "../../../kernels/mod.ts";
import { withDevice } from "../../kernels/compare.ts";
import { memoryStore } from "./memory_store.ts";
import { createToy } from "./toy.ts";

const path = "c.safetensors";
const told = { seed: 3, model: { layers: 2, moe: { experts: 8 } }, recipe: null };
const facts = { told, log: [{ step: 4, loss: 1.5 }], adapter: "here", kernels: { gemm: "x" } };

Deno.test(
  "a checkpoint holds every tensor, the steps and the facts, whatever the pitch of a tensor",
  withDevice(async (pool, device) => {
    const store = memoryStore();
    const values = {
      matrix: Float32Array.from({ length: 15 }, (_, i) => i / 7),
      ids: Uint32Array.of(1, 0xffffffff, 3),
      half: Float16Array.of(1, 0.5, -2, 65504, 3, 4, 5),
    };
    const tensors = {
      matrix: pool.upload("matrix", [3, 5], values.matrix),
      ids: pool.upload("ids", [3, 1], values.ids),
      half: pool.upload("half", [7], values.half),
    };
    const one = { steps: 12, tensors: () => tensors };
    await saveCheckpoint(device, one, { path, facts, store });
    const opened = (await openCheckpoint(path, { store }))!;
    assertEquals({ ...opened, header: 0, file: 0 }, {
      ...facts,
      path,
      steps: 12,
      header: 0,
      file: 0,
    });
    pool.write(tensors.matrix, new Float32Array(15));
    pool.write(tensors.ids, new Uint32Array(3));
    pool.write(tensors.half, new Float16Array(7));
    one.steps = 0;
    await restoreCheckpoint(device, one, opened);
    assertEquals(one.steps, 12);
    assertEquals(await download(device, Object.values(tensors)), Object.values(values) as never);
    pool.release(...Object.values(tensors));
  }),
);

Deno.test("a checkpoint of another training is refused by the field that differs", () => {
  const checkpoint = { path, told } as unknown as Checkpoint;
  const message = (other: Parameters<typeof checkTold>[1]) =>
    assertThrows(() => checkTold(checkpoint, other), UserError).message;
  checkTold(checkpoint, { ...told, model: { moe: { experts: 8 }, layers: 2 } });
  const end = "; another path begins a training anew";
  assertEquals(
    message({ ...told, seed: 4 }),
    `Cannot resume from c.safetensors: found 3 as seed, wanted 4${end}`,
  );
  assertEquals(
    message({ ...told, model: { layers: 2, moe: { experts: 16 } } }),
    `Cannot resume from c.safetensors: found 8 as model.moe.experts, wanted 16${end}`,
  );
  assertEquals(
    message({ ...told, recipe: { id: "switch" } }),
    `Cannot resume from c.safetensors: found null as recipe, wanted {"id":"switch"}${end}`,
  );
  assertEquals(
    message({ seed: 3, model: told.model, extra: 1 }),
    `Cannot resume from c.safetensors: found null as extra, wanted 1${end}`,
  );
});

Deno.test("no file is no checkpoint, and a file of something else is refused", async () => {
  const store = memoryStore();
  assertEquals(await openCheckpoint(path, { store }), undefined);
  const refused = async (metadata: Record<string, string>) => {
    const w = safetensorsOf(Float32Array.of(1), [1]);
    await writeWhole(path, safetensorsPieces({ w }, metadata), { store });
    return (await assertRejects(() => openCheckpoint(path, { store }), UserError)).message;
  };
  assertEquals(
    await refused({ format: "pt" }),
    "Cannot resume from c.safetensors: found no training in its metadata, wanted a checkpoint of " +
      "moelab",
  );
  const moelab = { format: 1, ...facts, steps: 3 };
  assertEquals(
    await refused({ moelab: JSON.stringify({ ...moelab, steps: -1 }) }),
    'Cannot read c.safetensors, metadata "moelab": at /steps expected at least 0 but found -1',
  );
  assertEquals(
    await refused({ moelab: JSON.stringify({ ...moelab, format: 2 }) }),
    'Cannot read c.safetensors, metadata "moelab": at /format expected one of 1 but found 2',
  );
});

Deno.test(
  "tensors of another model are refused before any is written",
  withDevice(async (_, device) => {
    const store = memoryStore();
    const toy = createToy(device);
    await saveCheckpoint(device, toy, { path, facts, store });
    const opened = (await openCheckpoint(path, { store }))!;
    const all = toy.tensors();
    const wanted = { ...all["m.layers.1.w"], shape: [4, 2] };
    const other = { steps: 7, tensors: () => ({ ...all, "m.layers.1.w": wanted }) };
    const refused = await assertRejects(() => restoreCheckpoint(device, other, opened), UserError);
    assertEquals(
      [refused.message, other.steps],
      ["Cannot use c.safetensors: found m.layers.1.w as F32 [8], wanted F32 [4, 2]", 7],
    );
    toy.close();
  }),
);
