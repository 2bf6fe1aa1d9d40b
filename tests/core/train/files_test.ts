/** Whole files or none: on the disk, and on one that ends at every operation. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { diskReader, diskStore, writeWhole } from "../../../core/train/files.ts";
import { DiskEnds, memoryStore } from "./memory_store.ts";

const folder = ".moelab/test_files";
const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);
const bytes = (words: string) => new TextEncoder().encode(words);

Deno.test("a disk that ends at any operation leaves the old file whole", async () => {
  const pieces = ["one ", "two ", "three"].map(bytes);
  const whole = memoryStore();
  await writeWhole("a", [bytes("old")], { store: whole });
  const before = whole.operations;
  await writeWhole("a", pieces, { store: whole });
  const needed = whole.operations - before;
  assertEquals(needed, 1 + 3 + 1 + 1);
  assertEquals([[...whole.files.keys()], text(whole.files.get("a"))], [["a"], "one two three"]);
  for (let at = 0; at < needed; at++) {
    const store = memoryStore();
    await writeWhole("a", [bytes("old")], { store });
    store.endsAt = store.operations + at;
    await assertRejects(() => writeWhole("a", pieces, { store }), DiskEnds);
    assertEquals(text(store.files.get("a")), "old", `operation ${at}`);
    store.endsAt = undefined;
    await writeWhole("a", pieces, { store });
    assertEquals([[...store.files.keys()], text(store.files.get("a"))], [["a"], "one two three"]);
  }
});

Deno.test("a writer that fails once is cleaned up after", async () => {
  const store = memoryStore();
  const failing = function* () {
    yield bytes("half");
    throw new Error("full");
  };
  await assertRejects(() => writeWhole("a", failing(), { store }), Error, "full");
  assertEquals([...store.files.keys()], []);
});

Deno.test("the disk writes, replaces, reads in pieces and lists", async () => {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const path = `${folder}/deep/a.bin`;
  assertEquals(await diskStore.open(path), undefined);
  await writeWhole(path, [bytes("old and longer than new")]);
  await writeWhole(path, [bytes("ne"), bytes("w")]);
  assertEquals(await diskReader.text(path), "new");
  assertEquals(await diskReader.list(`${folder}/deep`), ["a.bin"]);
  const file = (await diskStore.open(path))!;
  assertEquals([file.size, text(await file.read(1, 2)), text(await file.read(2, 9))], [
    3,
    "ew",
    "w",
  ]);
  assertEquals((await file.read(5, 5)).length, 0);
  file.close();
  // What a kill left is written over.
  await Deno.writeTextFile(`${path}.part`, "left over");
  await writeWhole(path, [bytes("newer")]);
  assertEquals(await diskReader.list(`${folder}/deep`), ["a.bin"]);
  await diskStore.remove(`${folder}/nothing`);
  await assertRejects(() => writeWhole(`${path}/below`, [bytes("x")]));
  assert((await diskReader.text(path)) === "newer");
  await Deno.remove(folder, { recursive: true });
});
