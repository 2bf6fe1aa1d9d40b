/** Speed of models of drawn weights: the weights, what is priced, and the experiment on a tiny size. */
import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  layersOf,
  modelFromHuggingFace,
  modelTensors,
  settingsFromHuggingFace,
} from "../../../core/mod.ts";
import { unitsOf } from "../../../core/infer/weight_source.ts";
import { op } from "../../../kernels/base/mod.ts";
import { main } from "../../../experiments/cli.ts";
import { drawnWeights } from "../../../experiments/checkpoints/speed/drawn_weights.ts";
import { forwardOps, oneTokenRows } from "../../../experiments/checkpoints/speed/forward_price.ts";
import { productPlan } from "../../../experiments/checkpoints/speed/product_probes.ts";
import { layersThatFit } from "../../../experiments/checkpoints/speed/speed.ts";
import type { Result } from "../../../reports/result.ts";
import { inFolder, makeWorld } from "../world.ts";

const tiny = {
  ...{ model_type: "olmoe", num_hidden_layers: 3, hidden_size: 64, vocab_size: 512 },
  ...{ num_attention_heads: 4, num_key_value_heads: 4, intermediate_size: 32 },
  ...{ num_experts: 8, num_experts_per_tok: 2, rms_norm_eps: 1e-5, rope_theta: 10000 },
  ...{ tie_word_embeddings: false, max_position_embeddings: 512 },
};

const sized = (layers: number) => {
  const config = { ...tiny, num_hidden_layers: layers };
  return {
    model: modelFromHuggingFace(config, { id: "tiny" }),
    settings: settingsFromHuggingFace(config, { id: "tiny" }),
  };
};

Deno.test("drawn weights are whole, the same by their seed, and as large as they should be", () => {
  const { model, settings } = sized(1);
  const tensors = modelTensors(model, settings);
  const drawn = (seed: number, name: string) => {
    const slices = [
      ...drawnWeights(tensors, { seed }).slices(name) as Iterable<
        { from: number; values: Float32Array }
      >,
    ];
    slices.reduce((at, { from, values }) => (assertEquals(from, at), at + values.length), 0);
    return slices.flatMap(({ values }) => [...values]);
  };
  for (const { name, shape } of tensors) {
    assertEquals(drawn(1, name).length, shape.reduce((a, b) => a * b), name);
  }
  const up = drawn(1, "layers.0.moe.up");
  assertEquals(drawn(1, "layers.0.moe.up"), up);
  assert(up.some((x, i) => x !== drawn(2, "layers.0.moe.up")[i]));
  assertAlmostEquals(up.reduce((sum, x) => sum + x * x, 0) / up.length, 1 / 64, 1e-3);
  assertEquals(new Set(drawn(1, "layers.0.attention.qNorm")), new Set([1]));
  const matrix = up.slice(0, 64 * 32);
  const other = up.slice(64 * 32, 2 * 64 * 32);
  assert(matrix.some((x, i) => x !== other[i]), "experts differ");
  assertThrows(() => drawn(1, "layers.7.moe.up"), RangeError, "is no tensor of the model");
});

Deno.test("drawn weights come in units of any size", async () => {
  const { model, settings } = sized(1);
  const tensors = modelTensors(model, settings);
  const source = drawnWeights(tensors, { seed: 1 });
  const down = tensors.find(({ name }) => name === "layers.0.moe.down")!;
  let numbers = 0;
  for await (const { values } of unitsOf(down, { source, unit: 1000 })) numbers += values.length;
  assertEquals(numbers, 8 * 32 * 64);
});

Deno.test("as many layers are run as there is room for, and one at least", () => {
  const words = { storage: "f32", maxTokens: 16, halves: true, textures: false } as const;
  const fit = (room: number) => layersThatFit(sized, { all: 3, room, words });
  assertEquals([fit(1e9), fit(1)], [3, 1]);
  const two = [...Array(400).keys()].map((i) => fit(10_000 * i));
  assertEquals([...new Set(two)], [1, 2, 3], "more room, more layers");
});

Deno.test("a forward pass is lowered with logits of its last token and the rows that were chosen", () => {
  const { model } = sized(2);
  const rows = oneTokenRows(model)!;
  assertEquals(rows[1], [1, 1, 0, 0, 0, 0, 0, 0]);
  const decode = forwardOps(model, { tokens: 1, past: 20, layerRows: rows });
  const attention = decode.find(({ kind }) => kind === "attention")!;
  assertEquals((attention.dims as { s: number }).s, 42);
  const prefill = forwardOps(model, { tokens: 20, past: 0 });
  const logits = prefill.find(({ name }) => name === "logits")!;
  assertEquals(logits.dims, { m: 1, n: 512, k: 64 });
  const up = decode.filter(({ name }) => name === "expert up");
  assertEquals(up.map(({ rows }) => rows), [rows[0], rows[1]]);
  assertEquals(layersOf(model).length, 2);
});

Deno.test("a product is run with some of its experts or rows, the rest by proportion", () => {
  const held = { storage: "int4", halves: true } as const;
  const rows = Array.from({ length: 64 }, (_, e) => e < 40 ? e + 1 : 0);
  const dims = { m: rows.reduce((a, b) => a + b), n: 1024, k: 2048, groups: 64 };
  const up = productPlan(op("grouped_gemm_swiglu", dims, { name: "expert up", rows }), held)!;
  assertEquals([up.scale, up.words.rows.length, up.words.held], [40 / 8, 8, 4]);
  const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  assertAlmostEquals(mean(up.words.rows), mean(rows.slice(0, 40)), 1);
  const table = op("gemm", { m: 1, n: 50304, k: 2048 }, { name: "logits" });
  const logits = productPlan(table, held)!;
  assertEquals([logits.words.table, logits.words.held, logits.words.n], [true, "f16", 8192]);
  assertAlmostEquals(logits.scale * logits.words.n, 50304, 1e-6);
  const router = op("gemm", { m: 4, n: 64, k: 2048 }, { name: "router logits" });
  assertEquals(productPlan(router, held)!.words.held, "f32");
  assertEquals(productPlan(op("norm", { t: 4, d: 64 }), held), undefined);
});

Deno.test("a size is run, timed, and held against the sum of its operators", () =>
  inFolder(async (folder) => {
    const config = `${folder}/config.json`;
    await Deno.writeTextFile(config, JSON.stringify(tiny));
    const run = async (...set: string[]) => {
      const world = makeWorld();
      const words = [...set, "prompt=8", "decoded=2", "rounds=1"].flatMap((one) => ["--set", one]);
      const args = ["experiment", "checkpoint-speed", "--out", `${folder}/out`];
      return { code: await main([...args, ...words], world.io), ...world };
    };
    const { code, said } = await run(`config=${config}`, "layers=2");
    assertEquals(code, 0, said.join("\n"));
    const text = Deno.readTextFileSync(`${folder}/out/result.json`);
    const { verdict, pairs, rows, checks }: Result = JSON.parse(text);
    assertMatch(verdict, /^2 of 3 layers of olmoe as int4 take .*, read .* tokens a second here/);
    assertEquals(pairs.map(({ group }) => group), ["prefill", "decode"]);
    for (const { predicted, measured } of pairs) {
      assert(predicted.value > 0 && measured.value > 0);
      // A sum of the right operators: on a busy machine no more can be said of one round.
      const ratio = predicted.value / measured.value;
      assert(ratio > 0.02 && ratio < 50, `${ratio}`);
    }
    assertEquals(checks.find(({ name }) => name === "logits are numbers")!.passed, true);
    const operators = rows.filter(({ table }) => table === "operators");
    const names = operators.filter(({ labels }) => labels.pass === "decode")
      .map(({ labels }) => labels.operator);
    for (const name of ["expert up", "expert down", "attention q norm", "combine", "logits"]) {
      assert(names.includes(name), name);
    }
    for (
      const [set, wanted] of [
        ["layers=4", /^error: Cannot run 4 layers of .*: found 3 layers in it/],
        ["layers=-1", /layers=-1: wanted a whole number from 0/],
        ["storage=f64", /Unknown storage of weights "f64"/],
      ] as const
    ) {
      const refused = await run(`config=${config}`, set);
      assertEquals(refused.code, 2);
      assertMatch(refused.said.at(-1)!, wanted);
    }
  }));
