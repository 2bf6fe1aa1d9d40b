import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { main } from "../../experiments/cli.ts";
import type { Experiment } from "../../experiments/define.ts";
import type { Result } from "../../reports/result.ts";
import { answering, filesIn, inFolder, makeWorld, outcomeOf } from "./world.ts";

/** Runs the command line in a fresh world with one experiment. */
async function run(args: string[], experiment: Experiment = answering(), world = makeWorld()) {
  const code = await main(["experiment", ...args], world.io, { experiments: [experiment] });
  return { code, ...world };
}

const read = (path: string): Result => JSON.parse(Deno.readTextFileSync(path));

Deno.test("an experiment writes result and report, and says the answer", () =>
  inFolder(async (folder) => {
    const { code, printed, said } = await run(["answering", "--seed", "2", "--out", folder]);
    assertEquals([code, said], [0, []]);
    assertEquals(printed[0], "The answer is 42");
    assertEquals(filesIn(folder), ["report.html", "result.json"]);
    assert(Deno.readTextFileSync(`${folder}/report.html`).includes("The answer is 42"));
  }));

Deno.test("the first experiment runs, quickly, where no words are given", () =>
  inFolder(async (folder) => {
    const { code, printed } = await run(["--out", folder]);
    assertEquals([code, printed[0]], [0, "The answer is 41"]);
  }));

Deno.test("a full run takes the full parameters, and a set one wins over both", () =>
  inFolder(async (folder) => {
    const out = ["--out", folder];
    assertEquals((await run(["answering", "--full", ...out])).printed[0], "The answer is 4001");
    const set = ["--set", "tokens=7"];
    assertEquals(
      (await run(["answering", "--full", ...set, ...out])).printed[0],
      "The answer is 8",
    );
  }));

Deno.test("the result carries what one needs to make it again", () =>
  inFolder(async (folder) => {
    await run(["answering", "--seed", "2", "--set", "tokens=7", "--out", folder]);
    const { provenance, experiment, rows } = read(`${folder}/result.json`);
    const pinned = Deno.readTextFileSync(".dvmrc").trim();
    assertEquals(experiment, "answering");
    assertEquals(
      provenance.command,
      `npx -y deno@${pinned} task experiment answering --quick --seed 2 --set tokens=7`,
    );
    assertEquals([provenance.seed, provenance.startedAt], [2, "2026-01-02T03:04:05.000Z"]);
    assertEquals(provenance.wallSeconds, 1);
    assertEquals(provenance.versions.deno, pinned);
    assertMatch(provenance.lockHash, /^[0-9a-f]{64}$/);
    assertMatch(provenance.cpu, /, \d+ cores$/);
    assertMatch(provenance.commit, /^([0-9a-f]{40,64}|unknown)$/);
    assertEquals(Object.keys(rows[0].labels), ["zeta", "alpha"], "columns keep their order");
  }));

Deno.test("a run on another provider of WebGPU is made again by the task that has it", () =>
  inFolder(async (folder) => {
    const command = async (...args: string[]) => {
      assertEquals((await run([...args, "--out", folder])).code, 0);
      return read(`${folder}/result.json`).provenance.command;
    };
    assertMatch(await command("answering", "--gpu", "dawn"), / task dawn experiment answering /);
    assertMatch(await command("answering"), / task experiment answering /);
    const { code, said } = await run(["answering", "--gpu", "dwan", "--out", folder]);
    assertEquals(code, 2);
    assertMatch(said[0], /Unknown WebGPU provider "dwan": did you mean "dawn"\?/);
  }));

Deno.test("a run's id knows the question and not the hour", () =>
  inFolder(async (folder) => {
    const id = async (...args: string[]) => {
      await run(["answering", ...args, "--out", folder]);
      return read(`${folder}/result.json`).provenance.runId;
    };
    const first = await id("--seed", "2");
    assertEquals(await id("--seed", "2"), first);
    assertEquals(await id("--seed", "2", "--set", "tokens=40"), first);
    assertNotEquals(await id("--seed", "3"), first);
    assertNotEquals(await id("--seed", "2", "--set", "tokens=41"), first);
  }));

Deno.test("an older run is kept and named, every time", () =>
  inFolder(async (folder) => {
    const out = ["--out", folder];
    await run(["answering", "--seed", "2", ...out]);
    const { said } = await run(["answering", "--seed", "3", ...out]);
    const kept = `${folder}/previous/2026-01-02-030405-`;
    assertEquals(said.length, 1);
    assert(said[0].startsWith(`Replaces the run of 2026-01-02 03:04 (seed 2), kept in ${kept}`));
    await run(["answering", "--seed", "3", ...out]);
    await run(["answering", "--seed", "3", ...out]);
    const files = filesIn(folder);
    assertEquals(files.filter((path) => path.endsWith("result.json")).length, 4);
    assertEquals(files.filter((path) => path.endsWith("report.html")).length, 4);
    assertEquals(files.filter((path) => path.includes("-2/")).length, 2);
  }));

Deno.test("a folder whose result cannot be read is kept too", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/result.json`, "{");
    const { code, said } = await run(["answering", "--out", folder]);
    assertEquals(code, 0);
    assert(said[0].startsWith("Replaces a run that cannot be read, kept in "));
    assertEquals(Deno.readTextFileSync(`${folder}/previous/unreadable/result.json`), "{");
  }));

Deno.test("--json prints the whole result and nothing else", () =>
  inFolder(async (folder) => {
    const { code, printed } = await run(["answering", "--json", "--out", folder]);
    assertEquals([code, printed.length], [0, 1]);
    assertEquals(JSON.parse(printed[0]), JSON.parse(JSON.stringify(read(`${folder}/result.json`))));
  }));

Deno.test("a run whose own checks fail writes its result, says so and exits with 1", () =>
  inFolder(async (folder) => {
    const check = { name: "against the oracle", value: 2, limit: 1, passed: false, note: "" };
    const experiment = answering(() => Promise.resolve({ ...outcomeOf(1), checks: [check] }));
    const { code, said } = await run(["answering", "--out", folder], experiment);
    assertEquals(code, 1);
    assertEquals(said, [
      'error: the run\'s own check "against the oracle" failed: expected at most 1, found 2',
    ]);
    assertEquals(filesIn(folder), ["report.html", "result.json"]);
  }));

Deno.test("a result that no page can be made of is kept and named", () =>
  inFolder(async (folder) => {
    const outcome = outcomeOf(1);
    const experiment = answering(() =>
      Promise.resolve({ ...outcome, rows: [...outcome.rows, ...outcome.rows] })
    );
    const { code, said } = await run(["answering", "--out", folder], experiment);
    assertEquals(code, 2);
    assertMatch(said[0], /result\.json: at \/rows expected unique ids but found "answer" twice/);
    assertEquals(filesIn(folder), ["result.json"]);
  }));

Deno.test("Ctrl-C writes nothing, keeps the older run and exits with 130", () =>
  inFolder(async (folder) => {
    await run(["answering", "--out", folder]);
    const before = Deno.readTextFileSync(`${folder}/result.json`);
    const world = makeWorld();
    const experiment = answering(({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        queueMicrotask(world.interrupt);
      })
    );
    const { code, said, printed } = await run(["answering", "--out", folder], experiment, world);
    assertEquals([code, printed], [130, []]);
    assertEquals(said, ["Stopped: answering has written nothing"]);
    assertEquals(filesIn(folder), ["report.html", "result.json"]);
    assertEquals(Deno.readTextFileSync(`${folder}/result.json`), before);
  }));

Deno.test("Ctrl-C ends a run that does not look at the signal", () =>
  inFolder(async (folder) => {
    const world = makeWorld();
    const experiment = answering(() => {
      queueMicrotask(world.interrupt);
      return new Promise(() => {});
    });
    assertEquals((await run(["answering", "--out", folder], experiment, world)).code, 130);
    assertEquals(filesIn(folder), []);
  }));

Deno.test("a failing experiment writes nothing and shows its stack", () =>
  inFolder(async (folder) => {
    const experiment = answering(() => Promise.reject(new RangeError("Off by one")));
    const { code, said } = await run(["answering", "--out", folder], experiment);
    assertEquals(code, 1);
    assert(said[0].includes("RangeError: Off by one\n    at "), said[0]);
    assertEquals(filesIn(folder), []);
  }));

Deno.test("the list names every experiment, as JSON with its parameters", async () => {
  const { code, printed } = await run(["list"]);
  assertEquals(code, 0);
  assertMatch(printed[0], /answering\s+What is the answer\?/);
  const { experiments: [entry], rows } = JSON.parse((await run(["list", "--json"])).printed[0]);
  assertEquals([entry.id, entry.parameters.tokens.full], ["answering", 4000]);
  assertEquals([...new Set(rows.map((row: { experiment: string }) => row.experiment))], [
    "upcycle",
  ]);
});
