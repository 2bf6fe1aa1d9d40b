import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Bench } from "../../experiments/bench/bench.ts";
import { main } from "../../experiments/cli.ts";
import { exactly } from "../../kernels/base/estimate.ts";
import { answering, inFolder, makeWorld } from "./world.ts";

/** Runs the command line and gives what it printed. */
async function printedBy(args: string[], options: Parameters<typeof main>[2] = {}) {
  const { io, printed, said } = makeWorld();
  assertEquals(await main(args, io, options), 0, said.join("\n"));
  return { text: printed.join("\n"), said };
}

Deno.test("describe counts the parameters of a preset", async () => {
  const { text } = await printedBy(["describe", "mixtral-8x7b"]);
  assert(text.startsWith("Mixtral 8x7B (2023, arXiv 2401.04088)"), text);
  const plain = text.replaceAll(/[\u00a0\u202f]/g, " ");
  assertMatch(plain, /^all +46 702 792 704 +12 879 925 248 +100 %$/m);
});

Deno.test("describe shows the FLOP of BAM's Table 7, a layer", async () => {
  const { text } = await printedBy(["describe", "bam-small", "--sequence", "256"]);
  const spaced = text.replaceAll(/[\u00a0\u202f]/g, " ");
  assertMatch(spaced, /^attention +213 909 504 +35 651 584 /m);
  // Table 7 has 6144 more: 3 for each hidden unit.
  assertMatch(spaced, /^ffn +75 497 472 +12 582 912 /m);
  assertMatch(spaced, /^router +98 304 +16 384 /m);
});

Deno.test("describe --json has the counts by part and says what active means", async () => {
  const { parameters } = JSON.parse((await printedBy(["describe", "dbrx", "--json"])).text);
  assertEquals([parameters.total, parameters.active], [131_596_523_520, 36_469_708_800]);
  const parts = Object.values(parameters.byPart as Record<string, number>);
  assertEquals(parts.reduce((sum, n) => sum + n, 0), parameters.total);
  assertEquals(parameters.convention, "all");
  assertMatch(parameters.conventionNote, /^active: /);
});

Deno.test("describe reads a file as it reads a preset", () =>
  inFolder(async (folder) => {
    const path = `${folder}/mine.json`;
    Deno.copyFileSync("core/spec/presets/mixtral-8x7b.json", path);
    const file = await printedBy(["describe", path, "--json"]);
    assertEquals(file.text, (await printedBy(["describe", "mixtral-8x7b", "--json"])).text);
  }));

Deno.test("the list of models names every preset", async () => {
  const { text } = await printedBy(["describe", "list"]);
  for (const id of ["bam-large", "deepseek-v3", "yuan-2.0-m32"]) assert(text.includes(`\n${id} `));
  const list = JSON.parse((await printedBy(["describe", "list", "--json"])).text);
  assert(list.every((model: { parameters: { total: number } }) => model.parameters.total > 9e5));
});

Deno.test("report renders the page of a result again, byte for byte", () =>
  inFolder(async (folder) => {
    await printedBy(["experiment", "--out", folder], { experiments: [answering()] });
    const page = Deno.readTextFileSync(`${folder}/report.html`);
    await printedBy(["report", `${folder}/result.json`, "--out", `${folder}/again.html`]);
    assertEquals(Deno.readTextFileSync(`${folder}/again.html`), page);
    Deno.removeSync(`${folder}/report.html`);
    const { text } = await printedBy(["report", `${folder}/result.json`]);
    assertEquals(text, `${folder}/report.html`);
    assertEquals(Deno.readTextFileSync(`${folder}/report.html`), page);
  }));

Deno.test("bench prints a table, writes a file, and compares with an older one", () =>
  inFolder(async (folder) => {
    let seconds = 2;
    const one: Bench = ({ quick }) => {
      const row = { id: "gemm", labels: { kernel: "gemm", quick: String(quick) }, warnings: [] };
      const time = { seconds: exactly(seconds, "made up"), samples: [seconds] };
      const rows = [{ ...row, ...time, flops: 1e9 }];
      return Promise.resolve({ bench: "one", notes: [], rows, contests: [], skipped: [] });
    };
    const run = (...args: string[]) =>
      printedBy(["bench", ...args], { benches: { one, two: one } });
    const old = `${folder}/old.json`;
    assertMatch((await run("--quick", "--out", old)).text, /gemm +true +2 s/);
    seconds = 1;
    const { text } = await run("one", "--against", old);
    assertMatch(text, /gemm +0\.500 +0\.500 to 0\.500 +improved/);
    const { io, said } = makeWorld();
    assertEquals(await main(["bench", "two", "--against", old], io, { benches: { two: one } }), 2);
    assertEquals(said, [
      `error: Cannot compare with ${old}: expected a run of "two" but found one of "one"`,
    ]);
  }));
