/**
 * `experiment`: runs one, or lists them.
 *
 * @module
 */
import { Option } from "@commander-js/extra-typings";
import { join } from "node:path";
import { chosenProvider } from "../kernels/mod.ts";
import { reportFiles, validateResult } from "../reports/mod.ts";
import type { Experiment } from "./define.ts";
import { makeFolder } from "./make_folder.ts";
import { readParameters } from "./parameters.ts";
import { describeHost } from "./provenance.ts";
import { findExperiment } from "./registry.ts";
import { type Ran, runExperiment } from "./run.ts";
import { writeRun } from "./store.ts";
import { formatTable } from "./table.ts";
import { workCommands, workRows } from "./training/works.ts";
import type { Cli } from "./cli_command.ts";
import { collect, wholeNumber } from "./cli_command.ts";
import { withInterrupt } from "./cli_interrupt.ts";

/** What the command was told. */
interface Options {
  seed: number;
  full?: true;
  set: readonly string[];
  out: string;
  json?: true;
}

/** The command line that reproduces a run. */
export function commandOf(id: string, options: Pick<Options, "seed" | "full" | "set">): string {
  const { seed, full, set } = options;
  const words = [id, full ? "--full" : "--quick", `--seed ${seed}`];
  for (const assignment of set) {
    words.push(`--set ${/^[\w.,=-]+$/.test(assignment) ? assignment : `'${assignment}'`}`);
  }
  const provider = chosenProvider();
  const task = provider === "deno" ? "experiment" : `${provider} experiment`;
  return `npx -y deno@${Deno.version.deno} task ${task} ${words.join(" ")}`;
}

function list(cli: Cli, options: { json?: true }): void {
  const entries = cli.experiments.map(({ id, title, question, parameters }) => ({
    id,
    title,
    question,
    parameters,
  }));
  if (options.json) {
    const runs: readonly string[] = [...entries.map(({ id }) => id), ...workCommands];
    const rows = workRows().filter(({ experiment }) => runs.includes(experiment));
    return cli.io.print(JSON.stringify({ experiments: entries, rows }, null, 2));
  }
  cli.io.print(
    formatTable(
      [{ head: "experiment" }, { head: "question" }],
      entries.map((e) => [
        e.id,
        e.question,
      ]),
    ),
  );
}

async function run(cli: Cli, experiment: Experiment, options: Options): Promise<Ran> {
  const { io } = cli;
  const quick = !options.full;
  const parameters = readParameters(experiment, { quick, set: options.set });
  const host = await describeHost();
  const unmake = await makeFolder(options.out);
  const surroundings = {
    host,
    startedAt: io.now().toISOString(),
    seconds: io.seconds,
    command: commandOf(experiment.id, options),
  };
  const progress = io.progress();
  const { seed, out } = options;
  const { say: log } = io;
  try {
    return await withInterrupt(
      io,
      `Stopped: ${experiment.id} has written nothing`,
      (signal) =>
        runExperiment(
          experiment,
          { seed, quick, parameters, progress, signal, log, out },
          surroundings,
        ),
    );
  } catch (error) {
    await unmake();
    throw error;
  } finally {
    progress.stop();
  }
}

/** Writes result and page, says what came out, and gives the exit code. */
async function finish(cli: Cli, { result, ...ran }: Ran, options: Options): Promise<number> {
  const { io } = cli;
  const written = await writeRun(
    options.out,
    result,
    (value, source) => reportFiles(validateResult(value, source)),
  );
  await ran.written();
  if (written.replaced) io.say(written.replaced);
  if (options.json) {
    io.print(JSON.stringify(result, null, 2));
  } else {
    io.print(result.verdict);
    io.print(result.decision);
    io.print(`Result  ${written.result}`);
    io.print(`Report  ${written.report}`);
  }
  const failed = result.checks.filter((check) => !check.passed);
  for (const { name, value, limit } of failed) {
    io.say(
      `error: the run's own check "${name}" failed: expected at most ${limit}, found ${value}`,
    );
  }
  return failed.length === 0 ? 0 : 1;
}

/** Adds `experiment` to the command line. */
export function addExperiment(cli: Cli): void {
  cli.program.command("experiment")
    .description("run an experiment and write its result and report")
    .argument("[id]", 'the experiment, or "list" for all of them', cli.experiments[0]?.id)
    .option("--seed <n>", "seed of every random stream", wholeNumber, 1)
    .addOption(new Option("--quick", "an answer in seconds (the default)").conflicts("full"))
    .option("--full", "the best answer that this machine gives")
    .addOption(
      new Option("--set <name=value>", "another value of a parameter")
        .argParser(collect).default([] as readonly string[], "none"),
    )
    .option("--out <folder>", 'where to write (default: "results/ID")')
    .option("--json", "print the whole result")
    .action(async (id, options) => {
      if (id === "list") return list(cli, options);
      const experiment = findExperiment(id ?? "", cli.experiments);
      const out = options.out ?? join("results", experiment.id);
      const settled = { ...options, out };
      cli.exit(await finish(cli, await run(cli, experiment, settled), settled));
    });
}
