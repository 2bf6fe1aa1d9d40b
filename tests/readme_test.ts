/**
 * Every command that the README shows is run here in process: the first as it is, further runs of
 * its experiment with few and short measurements; those that would run this test again are checked
 * to be tasks.
 */
import { assert, assertEquals } from "@std/assert";
import { main } from "../experiments/cli.ts";
import config from "../deno.json" with { type: "json" };
import { filesUnder, textOf } from "./gate/sources.ts";
import { inFolder, makeWorld } from "./experiments/world.ts";
import { answerIn, answerOf, errorCells, errorCellsIn, withFigures } from "./readme_figures.ts";

const pinned = textOf(".dvmrc").trim();
const tasks: Record<string, { command: string }> = config.tasks;

/** A task and its words, as a line of a block of shell shows it. */
interface Shown {
  line: string;
  deno: string;
  task: string;
  words: string[];
}

/** Lines of the shell blocks of a page. */
function shellLines(page: string): string[] {
  return [...page.matchAll(/^```(?:sh|bash|console)\n([\s\S]*?)^```/gm)]
    .flatMap(([, block]) => block.split("\n"))
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Reads "npx -y deno@VERSION task NAME WORDS". */
function readLine(line: string): Shown {
  const found = /^npx -y deno@(\S+) task (\S+) ?(.*)$/.exec(line);
  assert(found, `not a task: ${line}`);
  const [, deno, task, words] = found;
  return { line, deno, task, words: words.split(" ").filter((word) => word !== "") };
}

const shown = shellLines(textOf("README.md")).map(readLine);

/** Tasks that are checked to exist and not run: they would run this test again. */
const gates = ["test", "ok", "setup"];

Deno.test("the README shows set-up and gate, and every command is a task of the pinned Deno", () => {
  assertEquals(shown.slice(0, 2).map(({ task, words }) => [task, words]), [
    ["experiment", []],
    ["test", []],
  ]);
  for (const { line, deno, task } of shown) {
    assertEquals(deno, pinned, line);
    assert(Object.hasOwn(tasks, task), line);
  }
});

Deno.test("every command of the README runs", async (t) => {
  await inFolder(async (folder) => {
    for (const { line, task, words } of shown.filter(({ task }) => !gates.includes(task))) {
      const prefix = /experiments\/cli\.ts (.*)$/.exec(tasks[task].command)?.[1].split(" ") ?? [];
      const args = [...prefix, ...words].map((word) =>
        word.replaceAll(/(?<=^|,)results\//g, `${folder}/`)
      );
      const [id = "moe-layer"] = words.filter((word) => !word.startsWith("-"));
      if (task === "experiment" && id !== "list") args.push("--out", `${folder}/${id}`);
      if (words[0] === "moe-layer") args.push("--set", "layers=2", "--set", "repeats=2");
      await t.step(line, async () => {
        const { io, printed, said } = makeWorld();
        assertEquals(await main(args, io), 0, said.join("\n"));
        assert(printed.join("").length > 0, "it printed nothing");
      });
    }
  });
});

/** How to bring the README up to date. */
const again = "run tests/readme_figures.ts, which writes them anew";

Deno.test("the README shows what its simulation answers", async () => {
  const page = textOf("README.md");
  const answer = await answerOf(page);
  assertEquals(answerIn(page), answer, again);
  const said = page.includes("the simulator says too much memory");
  assertEquals(said, answer.includes("does not fit"), "the sentence on the memory of this plan");
});

Deno.test("the README shows the errors that the fit wrote down", async () => {
  const page = textOf("README.md");
  const cells = await errorCells();
  assert(cells.length > 5 && cells.flat().every((cell) => !/NaN|undefined/.test(cell)));
  assertEquals(errorCellsIn(page), cells, again);
});

Deno.test("stale figures of the README are found and mended", async () => {
  const page = textOf("README.md");
  const stale = page.replace(/^step .*$/m, "step  1 s").replace(/^(\| all .*?)\d+ %/m, "$1 0 %");
  assert(answerIn(stale) !== await answerOf(stale));
  const mended = await withFigures(stale);
  assertEquals(answerIn(mended), await answerOf(page));
  assertEquals(errorCellsIn(mended), await errorCells());
  assert(JSON.stringify(errorCellsIn(stale)) !== JSON.stringify(await errorCells()));
});

Deno.test("the version of Deno stands in .dvmrc, and what names it agrees", () => {
  const pages = ["README.md", "CHANGELOG.md", "deno.json", ...filesUnder("docs", [".md"])];
  const workflows = pages.concat(filesUnder(".ci", [""]));
  for (const path of workflows) {
    for (const [named, version] of textOf(path).matchAll(/\bdeno@([^\s"`]+)/gi)) {
      if (version.startsWith("$")) continue;
      assertEquals(version, pinned, `${path} names ${named}`);
    }
  }
  assertEquals(Deno.version.deno, pinned);
});

Deno.test("continuous integration runs the README's own gate", () => {
  const script = textOf(".ci/run");
  assert(script.includes('npx -y "deno@$(cat .dvmrc)" task test\n'), script);
  assert(shown.some(({ line }) => line === `npx -y deno@${pinned} task test`));
});

Deno.test("links and pictures of the pages lead to files", () => {
  for (const page of ["README.md", "CHANGELOG.md", ...filesUnder("docs", [".md"])]) {
    const folder = page.includes("/") ? page.slice(0, page.lastIndexOf("/") + 1) : "";
    for (const [, target] of textOf(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^https?:/.test(target)) continue;
      const path = folder + target;
      assert(Deno.statSync(path), path);
    }
  }
});
