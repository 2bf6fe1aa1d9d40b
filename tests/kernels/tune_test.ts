/** The tuner's memory. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../kernels/base/errors.ts";
import { adapterKey, type Device } from "../../kernels/device.ts";
import {
  candidates,
  choiceWords,
  guessedKernels,
  type KernelWords,
  parseChoice,
  tunedKernels,
} from "../../kernels/tune.ts";
import { inFolder } from "../experiments/world.ts";
import { withDevice } from "./compare.ts";

/** A device that cannot run anything: what touches it fails. */
const paper = {
  adapter: { vendor: "", architecture: "", device: "", description: "Paper", software: false },
  subgroupSize: 0,
} as unknown as Device;

const first = (device: Device): KernelWords => choiceWords(guessedKernels(device));

Deno.test("a choice is its words", () => {
  const words = first(paper);
  assertEquals(choiceWords(parseChoice(words)), words);
});

Deno.test("a device with a subgroup on a CPU has other candidates than a GPU", () => {
  const cpu = { ...paper, subgroupSize: 8, adapter: { ...paper.adapter, software: true } };
  const gpu = { ...paper, subgroupSize: 32 };
  const families = (device: Device) =>
    new Set(Object.values(candidates(device)).flat().map((word) => word.split("-")[0]));
  assertEquals([...families(cpu)], ["subgroup"]);
  assertEquals([...families(gpu)], ["tile"]);
  assertEquals([...families({ ...cpu, subgroupSize: 0 })], ["tile"]);
});

Deno.test("what is remembered is taken without a search", () =>
  inFolder(async (folder) => {
    const memory = `${folder}/tune.json`;
    const names = Object.entries(candidates(paper));
    const words = Object.fromEntries(names.map(([kind, list]) => [kind, list[1]]));
    await Deno.writeTextFile(memory, JSON.stringify({ paper: words }));
    assertEquals(choiceWords(await tunedKernels(paper, { memory })), words);
    // What no candidate is any more is searched, which needs a device.
    const stale = { paper: { ...words, gemm: "tile-48x1x16x1-buffer" } };
    await Deno.writeTextFile(memory, JSON.stringify(stale));
    await assertRejects(() => tunedKernels(paper, { memory }), TypeError, "undefined");
  }));

Deno.test("a memory of something else is refused by its name", () =>
  inFolder(async (folder) => {
    const memory = `${folder}/tune.json`;
    const expected: [string, string][] = [
      ["{ half", `Cannot read ${memory}: expected JSON but found`],
      ["[]", `Cannot read ${memory}: at / expected record but found []`],
      ['{"paper": {"gemm": 3}}', `Cannot read ${memory}: at /paper/gemm expected string`],
    ];
    for (const [text, message] of expected) {
      await Deno.writeTextFile(memory, text);
      await assertRejects(() => tunedKernels(paper, { memory }), UserError, message);
      assertEquals(await Deno.readTextFile(memory), text, "the file was changed");
    }
  }));

Deno.test(
  "a search is remembered beside other adapters, and the second call does not search",
  withDevice((_, device) =>
    inFolder(async (folder) => {
      const memory = `${folder}/deep/tune.json`;
      await Deno.mkdir(`${folder}/deep`);
      const other = { other: first(paper) };
      await Deno.writeTextFile(memory, JSON.stringify(other));
      const lines: string[] = [];
      const log = (line: string) => lines.push(line);
      const choice = await tunedKernels(device, { memory, log, budgetSeconds: 0 });
      // Past the budget, the first candidate of each kind is all that runs.
      const words = first(device);
      assertEquals(choiceWords(choice), words);
      assertEquals(
        lines.map((line) => line.split(":")[0]),
        Object.entries(words).map(([kind, word]) => `${kind} ${word}`),
      );
      assert(lines.every((line) => /: \d+\.\d\d ms$/.test(line)), lines.join());
      const known = JSON.parse(await Deno.readTextFile(memory));
      assertEquals(known, { ...other, [adapterKey(device.adapter)]: words });
      lines.length = 0;
      assertEquals(await tunedKernels(device, { memory, log }), choice);
      assertEquals(lines, []);
    })
  ),
);
