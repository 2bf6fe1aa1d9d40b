/**
 * The figures that the README shows of the simulator: what a command answers, and how far published
 * steps are from their predictions. The tests hold the README to them; this writes them anew:
 *
 *     deno run --allow-read --allow-write=README.md tests/readme_figures.ts && deno fmt README.md
 *
 * @module
 */
import { main } from "../experiments/cli.ts";
import type { ErrorSet } from "../experiments/published/fit/summary.ts";
import { errorKinds, fitErrors } from "../experiments/simulate/left_out.ts";
import { makeWorld } from "./experiments/world.ts";

/** The command whose answer the README shows, and the block that shows it. */
const shownAnswer = /^npx -y deno@\S+ task (simulate .*)\n```\n\n```text\n([\s\S]*?)```$/m;

/** The table of errors, its head and its rows. */
const shownErrors = /^\| Steps +\|.*\n(?:\|.*\n)+/m;

/** Parts of a step that are shown, the longest. */
const parts = 4;

const names: Readonly<Record<ErrorSet | "all", string>> = {
  dense: "dense models, all sources but the next two",
  vtrain: "vTrain: small dense models on a node",
  "a100-sweep": "Aleph Alpha: plans of dense models",
  moe: "mixtures of experts",
  simumax: "SimuMax, a node of B200; counted above too",
  all: "all",
};

const rowsShown = ["dense", "vtrain", "a100-sweep", "moe", "simumax", "all"] as const;

const columns = {
  fitted: "fitted",
  modelLeftOut: "model left out",
  sourceLeftOut: "framework left out",
  fewRows: "five of its steps",
  constantRate: "one rate",
} as const;

const kinds = errorKinds.filter((kind) => kind in columns) as (keyof typeof columns)[];

const percent = (fraction: number) => Number((100 * fraction).toPrecision(2));

/** The first lines of an answer: its time, its longest parts, and whether it fits. */
function excerptOf(printed: string): string {
  const lines = printed.replaceAll(/[\u00a0\u202f]/g, " ").split("\n");
  const figures = lines.filter((line) => /^(step|tokens\/s|MFU) .*\d/.test(line)).slice(0, 3);
  const head = lines.findIndex((line) => line.startsWith("closed form, stage"));
  const width = lines[head].indexOf("known by");
  const rows = [lines[head], ...lines.slice(head + 2, head + 2 + parts)];
  const verdict = lines.filter((line) => line.startsWith("It "));
  return [
    ...figures,
    "",
    ...rows.map((line) => line.slice(0, width).trimEnd()),
    "",
    ...verdict,
    "",
  ].join("\n");
}

/** What the README's command answers, as it should be shown. */
export async function answerOf(page: string): Promise<string> {
  const [, words] = shownAnswer.exec(page)!;
  const { io, printed, said } = makeWorld();
  if (await main(words.split(" "), io) !== 0) throw new Error(said.join("\n"));
  return excerptOf(printed.join("\n"));
}

/** What the README shows as its command's answer. */
export function answerIn(page: string): string | undefined {
  return shownAnswer.exec(page)?.[2];
}

/** The cells of the table of errors, as they should be shown. */
export async function errorCells(): Promise<string[][]> {
  const { report } = await fitErrors();
  const head = ["Steps", "rows", ...kinds.map((kind) => columns[kind])];
  const rows = rowsShown.map((row) => {
    const of = kinds.map((kind) => row === "all" ? report[kind].all : report[kind].sets[row]);
    const cells = of.map(({ median, p90 }) => `${percent(median)} / ${percent(p90)} %`);
    return [names[row], String(of[0].rows), ...cells];
  });
  return [head, ...rows];
}

/** The cells of the table of errors that the README shows. */
export function errorCellsIn(page: string): string[][] {
  const lines = (shownErrors.exec(page)?.[0] ?? "").trim().split("\n");
  return lines.filter((line) => !/^[| :-]+$/.test(line))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** The README with the figures of now. */
export async function withFigures(page: string): Promise<string> {
  const answer = await answerOf(page);
  const [head, ...rows] = (await errorCells()).map((cells) => `| ${cells.join(" | ")} |\n`);
  const rule = `| --- |${" ---: |".repeat(1 + kinds.length)}\n`;
  return page
    .replace(
      shownAnswer,
      (block, _, old) => block.replace(`\`\`\`text\n${old}`, () => `\`\`\`text\n${answer}`),
    )
    .replace(shownErrors, () => head + rule + rows.join(""));
}

if (import.meta.main) {
  const page = await Deno.readTextFile("README.md");
  await Deno.writeTextFile("README.md", await withFigures(page));
}
