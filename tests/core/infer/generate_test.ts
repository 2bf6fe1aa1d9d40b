/** Generation: with a cache as without one, by seed, and why it ends. */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { generate } from "../../../core/infer/generate.ts";
import { likeliest } from "../../../core/infer/sample.ts";
import { withDevice } from "../../kernels/compare.ts";
import { inferenceOf, someIds } from "./compared.ts";

const prompt = someIds(6);

Deno.test(
  "greedy generation with a cache gives the tokens and logits of reading everything each time",
  withDevice(async (_, device) => {
    for (const name of ["mixtral", "deepseek_v2", "gpt_oss"] as const) {
      const { inference } = await inferenceOf(device, name);
      const { ids, ended } = await generate(inference, prompt, { maxTokens: 12, ends: [] });
      assertEquals([ids.length, ended], [12, "length"]);
      inference.rewind(0);
      let cached = await inference.prefill(prompt);
      for (const [i, id] of ids.entries()) {
        const read = inference.length;
        inference.rewind(0);
        const afresh = await inference.prefill([...prompt, ...ids.slice(0, i)]);
        assertEquals(inference.length, read);
        assertEquals(likeliest(afresh), id, `${name} token ${i}`);
        assertEquals(cached, afresh, `${name} logits ${i}`);
        cached = await inference.step(id);
      }
      inference.close();
    }
  }),
);

Deno.test(
  "a seed says which tokens are drawn, and a generation says why it ends",
  withDevice(async (_, device) => {
    const { made, inference } = await inferenceOf(device, "qwen3_moe", { maxTokens: 16 });
    const drawn = async (seed: number) => {
      const shown: [number, number][] = [];
      const told = { maxTokens: 8, temperature: 5, topK: 60, topP: 0.99, seed, ends: [] };
      const { ids } = await generate(inference, prompt, {
        ...told,
        onToken: (id, index) => shown.push([index, id]),
      });
      assertEquals(shown, ids.map((id, index) => [index, id]));
      return ids;
    };
    const first = await drawn(1);
    assertEquals(await drawn(1), first);
    assertNotEquals(await drawn(2), first);

    const greedy = await generate(inference, prompt, { maxTokens: 100, ends: [] });
    // Ten more tokens fit; the last one that is drawn need not be read.
    assertEquals([greedy.ids.length, greedy.ended], [11, "room"]);
    const end = greedy.ids[3];
    const at = greedy.ids.indexOf(end);
    const stopped = await generate(inference, prompt, { maxTokens: 100, ends: [end] });
    assertEquals(stopped, { ids: greedy.ids.slice(0, at + 1), ended: "end" });
    assertEquals(made.settings.ends, [2, 5]);
    inference.close();
  }),
);

Deno.test(
  "a signal ends a generation between two tokens",
  withDevice(async (_, device) => {
    const { inference } = await inferenceOf(device, "llama");
    const controller = new AbortController();
    const made: number[] = [];
    const onToken = (id: number) => {
      if (made.push(id) === 3) controller.abort(new Error("enough"));
    };
    const told = { maxTokens: 20, ends: [], signal: controller.signal, onToken };
    await assertRejects(() => generate(inference, prompt, told), Error, "enough");
    assertEquals(made.length, 3);
    // What is left behind is no hindrance.
    const { ids } = await generate(inference, prompt, { maxTokens: 3, ends: [] });
    assertEquals(ids, made);
    inference.close();
  }),
);

Deno.test(
  "tokens and sizes that cannot be are refused",
  withDevice(async (_, device) => {
    const { inference } = await inferenceOf(device, "llama", { maxTokens: 8 });
    const refused = (work: () => Promise<unknown>, words: string) =>
      assertRejects(work, TypeError, words);
    await refused(() => inference.read([1, 97]), "found 97, wanted whole numbers from 0 to 96");
    await refused(() => inference.read([0.5]), "found 0.5");
    await refused(() => inference.read([]), "found none");
    await refused(() => inference.read(someIds(9)), "after 0 with llama: the cache has room for 8");
    await refused(() => generate(inference, [1], { maxTokens: 0 }), "found 0 as maxTokens");
    await refused(
      () => generate(inference, [1], { maxTokens: 1, topP: 0 }),
      "found 0 as topP, wanted more than 0 and at most 1",
    );
    assertEquals(inference.length, 0, "nothing was read");
    await inference.read(someIds(8));
    await refused(() => inference.step(1), "after 8");
    assert(inference.length === inference.maxTokens);
    inference.close();
    await refused(() => inferenceOf(device, "llama", { maxTokens: 0 }), "found 0 as maxTokens");
    await refused(() => inferenceOf(device, "llama", { passTokens: 1.5 }), "1.5 as passTokens");
  }),
);
