/**
 * The command line.
 *
 * `main` is a function of its words and of the world that it may touch; it gives the exit code, so
 * that tests run it in process.
 *
 * @module
 */
import { Command } from "@commander-js/extra-typings";
import config from "../deno.json" with { type: "json" };
import { chooseProvider, parseProvider, providers } from "../kernels/mod.ts";
import type { Bench } from "./bench/bench.ts";
import { benches } from "./bench/registry.ts";
import type { Experiment } from "./define.ts";
import { experiments } from "./registry.ts";
import type { Cli } from "./cli_command.ts";
import { addBench } from "./cli_bench.ts";
import { addCalibrate } from "./cli_calibrate.ts";
import { addDescribe } from "./cli_describe.ts";
import { explain } from "./cli_errors.ts";
import { addExperiment } from "./cli_experiment.ts";
import { addGenerate } from "./cli_generate.ts";
import { addPlan } from "./cli_plan.ts";
import { addProfile } from "./cli_profile.ts";
import { addReport } from "./cli_report.ts";
import { addSimulate } from "./cli_simulate.ts";
import { addUpcycle } from "./cli_upcycle.ts";
import type { Io } from "./cli_io.ts";
import { processIo } from "./cli_io.ts";

/** The commands, in the order of the help. */
const commands: readonly ((cli: Cli) => void)[] = [
  addExperiment,
  addDescribe,
  addGenerate,
  addUpcycle,
  addSimulate,
  addPlan,
  addCalibrate,
  addProfile,
  addReport,
  addBench,
];

/**
 * Runs the command line and gives the exit code: 0, 1 for a bug or a run whose own checks failed,
 * 2 for input that cannot be used (one line says why), 130 for Ctrl-C.
 */
export async function main(
  args: readonly string[],
  io: Io,
  options: {
    experiments?: readonly Experiment[];
    benches?: Readonly<Record<string, Bench>>;
  } = {},
): Promise<number> {
  let code = 0;
  const program = new Command("moelab")
    .description("a workbench for mixture-of-experts models")
    .version(config.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.print(text.trimEnd()),
      writeErr: () => {},
      outputError: () => {},
      // Commander would look for colours in the environment, which needs a permission.
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    });
  const told = program.option(
    "--gpu <provider>",
    `who provides WebGPU: ${providers.join(" or ")}`,
    providers[0],
  );
  program.hook("preAction", () => chooseProvider(parseProvider(told.opts().gpu)));
  const cli: Cli = {
    program,
    io,
    experiments: options.experiments ?? experiments,
    benches: options.benches ?? benches,
    exit: (value) => code = value,
  };
  for (const add of commands) add(cli);
  if (args.length === 0) {
    io.print(program.helpInformation().trimEnd());
    return 0;
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    const explained = explain(error);
    if (explained.text) io.say(explained.text);
    return explained.code;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args, processIo()));
