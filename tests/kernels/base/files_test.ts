import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { readTextFileIfAny, stableJson, writeTextFile } from "../../../kernels/base/files.ts";
import { inFolder } from "../../experiments/world.ts";

Deno.test("a file is written whole, in folders that are made, and leaves nothing beside it", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a/b/c.json`;
    assertEquals(await readTextFileIfAny(path), undefined);
    await writeTextFile(path, "one");
    await writeTextFile(path, "two");
    assertEquals(await readTextFileIfAny(path), "two");
    assertEquals([...Deno.readDirSync(`${folder}/a/b`)].map(({ name }) => name), ["c.json"]);
  }));

Deno.test("a file that cannot be put in its place leaves the old and no temporary one", () =>
  inFolder(async (folder) => {
    const path = `${folder}/taken`;
    await Deno.mkdir(`${path}/inside`, { recursive: true });
    await assertRejects(() => writeTextFile(path, "text"));
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["taken"]);
  }));

Deno.test("what is there and cannot be read is no absent file", () =>
  inFolder(async (folder) => {
    await assertRejects(() => readTextFileIfAny(folder));
  }));

Deno.test("same value, same bytes: keys are sorted at every depth, lists are not", () => {
  assertEquals(
    stableJson({ b: [{ d: 1, c: 2 }, 0], a: null }, 0),
    '{"a":null,"b":[{"c":2,"d":1},0]}\n',
  );
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
    fc.pre(!Object.hasOwn(value, "__proto__"));
    const turned = Object.fromEntries(Object.entries(value).reverse());
    assertEquals(stableJson(turned), stableJson(value));
    assertEquals(JSON.parse(stableJson(value)), JSON.parse(JSON.stringify(value)));
  }));
});
