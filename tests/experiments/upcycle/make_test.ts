/** Models made of folders, written, read back and run. */
import { assert, assertAlmostEquals, assertEquals, assertLess, assertMatch } from "@std/assert";
import { syntheticCorpus, trainModel } from "../../../core/mod.ts";
import { main } from "../../../experiments/cli.ts";
import { openSource } from "../../../experiments/upcycle/source.ts";
import type { Upcycled } from "../../../experiments/upcycle/make.ts";
import { withDevice } from "../../kernels/compare.ts";
import { filesIn, inFolder, makeWorld } from "../world.ts";
import {
  llama,
  parallelModel,
  qwen,
  upcycled,
  writeDense,
  writeParallel,
} from "./small_folders.ts";

/** Runs `upcycle` and gives its data. */
async function made(out: string, method: string, from: readonly string[], ...words: string[]) {
  const told = ["--method", method, "--from", from.join(","), "--out", out];
  const { code, text, said } = await upcycled(...told, "--json", ...words);
  assertEquals(code, 0, said.join("\n"));
  return JSON.parse(text) as Upcycled;
}

async function weightsIn(folder: string) {
  const source = await openSource(folder);
  try {
    return (await source.read()).weights;
  } finally {
    source.close();
  }
}

const fromOf = ({ weights }: Upcycled, name: string) =>
  weights.filter((group) => group.weights === `layers.*.${name}`).map(({ from }) => from);

Deno.test("three Llamas become a Mixtral: experts are theirs, all else is the mean", () =>
  inFolder(async (folder) => {
    const paths = [1, 2, 3].map((seed) => `${folder}/d${seed}`);
    // The last says nothing of how long its texts may be.
    const configs = [512, 256, undefined]
      .map((most) => ({ ...llama, ...(most && { max_position_embeddings: most }) }));
    const sources = await Promise.all(
      paths.map((path, i) => writeDense(path, { seed: i + 1, config: configs[i] })),
    );
    for (const path of paths) await Deno.writeTextFile(`${path}/tokenizer.json`, "{}");
    const out = `${folder}/mixed`;
    const { proof, written, made: sizes, ...rest } = await made(out, "btx", paths);
    assertEquals([written.layout, written.architecture], ["hugging-face", "mixtral"]);
    assertEquals(filesIn(folder).filter((path) => path.startsWith("mixed/")), [
      ...["mixed/config.json", "mixed/model.safetensors", "mixed/tokenizer.json"],
    ]);
    const config = JSON.parse(Deno.readTextFileSync(`${out}/config.json`));
    assertEquals(config.max_position_embeddings, 256);
    const weights = await weightsIn(out);
    const size = 2 * 32 * 24;
    for (const [e, source] of sources.entries()) {
      const own = weights["layers.1.moe.up"].data.subarray(e * size, (e + 1) * size);
      assertEquals(own, source["layers.1.ffn.up"].data);
    }
    const q = "layers.0.attention.q";
    const mean = sources.reduce((sum, source) => sum + source[q].data[7], 0) / 3;
    assertAlmostEquals(weights[q].data[7], mean, 1e-7);
    const numbers = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
    assertEquals(sizes.total, numbers);
    assertEquals(rest.weights.reduce((sum, group) => sum + group.numbers, 0), numbers);
    assertEquals(proof.readBackApart, 0);
    assertLess(proof.alikeApart!, 1e-5);
    assertEquals(proof.sourceLosses.length, 3);
    assertLess(Math.abs(proof.loss - proof.evenLoss), 1);
    const whole = { weights: rest.weights } as Upcycled;
    assertEquals(fromOf(whole, "moe.up"), ["expert e from source e"]);
    assertEquals(fromOf(whole, "attention.q"), ["mean of 3 sources"]);
    assertEquals(fromOf(whole, "gate.router"), ["new, seed 1"]);
  }));

Deno.test("BAM of parallel blocks goes on with a text; the same seed makes the same file", () =>
  inFolder(async (folder) => {
    const paths = [1, 2].map((seed) => `${folder}/p${seed}`);
    await Promise.all(paths.map((path, i) => writeParallel(path, i + 1)));
    const bam = await made(`${folder}/bam`, "bam", paths);
    assertEquals(bam.written.layout, "moelab");
    for (const name of ["q", "k", "v", "out"]) {
      assertEquals(fromOf(bam, `attention.${name}`), ["expert e from source e"]);
    }
    assertEquals(bam.proof.alikeApart, undefined);
    const { proof } = await made(`${folder}/same`, "bam-normalised", paths);
    assertLess(proof.alikeApart!, 1e-5);
    await made(`${folder}/again`, "bam", paths);
    await made(`${folder}/other`, "bam", paths, "--seed", "2");
    const file = (name: string) => Deno.readFileSync(`${folder}/${name}/model.safetensors`);
    assertEquals(file("again"), file("bam"));
    assert(file("other").some((byte, i) => byte !== file("bam")[i]));
    const world = makeWorld();
    const words = ["generate", "--model", `${folder}/bam`, "--prompt", "ab", "--max", "4"];
    assertEquals(await main(words, world.io), 0, world.said.join("\n"));
  }));

Deno.test("a Qwen in 16 bits keeps its type, its settings and its logits", () =>
  inFolder(async (folder) => {
    await writeDense(`${folder}/q`, { seed: 4, config: qwen, dtype: "BF16" });
    const from = [`${folder}/q`];
    const out = `${folder}/moe`;
    const done = await made(out, "sparse-upcycling-normalised", from, "--experts", "3");
    assertEquals([done.written.architecture, done.written.dtype], ["qwen3_moe", "BF16"]);
    assertEquals(fromOf(done, "moe.up"), ["3 copies of the dense network"]);
    assertEquals(fromOf(done, "attention.qNorm"), ["copied"]);
    // What was copied was in 16 bits before; the router alone is rounded.
    assertLess(done.proof.readBackApart, 2e-2);
    assertAlmostEquals(done.proof.loss, done.proof.sourceLosses[0], 1e-4);
    const config = JSON.parse(Deno.readTextFileSync(`${out}/config.json`));
    assertEquals([config.rope_theta, config.num_experts], [1e6, 3]);
  }));

Deno.test("a gate that no released model has is kept as a checkpoint, which is a source again", () =>
  inFolder(async (folder) => {
    await writeDense(`${folder}/d`, { seed: 1 });
    const evomoe = await made(`${folder}/evo`, "evomoe", [`${folder}/d`]);
    assertEquals(evomoe.written.files, ["checkpoint.safetensors"]);
    assertMatch(evomoe.written.because!, /with the gate evomoe/);
    assertEquals(evomoe.proof.by, "trainer");
    assertEquals(fromOf(evomoe, "moe.up"), ["about 90 % of the numbers of the dense network"]);
    const trimmed = await made(`${folder}/few`, "expert-trimming", [`${folder}/evo`]);
    assertEquals(fromOf(trimmed, "gate.router"), ["columns of the source"]);
    assertAlmostEquals(trimmed.proof.sourceLosses[0], evomoe.proof.loss, 1e-6);
    const dense = await made(`${folder}/dense`, "ones-average", [`${folder}/evo`]);
    assertEquals(dense.written.architecture, "llama");
    assertEquals(fromOf(dense, "ffn.up"), ["mean of 4 experts"]);
  }));

Deno.test("a gate whose weights do not sum to 1 keeps no logits, and that is no fault", () =>
  inFolder(async (folder) => {
    await writeDense(`${folder}/d`, { seed: 1 });
    await made(`${folder}/parts`, "moefication", [`${folder}/d`]);
    const few = await made(`${folder}/few`, "expert-trimming", [`${folder}/parts`]);
    assertEquals([few.written.layout, few.proof.alikeApart], ["checkpoint", undefined]);
    const one = await made(`${folder}/one`, "moe-pruning", [`${folder}/parts`]);
    assertEquals(one.proof.alikeApart, 0);
  }));

Deno.test("methods that ask their source: counts, activations, similarities", () =>
  inFolder(async (folder) => {
    await writeDense(`${folder}/d`, { seed: 1 });
    const from = [`${folder}/d`];
    const graph = await made(`${folder}/parts`, "moefication-graph", from, "--experts", "3");
    assertEquals(fromOf(graph, "moe.down"), ["units of the dense network"]);
    await made(`${folder}/moe`, "drop-upcycling", from);
    const short = await made(`${folder}/short`, "block-trimming", [`${folder}/moe`]);
    assertEquals(short.weights.find(({ weights }) => weights.endsWith("moe.up"))?.tensors, 1);
    const one = await made(`${folder}/one`, "moe-pruning", [`${folder}/moe`]);
    const groups = one.weights.filter(({ weights }) => weights.endsWith("ffn.up"));
    assertEquals(groups.reduce((sum, { tensors }) => sum + tensors, 0), 2);
    for (const { weights, from } of groups) {
      assertMatch(weights, groups.length === 1 ? /^layers\.\*\.ffn/ : /^layers\.[01]\.ffn/);
      assertMatch(from, /^expert \d$/);
    }
  }));

Deno.test("checkpoints of trainings become one model, with the trainer's constants", () =>
  inFolder(async (folder) => {
    const paths = [1, 2].map((seed) => `${folder}/t${seed}.safetensors`);
    const corpus = syntheticCorpus({ domains: 2 });
    const model = { ...parallelModel(), layers: 1 };
    await withDevice(async (_, device) => {
      for (const [i, path] of paths.entries()) {
        await trainModel(device, {
          ...{ model, corpus, sequences: 2, length: 16, seed: i + 1, steps: 6 },
          ...{ schedule: { peak: 3e-3, warmup: 2 }, checkpoint: { path, every: 6 } },
        });
      }
    })();
    const bam = await made(`${folder}/bam`, "bam-shared-kv", paths);
    assertEquals(fromOf(bam, "attention.out"), ["expert e from source e"]);
    assertEquals(fromOf(bam, "attention.k"), ["mean of 2 sources"]);
    const [one] = await Promise.all(paths.map(weightsIn));
    const { "layers.0.moe.down": down } = await weightsIn(`${folder}/bam`);
    const { data } = one["layers.0.ffn.down"];
    assertEquals(down.data.subarray(0, data.length), data);
    const { said } = await upcycled(
      ...["--method", "bam", "--from", `${paths[0]},${folder}/bam`, "--out", `${folder}/no`],
    );
    assertMatch(said.at(-1)!, /found attention "experts" in .*bam, wanted mha or gqa/);
  }));

Deno.test("what is printed: a table of weights, sizes, losses, and where it is", () =>
  inFolder(async (folder) => {
    await writeDense(`${folder}/d`, { seed: 1 });
    const words = ["--method", "rmoe", "--from", `${folder}/d`, "--out", `${folder}/r`];
    const { code, text } = await upcycled(...words);
    assertEquals(code, 0);
    assertMatch(text, /layers\.\*\.moe\.down +4 x 6 x 32 +2 +1536 +zeros/);
    assertMatch(text, /keeps its logits: largest difference (none|\d\.\de-\d)/);
    assertMatch(text, /checkpoint of a training .* does not run\. .*denseBeside/);
    const list = await upcycled("list");
    assertMatch(list.text, /bam-shared-kv +two or more dense models +2408\.08274/);
    const { methods } = JSON.parse((await upcycled("list", "--json")).text);
    assert(
      methods.some(({ id, whyNot }: { id: string; whyNot?: string }) =>
        id === "bam" && whyNot !== undefined
      ),
    );
  }));
