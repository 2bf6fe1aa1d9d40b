/**
 * `bench`: times kernels, simulator or planner, and compares with an older run.
 *
 * @module
 */
import { parseConfig } from "../kernels/base/config.ts";
import { UserError } from "../kernels/base/errors.ts";
import { writeTextFile } from "../kernels/base/files.ts";
import type { BenchFile } from "./bench/bench.ts";
import { benchFileSchema } from "./bench/bench.ts";
import { findBench } from "./bench/registry.ts";
import { showBench, showChanges } from "./bench/show.ts";
import type { Cli } from "./cli_command.ts";
import { describeHost } from "./provenance.ts";
import { readJsonFile } from "./read_json.ts";

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

/** Adds `bench` to the command line. */
export function addBench(cli: Cli): void {
  const words = Object.keys(cli.benches);
  cli.program.command("bench")
    .description("time the kernels, the simulator or the planner")
    .argument("[what]", words.join(", "), words[0])
    .option("--quick", "in seconds, with wider intervals")
    .option("--out <file>", "write the rows as JSON")
    .option("--against <file>", "compare with the rows of an older run")
    .action(async (word, options) => {
      const { io } = cli;
      const bench = findBench(word ?? "", cli.benches);
      const older = options.against ? await readOlder(options.against, word ?? "") : undefined;
      const { commit, cpu, os } = await describeHost();
      const startedAt = io.now().toISOString();
      const quick = options.quick ?? false;
      const result = await bench({ quick, log: io.say, seconds: io.seconds });
      io.print(showBench(result));
      if (options.out) {
        const file: BenchFile = { schema: 1, startedAt, commit, cpu, os, ...result };
        await writeTextFile(options.out, JSON.stringify(file, null, 2) + "\n");
        io.print(`Written to ${options.out}`);
      }
      if (older) io.print(showChanges(result, older));
    });
}
