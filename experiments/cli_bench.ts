/**
 * `bench`: times kernels, training steps, simulator or planner, and compares with an older run.
 *
 * @module
 */
import { parseConfig } from "../kernels/base/config.ts";
import { UserError } from "../kernels/base/errors.ts";
import { writeTextFile } from "../kernels/base/files.ts";
import type { BenchFile } from "../reports/bench_file.ts";
import { renderBench } from "../reports/bench_page.ts";
import { benchFileSchema } from "../reports/bench_schema.ts";
import type { Bench } from "./bench/bench.ts";
import { findBench } from "./bench/registry.ts";
import { showBench, showChanges } from "./bench/show.ts";
import type { Cli } from "./cli_command.ts";
import { outFile } from "./cli_command.ts";
import { withInterrupt } from "./cli_interrupt.ts";
import { describeHost } from "./provenance.ts";
import { readJsonFile } from "./read_json.ts";

/** What the command was told. */
interface Options {
  quick?: true;
  only?: readonly string[];
  out?: string;
  against?: string;
}

/** Reads an older run of the same benchmark. */
async function readOlder(path: string, word: string): Promise<BenchFile> {
  const older = parseConfig(benchFileSchema, await readJsonFile(path), path);
  if (older.bench !== word) {
    throw new UserError(
      `Cannot compare with ${path}: expected a run of "${word}" but found one of "${older.bench}"`,
    );
  }
  return older;
}

/** The command line that repeats a run, by the task that has its permissions. */
function commandOf(word: string, { quick, only }: Options): string {
  const { state } = Deno.permissions.querySync({ name: "run", command: "deno" });
  const task = state === "granted" ? "bench:rivals" : "bench";
  const words = [word, ...quick ? ["--quick"] : [], ...only ? [`--only ${only.join(",")}`] : []];
  return `npx -y deno@${Deno.version.deno} task ${task} ${words.join(" ")}`;
}

async function run(
  { io }: Cli,
  bench: Bench,
  options: Options & { word: string },
): Promise<BenchFile> {
  const { word } = options;
  const host = await describeHost();
  const startedAt = io.now().toISOString();
  const began = io.seconds();
  const result = await withInterrupt(
    io,
    `Stopped: bench ${word} has written nothing`,
    (signal) =>
      bench({
        quick: options.quick ?? false,
        only: options.only ?? [],
        log: io.say,
        seconds: io.seconds,
        signal,
      }),
  );
  const wallSeconds = io.seconds() - began;
  const command = commandOf(word, options);
  return { schema: 2, startedAt, wallSeconds, command, ...host, ...result };
}

/** Writes the file and, where a device was measured, the page beside it; gives their paths. */
async function write(path: string, file: BenchFile): Promise<string[]> {
  // Made before anything is written, so that a page that cannot be made leaves no file alone.
  const page = file.device && renderBench(file);
  await writeTextFile(path, JSON.stringify(file, null, 2) + "\n");
  if (page === undefined) return [path];
  const beside = `${path.replace(/\.json$/, "")}.html`;
  await writeTextFile(beside, page);
  return [path, beside];
}

/** Adds `bench` to the command line. */
export function addBench(cli: Cli): void {
  const words = Object.keys(cli.benches);
  cli.program.command("bench")
    .description("time the kernels, training steps, the simulator or the planner")
    .argument("[what]", words.join(", "), words[0])
    .option("--quick", "in seconds, with wider intervals")
    .option("--only <names>", "parts of it alone, with commas between", (text) => text.split(","))
    .option("--out <file>", "write the rows as JSON, and a page beside it", outFile)
    .option("--against <file>", "compare with the rows of an older run")
    .action(async (word = "", options) => {
      const { io } = cli;
      const bench = findBench(word, cli.benches);
      const older = options.against ? await readOlder(options.against, word) : undefined;
      const file = await run(cli, bench, { ...options, word });
      io.print(showBench(file));
      const written = options.out ? await write(options.out, file) : [];
      if (written.length > 0) io.print(`Written to ${written.join(" and ")}`);
      if (older) io.print(showChanges(file, older));
    });
}
