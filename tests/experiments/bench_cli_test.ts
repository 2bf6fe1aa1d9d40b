import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Bench, BenchOptions } from "../../experiments/bench/bench.ts";
import { main } from "../../experiments/cli.ts";
import { parseConfig } from "../../kernels/base/config.ts";
import { benchFileSchema } from "../../reports/bench_schema.ts";
import { benchFixture } from "./bench_fixture.ts";
import { filesIn, inFolder, makeWorld } from "./world.ts";

/** Runs `bench` with a benchmark made up, and gives what it was asked and what was said. */
async function runBench(bench: Bench, ...args: string[]) {
  const world = makeWorld();
  const code = await main(["bench", ...args], world.io, { benches: { kernels: bench } });
  return { ...world, code };
}

const answering: Bench = () => {
  const { bench, notes, rows, contests, skipped, roof, device } = benchFixture();
  return Promise.resolve({ bench, notes, rows, contests, skipped, roof, device });
};

Deno.test("bench writes its file and a page beside it, with samples and contests", () =>
  inFolder(async (folder) => {
    const out = `${folder}/bench.json`;
    const { code, printed } = await runBench(answering, "--quick", "--out", out);
    assertEquals([code, filesIn(folder)], [0, ["bench.html", "bench.json"]]);
    assertStringIncludes(printed.at(-1)!, `Written to ${out} and ${folder}/bench.html`);
    const file = parseConfig(benchFileSchema, JSON.parse(Deno.readTextFileSync(out)), out);
    assertEquals(file.rows[0].samples.length, 7);
    assertEquals(file.contests.length, 3);
    assertEquals(file.startedAt.slice(0, 10), "2026-01-02");
    assertStringIncludes(file.command, "task bench kernels --quick");
    assertStringIncludes(Deno.readTextFileSync(`${folder}/bench.html`), "Operators under the roof");
  }));

Deno.test("bench without a device writes no page", () =>
  inFolder(async (folder) => {
    const bench: Bench = async (options) => ({ ...await answering(options), device: undefined });
    await runBench(bench, "--out", `${folder}/b.json`);
    assertEquals(filesIn(folder), ["b.json"]);
  }));

Deno.test("parts are asked for by their names", async () => {
  let asked: BenchOptions | undefined;
  const bench: Bench = (options) => {
    asked = options;
    return answering(options);
  };
  await runBench(bench, "--only", "gemm,norm");
  assertEquals([asked?.only, asked?.quick], [["gemm", "norm"], false]);
  await runBench(bench);
  assertEquals(asked?.only, []);
});

Deno.test("Ctrl-C ends a benchmark with 130 and leaves nothing", () =>
  inFolder(async (folder) => {
    const { io, said, printed, interrupt } = makeWorld();
    let signal: AbortSignal | undefined;
    const bench: Bench = (options) => {
      signal = options.signal;
      interrupt();
      return new Promise(() => {});
    };
    const args = ["bench", "kernels", "--out", `${folder}/bench.json`];
    const code = await main(args, io, { benches: { kernels: bench } });
    assertEquals([code, printed, filesIn(folder)], [130, [], []]);
    assertEquals(said, ["Stopped: bench kernels has written nothing"]);
    assert(signal?.aborted);
  }));

Deno.test("a folder in place of the file is refused before anything is timed", () =>
  inFolder(async (folder) => {
    const { io, said } = makeWorld();
    let timed = false;
    const bench: Bench = (options) => {
      timed = true;
      return answering(options);
    };
    const code = await main(["bench", "kernels", "--out", folder], io, {
      benches: { kernels: bench },
    });
    assertEquals([code, timed, filesIn(folder)], [2, false, []]);
    assert(said[0].includes("It is a folder, expected a file"), said[0]);
  }));
