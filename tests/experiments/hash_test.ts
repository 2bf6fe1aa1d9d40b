import { assertEquals, assertNotEquals } from "@std/assert";
import { contentId, sha256 } from "../../experiments/hash.ts";

Deno.test("sha256 gives the standard's example", async () => {
  assertEquals(
    await sha256("abc"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

Deno.test("a content id knows values and not the order of keys", async () => {
  const id = await contentId({ a: [1, 2], b: { c: 1, d: 2 } });
  assertEquals(await contentId({ b: { d: 2, c: 1 }, a: [1, 2] }), id);
  assertNotEquals(await contentId({ b: { d: 2, c: 1 }, a: [2, 1] }), id);
  assertEquals(/^[0-9a-f]{12}$/.test(id), true);
});
