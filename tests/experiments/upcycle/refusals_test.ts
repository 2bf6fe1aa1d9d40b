/** What `upcycle` refuses, in a line that names what differs and what would work. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { bytesNeeded, checkHostRoom } from "../../../experiments/upcycle/memory.ts";
import { openSource } from "../../../experiments/upcycle/source.ts";
import {
  modelFromHuggingFace,
  modelPreset,
  newWeights,
  schemeById,
  settingsFromHuggingFace,
  writeWeightedModel,
} from "../../../core/mod.ts";
import { upcycleModels } from "../../../experiments/upcycle/make.ts";
import { openDevice } from "../../../kernels/mod.ts";
import { filesIn, inFolder } from "../world.ts";
import { llama, qwen, upcycled, writeDense, writeParallel } from "./small_folders.ts";

Deno.test("bad input is a line with exit code 2, and nothing is written", () =>
  inFolder(async (folder) => {
    const at = (name: string) => `${folder}/${name}`;
    await writeDense(at("a"), { seed: 1 });
    await writeDense(at("b"), { seed: 2 });
    await writeDense(at("wide"), { seed: 1, config: { ...llama, intermediate_size: 48 } });
    await writeDense(at("words"), { seed: 1, config: { ...llama, vocab_size: 264 } });
    await writeDense(at("turned"), { seed: 1, config: { ...llama, rope_theta: 5e5 } });
    await writeDense(at("qwen"), { seed: 1, config: qwen });
    await writeParallel(at("p"), 1);
    await Deno.mkdir(at("told"));
    for (const file of ["config.json", "model.safetensors"]) {
      await Deno.copyFile(at(`b/${file}`), at(`told/${file}`));
    }
    await Deno.writeTextFile(at("told/tokenizer.json"), "{}");
    await Deno.mkdir(at("torn"));
    const config = JSON.parse(Deno.readTextFileSync(at("a/config.json")));
    await Deno.writeTextFile(
      at("torn/config.json"),
      JSON.stringify({ ...config, num_hidden_layers: 3 }),
    );
    await Deno.copyFile(at("a/model.safetensors"), at("torn/model.safetensors"));
    const before = filesIn(folder);

    const refused = async (method: string, from: string, wanted: RegExp, ...more: string[]) => {
      const paths = from.split(",").map((name) => at(name)).join(",");
      const words = ["--method", method, "--from", paths, "--out", at("out"), ...more];
      const { code, text, said } = await upcycled(...words);
      assertEquals([code, text], [2, ""], said.join("\n"));
      assertMatch(said.at(-1)!, /^error: [^\n]+$/);
      assertMatch(said.at(-1)!, wanted);
    };
    await refused("bamm", "a,b", /Unknown scheme "bamm": did you mean "bam"\?/);
    await refused("bam", "a,b", /found serial blocks in .*, wanted parallel .* btx takes serial/);
    await refused("btx", "a", /found 1 source, wanted two or more dense models; sparse-upcycling/);
    await refused(
      "sparse-upcycling",
      "a,b",
      /found 2 sources, wanted one dense model; btx and bam/,
    );
    await refused("ones-sum", "a", /found no experts in .*a, wanted one model with experts/);
    await refused("btx", "a,wide", /found 48 as ffn\.width of .*wide, wanted 24 as .*a has/);
    await refused("btx", "a,words", /found 264 as embedding\.vocab of .*words, wanted 256/);
    await refused("btx", "a,turned", /found .*500000.* as rope, wanted .*10000/);
    await refused("btx", "a,p", /found "parallel" as block of .*p, wanted "serial"/);
    await refused("btx", "a,told", /found a tokenizer\.json in .*told and none in .*a/);
    await refused("btx", "a,torn", /layers\.2/);
    await refused("btx", "a,nowhere", /found nothing there, wanted the folder of a model/);
    await refused("btx", "a,a/config.json", /found a file, wanted the folder of a model/);
    await refused("btx", "a,b", /found --experts, which methods of one dense/, "--experts", "3");
    await refused("moefication", "a", /wanted a divisor of 24/, "--experts", "5");
    await refused("sparse-upcycling", "a", /Cannot choose 2 of 1 experts/, "--experts", "1");
    await refused("btx", "a,b", /did you mean "bf16"\?/, "--dtype", "bf6");
    await refused(
      "evomoe",
      "qwen",
      /trainer, which runs that, has .*10000.* as rope where .*1000000/,
    );
    assertEquals(filesIn(folder), before);

    const empty = await upcycled("--method", "btx", "--from", `${at("a")},${at("b")}`, "--out", "");
    assertEquals(empty.code, 2);
    assertMatch(empty.said[0], /found an empty --out/);

    await Deno.mkdir(at("out"));
    await refused("btx", "a,b", /found a folder there, wanted none/);
    const missing = await upcycled("--method", "btx");
    assertEquals(missing.code, 2);
    assertMatch(missing.said[0], /found no --from, wanted --method, --from and --out/);
  }));

Deno.test("memory is asked for before a weight is read", () => {
  const { moe: _, ...tiny } = modelPreset("tiny");
  const ffn = { width: 64, activation: "swiglu", bias: false } as const;
  const sources = [{ model: { ...tiny, ffn } }];
  const bytes = (experts: number) =>
    bytesNeeded(schemeById("sparse-upcycling"), sources, { experts });
  const network = 3 * 64 * tiny.dModel * tiny.layers;
  const router = tiny.layers * tiny.dModel;
  assertEquals(bytes(8) - bytes(4), 4 * 5 * 4 * (network + router));
  checkHostRoom("btx", 900, 1000);
  assertThrows(() => checkHostRoom("btx", 901, 1000), TypeError, "it takes");
});

Deno.test("too little memory, and Ctrl-C, leave nothing behind", () =>
  inFolder(async (folder) => {
    await writeDense(`${folder}/a`, { seed: 1 });
    const before = filesIn(folder);
    const words = {
      method: "drop-upcycling",
      from: [`${folder}/a`],
      out: `${folder}/new/o`,
      seed: 1,
    };
    const site = { openDevice, say: () => {} };
    await assertRejects(() => upcycleModels(words, { ...site, room: 1e5 }), TypeError, "it takes");
    for (const word of ["Making", "Reading it"]) {
      const controller = new AbortController();
      const say = (line: string) => line.startsWith(word) && controller.abort(new Error("stop"));
      await assertRejects(
        () => upcycleModels(words, { ...site, say, signal: controller.signal }),
        Error,
        "stop",
      );
    }
    assertEquals(filesIn(folder), before);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["a"]);
  }));

Deno.test("a checkpoint of a training is a source; one whose gate has changed is none", () =>
  inFolder(async (folder) => {
    await writeDense(`${folder}/d`, { seed: 1 });
    const out = `${folder}/parts`;
    const words = ["--method", "moefication", "--from", `${folder}/d`, "--out", out];
    assertEquals((await upcycled(...words)).code, 0);
    const file = `${out}/checkpoint.safetensors`;
    const source = await openSource(file);
    assertEquals([source.recipe?.id, source.recipe?.scale], ["parts", 2]);
    source.close();
    const bytes = await Deno.readFile(file);
    const text = new TextDecoder("latin1").decode(bytes);
    const at = text.indexOf('\\"scale\\":2');
    assert(at > 0);
    bytes[at + '\\"scale\\":'.length] = "3".charCodeAt(0);
    await Deno.writeFile(file, bytes);
    await assertRejects(() => openSource(file), TypeError, "found another scale of the gate parts");
  }));

Deno.test("numbers that are none, and those too large for a half float, are refused by name", () =>
  inFolder(async (folder) => {
    const written = async (name: string, number: number) => {
      const settings = settingsFromHuggingFace(llama, { id: name });
      const model = newWeights(modelFromHuggingFace(llama, { id: name }), { seed: 1 });
      model.weights["layers.1.ffn.down"].data[5] = number;
      await writeWeightedModel(`${folder}/${name}`, model, { settings });
    };
    await written("none", NaN);
    await written("large", 7e4);
    const refused = async (from: string, wanted: RegExp, ...more: string[]) => {
      const out = `${folder}/out`;
      const words = ["--method", "moe-llava", "--from", `${folder}/${from}`, "--out", out];
      const { code, said } = await upcycled(...words, ...more);
      assertEquals(code, 2, said.join("\n"));
      assertMatch(said.at(-1)!, wanted);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["large", "none"]);
    };
    await refused("none", /found NaN in layers\.1\.ffn\.down, wanted finite numbers/);
    const wanted = /Cannot write layers\.1\.moe\.down as f16: found 70000, .* bf16 or f32 holds it/;
    await refused("large", wanted, "--dtype", "f16");
  }));
