import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { jsonTokens, readTokens } from "../../../experiments/checkpoints/tokenizer.ts";
import { byteTokens, type TextTokens } from "../../../experiments/checkpoints/tokens.ts";
import { inFolder } from "../world.ts";
import { bytePairJson } from "./tokenizer_files.ts";

const source = "mine/tokenizer.json";
const pairs = () => jsonTokens(bytePairJson(), { vocabulary: 300, source });

/** The text of ids as it is put together one by one. */
function streamed(tokens: TextTokens, ids: Uint32Array): string {
  const stream = tokens.stream();
  return Array.from(ids, (id) => stream.push(id)).join("") + stream.end();
}

for (
  const [name, tokens] of [["bytes", byteTokens({ vocabulary: 256 })], ["pairs", pairs()]] as const
) {
  Deno.test(`${name}: any text comes back, whole and token by token`, () => {
    const texts = fc.string({ unit: "grapheme", maxLength: 40 });
    fc.assert(
      fc.property(texts, (text) => {
        const ids = tokens.encode(text);
        assertEquals(tokens.decode(ids), text);
        assertEquals(streamed(tokens, ids), text);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
}

Deno.test("a tokenizer.json merges as it says, and its marks are not text", () => {
  const tokens = pairs();
  assertEquals([...tokens.encode("in the")], [73 + 32, 110, 258]);
  assertEquals([...tokens.encode("a<|end|>")], [97, 259]);
  assertEquals(tokens.decode([97, 259]), "a");
  const stream = tokens.stream();
  const heart = [...new TextEncoder().encode("♥")];
  assertEquals(heart.map((id) => stream.push(id)), ["", "", "♥"]);
});

Deno.test("bytes that never end a letter are shown in the end", () => {
  for (const tokens of [byteTokens({ vocabulary: 256 }), pairs()]) {
    const stream = tokens.stream();
    assertEquals([stream.push(65), stream.push(0xe2)], ["A", ""]);
    assertEquals(stream.end(), "\uFFFD");
  }
});

Deno.test("a token beyond the bytes is one letter that nobody knows", () => {
  assertEquals(byteTokens({ vocabulary: 300 }).decode([65, 270, 66]), "A\uFFFDB");
});

Deno.test("what is no tokenizer, or none of this model, is refused in a line", () => {
  for (const wrong of [null, [], {}, { model: {} }, { model: { type: "BPE" }, decoder: {} }]) {
    assertThrows(
      () => jsonTokens(wrong, { vocabulary: 300, source }),
      TypeError,
      "Cannot read text with mine/tokenizer.json",
    );
  }
  const tokens = jsonTokens(bytePairJson(), { vocabulary: 258, source });
  assertThrows(() => tokens.encode("in the"), TypeError, "found a token 258, wanted less than 258");
  assertThrows(() => byteTokens({ vocabulary: 255 }), TypeError, "found a vocabulary of 255");
});

Deno.test("a folder has the tokens of its tokenizer, or bytes, but never guesses", () =>
  inFolder(async (folder) => {
    const read = () => readTokens(folder, { vocabulary: 300 });
    assertEquals((await read()).name, "bytes of UTF-8");
    await Deno.writeTextFile(`${folder}/tokenizer.model`, "");
    await assertRejects(read, TypeError, "found tokenizer.model, wanted tokenizer.json");
    await Deno.writeTextFile(`${folder}/tokenizer.json`, "{");
    await assertRejects(read, TypeError, `Cannot read ${folder}/tokenizer.json`);
    await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(bytePairJson()));
    assertEquals([...(await read()).encode(" the")], [258]);
  }));
