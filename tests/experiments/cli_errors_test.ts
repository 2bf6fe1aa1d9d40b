import { assert, assertEquals, assertMatch } from "@std/assert";
import { main } from "../../experiments/cli.ts";
import { explain } from "../../experiments/cli_errors.ts";
import { answering, inFolder, makeWorld } from "./world.ts";

/** What the command line says of words that it cannot use. */
async function complaint(...args: string[]): Promise<string> {
  const { io, printed, said } = makeWorld();
  const code = await main(args, io, { experiments: [answering()] });
  assertEquals([code, printed], [2, []], args.join(" "));
  assertEquals(said.length, 1, said.join("\n"));
  assert(!said[0].includes("\n") && !/\bat .*\.ts:\d/.test(said[0]), said[0]);
  return said[0];
}

Deno.test("unknown names give the nearest one and all of them", async () => {
  assertEquals(
    await complaint("experiment", "answring"),
    'error: Unknown experiment "answring": did you mean "answering"? Known: answering',
  );
  assertMatch(
    await complaint("describe", "mixtral-8x7"),
    /^error: Unknown preset "mixtral-8x7": did you mean "mixtral-8x7b"\? Known: .*dbrx/,
  );
  assertMatch(await complaint("experimnt"), /unknown command 'experimnt'.*experiment/);
  assertMatch(await complaint("bench", "kernel"), /Unknown benchmark "kernel"/);
});

Deno.test("wrong options are one line", async () => {
  assertMatch(await complaint("experiment", "--sed", "1"), /unknown option '--sed'.*--seed/);
  assertMatch(await complaint("experiment", "--seed", "-1"), /whole number from 0 on$/);
  assertMatch(await complaint("experiment", "--seed", "1.5"), /whole number from 0/);
  assertMatch(await complaint("experiment", "--quick", "--full"), /cannot be used with/);
  assertMatch(await complaint("experiment", "answering", "more"), /too many arguments/);
  assertMatch(await complaint("experiment", "--set", "tokns=1"), /did you mean "tokens"/);
  assertMatch(await complaint("describe"), /missing required argument 'model'/);
});

Deno.test("a wrong question to the simulator is one line with what was found and wanted", () =>
  inFolder(async (folder) => {
    const asked = ["--model", "mixtral-8x7b", "--cluster"];
    const step = ["simulate", ...asked, "h100:64", "--plan", "ep=8,gb=256"];
    const search = ["plan", ...asked, "h100:8", "--global-batch", "8"];
    assertMatch(
      await complaint(...step, "--redundant", "3"),
      /3 redundant experts cannot be divided by ep 8, wanted such as 0 or 8/,
    );
    assertMatch(await complaint(...step, "--redundant", "57"), /wanted such as 56;/);
    assertMatch(await complaint(...step, "--sequence", "-1"), /'-1' is invalid.* from 1 on$/);
    assertMatch(await complaint(...search, "--limit", "memory=0"), /found no amount with a unit/);
    const slow = ["plan", ...asked, "h100:8,slow.1=0", "--global-batch", "8"];
    assertMatch(await complaint(...slow), /Cannot read "0": wanted a number above 0/);
    const rows = `${folder}/rows.json`;
    Deno.writeTextFileSync(rows, "[]");
    const out = `${folder}/out.json`;
    assertMatch(
      await complaint("simulate", "--cases", rows, "--out", out),
      /rows\.json: found none, wanted one or more/,
    );
    const row = { model: "mixtral-8x7b", cluster: "h100:64", plan: "ep=7", stepSeconds: 1 };
    Deno.writeTextFileSync(rows, JSON.stringify([{ ...row, plan: "ep=8" }, row]));
    assertMatch(
      await complaint("calibrate", "--measurements", rows, "--out", out),
      /rows\.json, row 2: Cannot use the plan .* ep 7; nearest that holds: ep=8/,
    );
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["rows.json"]);
  }));

Deno.test("an experiment that is refused leaves no folder behind", () =>
  inFolder(async (folder) => {
    const { io, said } = makeWorld();
    for (
      const [id, set, wanted] of [
        ["placement", "seeds=0", /seeds=0: wanted a whole number from 1 on/],
        ["placement", "seconds=-1", /seconds=-1: wanted a number above 0/],
        ["placement", "layers=0", /a trace of 0 layers .*: wanted a layer/],
        ["scaling", "smallest=0", /from 0 to 256 devices: wanted whole numbers above 0/],
        ["published-plans", "publishers=nope", /Unknown published plan "nope"/],
      ] as const
    ) {
      const out = `${folder}/runs/${id}`;
      assertEquals(await main(["experiment", id, "--set", set, "--out", out], io), 2);
      assertMatch(said.splice(0).join("\n"), wanted);
      assertEquals([...Deno.readDirSync(folder)], []);
    }
  }));

Deno.test("files that are absent, no JSON or no model are one line", () =>
  inFolder(async (folder) => {
    const none = `${folder}/none.json`;
    assertEquals(
      await complaint("report", none),
      `error: Cannot read ${none}: there is no such file`,
    );
    assertEquals(
      await complaint("describe", none),
      `error: Cannot read ${none}: there is no such file`,
    );
    assertMatch(await complaint("report", folder), /it is a folder/);
    Deno.writeTextFileSync(`${folder}/bad.json`, '{\n  "id": ,\n}');
    assertMatch(await complaint("report", `${folder}/bad.json`), /bad\.json: it is not JSON/);
    Deno.writeTextFileSync(`${folder}/half.json`, '{"schema": 1}');
    assertMatch(
      await complaint("report", `${folder}/half.json`),
      /at \/experiment expected string/,
    );
    assertMatch(await complaint("describe", `${folder}/half.json`), /at \/name expected string/);
    assertMatch(
      await complaint("bench", "one", "--against", `${folder}/half.json`),
      /Unknown benchmark "one"/,
    );
  }));

Deno.test("a path that cannot be written is one line", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    assertMatch(await complaint("experiment", "--out", `${folder}/file/x`), /^error: .*file\/x/);
  }));

Deno.test("a refused permission names itself and its flag", async () => {
  const refused = await complaint("experiment", "--out", "/moelab-is-not-allowed-here");
  assertEquals(
    refused,
    'error: Permission refused: this needs write access to "/moelab-is-not-allowed-here"; ' +
      "run Deno with --allow-write, or the task that has it",
  );
});

Deno.test("what nobody foresaw keeps its stack and is a bug", () => {
  const { code, text } = explain(new RangeError("Off by one"));
  assertEquals(code, 1);
  assertMatch(text, /RangeError: Off by one\n\s+at /);
  assertEquals(explain("thrown text").code, 1);
});

Deno.test("help is an answer and no error", async () => {
  for (const args of [[], ["--help"], ["experiment", "--help"], ["help", "bench"]]) {
    const { io, printed, said } = makeWorld();
    assertEquals([await main(args, io), said], [0, []], args.join(" "));
    assertMatch(printed.join("\n"), /Usage: moelab/);
  }
  const { io, printed } = makeWorld();
  assertEquals(await main(["--version"], io), 0);
  assertMatch(printed[0], /^\d+\.\d+\.\d+$/);
});
