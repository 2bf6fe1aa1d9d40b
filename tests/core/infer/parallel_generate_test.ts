/** Generation with attention experts: with a cache as without, what it takes, and launches of a token. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { modelTensors } from "../../../core/checkpoints/model_tensors.ts";
import { angleTable } from "../../../core/infer/angles.ts";
import { cacheWidths, createCache } from "../../../core/infer/cache.ts";
import { recordPass } from "../../../core/infer/forward.ts";
import { generate } from "../../../core/infer/generate.ts";
import { createInference } from "../../../core/infer/inference.ts";
import { inferenceKernels } from "../../../core/infer/kernels.ts";
import { likeliest } from "../../../core/infer/sample.ts";
import { weightsInMemory } from "../../../core/infer/weight_source.ts";
import { loadWeights } from "../../../core/infer/weights.ts";
import type { Device } from "../../../kernels/device.ts";
import { createRecorder, type Recorder } from "../../../kernels/recorder.ts";
import { createPool } from "../../../kernels/tensor.ts";
import { withDevice } from "../../kernels/compare.ts";
import { bam, type Mixed, mixedModels } from "./made_up/bam.ts";

const prompt = [3, 14, 25, 7, 18];
const gate = "bam-ffn";

const running = (device: Device, { model, settings, weights }: Mixed, maxTokens: number) =>
  createInference(device, { model, settings, weights: weightsInMemory(weights), maxTokens });

Deno.test(
  "greedy generation with a cache gives the tokens and logits of reading everything each time",
  withDevice(async (_, device) => {
    for (const kv of ["expert", "shared"] as const) {
      for (const routing of [undefined, { topK: 2, over: "all" } as const]) {
        const inference = await running(device, bam({ kv, routing, gate }), 24);
        const { ids, ended } = await generate(inference, prompt, { maxTokens: 8 });
        assertEquals([ids.length, ended], [8, "length"]);
        inference.rewind(0);
        let cached = await inference.prefill(prompt);
        for (const [i, id] of ids.entries()) {
          const read = inference.length;
          inference.rewind(0);
          const afresh = await inference.prefill([...prompt, ...ids.slice(0, i)]);
          assertEquals(inference.length, read);
          assertEquals([likeliest(afresh), cached], [id, afresh], `${kv} token ${i}`);
          cached = await inference.step(id);
        }
        inference.close();
      }
    }
  }),
);

Deno.test(
  "a seed says which tokens a mixture draws, and a step takes no new memory",
  withDevice(async (_, device) => {
    const inference = await running(device, bam({ kv: "expert", gate }), 40);
    const drawn = async (seed: number) =>
      (await generate(inference, prompt, { maxTokens: 10, temperature: 1.5, seed })).ids;
    const first = await drawn(1);
    assertEquals(await drawn(1), first);
    assertNotEquals(await drawn(2), first);
    inference.rewind(prompt.length);
    await inference.step(1);
    const before = inference.bytes();
    await inference.step(2);
    assertEquals(inference.bytes(), before);
    inference.close();
  }),
);

Deno.test(
  "own keys and values take as much of a cache as all their models, shared ones as one",
  withDevice(async (_, device) => {
    const plain = mixedModels["dense, one norm"]();
    const perToken = (mixed: Mixed) => cacheWidths(mixed.model, "heads").reduce((a, b) => a + b);
    const forms = [plain, bam({ kv: "shared", gate }), bam({ kv: "expert", gate })];
    const widths = forms.map(perToken);
    // Two key heads of width 8, and as many values.
    assertEquals(widths, [32, 32, 96]);

    const bytes = async (mixed: Mixed, tokens: number) => {
      const inference = await running(device, mixed, tokens);
      const { live } = inference.bytes().state;
      inference.close();
      return live;
    };
    const [few, many] = [4096, 8192];
    for (const [i, mixed] of forms.entries()) {
      const grown = await bytes(mixed, many) - await bytes(mixed, few);
      // Beside the cache of two layers, the angles of eight channels.
      assertEquals(grown, (many - few) * 4 * (2 * widths[i] + 8));
    }
  }),
);

/** The labels of the launches of one token after some others, in order. */
async function launchesOf(device: Device, mixed: Mixed): Promise<string[]> {
  const { model, settings, weights } = mixed;
  const pool = createPool(device);
  const source = weightsInMemory(weights);
  const loaded = await loadWeights(pool, modelTensors(model, settings), {
    ...{ source, storage: "f32" },
  });
  const recorder = createRecorder(pool);
  const labels: string[] = [];
  const counting: Recorder = {
    ...recorder,
    launch(launch) {
      labels.push(launch.label);
      recorder.launch(launch);
    },
  };
  const running = {
    ...{ model, settings, weights: loaded, angles: angleTable(pool, settings.rope, 16) },
    kernels: inferenceKernels(device).step,
  };
  const cache = createCache(pool, model, { kind: "heads", tokens: 16 });
  recordPass(counting, { running, cache, past: 9, ids: pool.upload("id", [1], Uint32Array.of(3)) });
  recorder.submit();
  return labels;
}

Deno.test(
  "a token takes as many launches for many attention experts as for few: each product is of all",
  withDevice(async (_, device) => {
    const soft = await launchesOf(device, bam({ kv: "expert", gate }));
    const at = "layers.0.attention";
    assertEquals(soft.slice(1, 14), [
      ...[`${at}.norm`, `${at}.q`, "rope", `${at}.k`, "rope", "cache keys", `${at}.v`],
      ...["cache values", "attention forward", "attention router", "attention gate"],
      ...["weigh heads", `${at}.out`],
    ]);
    // Embedding, the last norm, logits; behind each layer's attention its networks.
    assertEquals(soft.length, 3 + 2 * (13 + 8));
    assertEquals(await launchesOf(device, bam({ kv: "shared", gate })), soft);

    const two = bam({ kv: "expert", gate, domains: 2 });
    const five = bam({ kv: "expert", gate, domains: 5 });
    const counts = [await launchesOf(device, two), await launchesOf(device, five)];
    assertEquals(counts, [soft, soft]);

    // Beside plain attention: a router, its softmax, and one pass over the heads.
    const plain = await launchesOf(device, mixedModels["a mixture of networks"]());
    const bestTwo = await launchesOf(device, bam({ kv: "expert", topK: 2 }));
    assertEquals(bestTwo.length - plain.length, 2 * 3);
    const best = await launchesOf(
      device,
      bam({ kv: "expert", routing: { topK: 1, over: "all" }, gate }),
    );
    // Which are best, and the others' shares put to 0.
    assertEquals(best.length - soft.length, 2 * 2);
  }),
);
