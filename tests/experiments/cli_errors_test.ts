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
  assertMatch(await complaint("experiment", "--seed", "-1"), /whole number from 0/);
  assertMatch(await complaint("experiment", "--seed", "1.5"), /whole number from 0/);
  assertMatch(await complaint("experiment", "--quick", "--full"), /cannot be used with/);
  assertMatch(await complaint("experiment", "answering", "more"), /too many arguments/);
  assertMatch(await complaint("experiment", "--set", "tokns=1"), /did you mean "tokens"/);
  assertMatch(await complaint("describe"), /missing required argument 'model'/);
});

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
