/**
 * `simulate`: how long a step of training takes on a cluster, where its time and memory go, and what
 * would change it; or what the simulator says of a file of measured rows.
 *
 * @module
 */
import { Option } from "@commander-js/extra-typings";
import { UserError } from "../kernels/base/errors.ts";
import { writeTextFile } from "../kernels/base/files.ts";
import { chromeTrace } from "../reports/trace.ts";
import type { Graphs } from "../sim/stack/stack.ts";
import type { Cli } from "./cli_command.ts";
import { nonNegative, outFile, positiveNumber, wholeNumber } from "./cli_command.ts";
import { withInterrupt } from "./cli_interrupt.ts";
import { placementHelp } from "./placement/read_placement.ts";
import { readTextFile } from "./read_json.ts";
import { formatPredictions, predictRow, type RowPrediction } from "./simulate/cases/predict_row.ts";
import { readRows } from "./simulate/cases/read_rows.ts";
import { eventFigures, simulateEvents, stepTimeline } from "./simulate/events.ts";
import { readSimulation } from "./simulate/inputs.ts";
import { knownErrors } from "./simulate/known_errors.ts";
import { fitErrors } from "./simulate/left_out.ts";
import { reportOf } from "./simulate/report.ts";
import { showReport } from "./simulate/show.ts";
import { nearestStack } from "./simulate/stacks.ts";

/** Rows between two looks at Ctrl-C. */
const batch = 50;

/** Predicts every row of a file and writes what came out. */
async function predictFile(cli: Cli, from: string, to: string): Promise<void> {
  const { io } = cli;
  const rows = readRows(await readTextFile(from), from);
  if (rows.length === 0) {
    throw new UserError(`Cannot predict rows of ${from}: found none, wanted one or more`);
  }
  const progress = io.progress();
  const predictions: RowPrediction[] = [];
  try {
    await withInterrupt(io, "Stopped: simulate has written nothing", async (signal) => {
      progress.start(rows.length, "rows");
      for (const [i, row] of rows.entries()) {
        if (i % batch === 0) await new Promise((resume) => setTimeout(resume));
        signal.throwIfAborted();
        predictions.push(predictRow(row, nearestStack));
        progress.step();
      }
    });
  } finally {
    progress.stop();
  }
  await writeTextFile(to, formatPredictions(predictions));
  const said = predictions.filter((p) => "predicted" in p).length;
  io.print(`${said} of ${rows.length} rows are predicted, ${rows.length - said} unsupported`);
  io.print(to);
}

/** Adds `simulate` to the command line. */
export function addSimulate(cli: Cli): void {
  cli.program.command("simulate")
    .description("say how long a training step takes on a cluster, and why")
    .option("--model <model>", "a preset (see describe list) or the path of a JSON file")
    .option("--cluster <cluster>", 'such as "h100:64,nic=200Gb/s", or the path of a JSON file')
    .option("--plan <plan>", 'such as "tp=2,pp=4,ep=8", a preset, or a JSON file', "")
    .option("--sequence <tokens>", "tokens of a sequence", positiveNumber, 4096)
    .option("--stack <stack>", "software stack: an id or a JSON file", "base")
    .option("--routing <law>", "balanced, skew:EXPONENT, or a JSON file with counts", "balanced")
    .option("--placement <how>", placementHelp)
    .option("--redundant <experts>", "further replicas of hot experts in a layer", wholeNumber)
    .addOption(
      new Option("--graphs <how>", "kernels issued by graphs")
        .choices(["none", "partial", "full"] as const).default("none" as Graphs),
    )
    .option(
      "--mtp <modules>",
      "modules that predict further tokens (default: the model's)",
      wholeNumber,
    )
    .option("--seed <n>", "seed of skewed routing", wholeNumber, 1)
    .option("--hour-dollars <price>", "dollars of a device's hour", nonNegative)
    .option("--events", "simulate the step event by event, not in closed form alone")
    .option(
      "--trace <file>",
      "write the events' spans for a trace viewer such as Perfetto",
      outFile,
    )
    .option("--json", "print it as JSON")
    .option("--cases <file>", "predict the rows of a file instead")
    .option("--out <file>", "where to write the predictions of --cases", outFile)
    .action(async (options) => {
      const { model, cluster, cases, out, hourDollars, events, trace, json } = options;
      if (cases !== undefined) {
        if (out === undefined) {
          throw new UserError("Cannot predict rows without --out: wanted a file to write");
        }
        return await predictFile(cli, cases, out);
      }
      if (model === undefined || cluster === undefined) {
        throw new UserError(
          "Cannot simulate without --model and --cluster: wanted such as " +
            "--model mixtral-8x7b --cluster h100:64 --plan ep=8,tp=2",
        );
      }
      const simulation = await readSimulation({ ...options, model, cluster });
      const step = events || trace !== undefined ? simulateEvents(simulation) : undefined;
      if (step && trace !== undefined) {
        const text = JSON.stringify(chromeTrace([stepTimeline(step, simulation)]));
        await writeTextFile(trace, text);
      }
      const report = reportOf(simulation, {
        errors: knownErrors(simulation.stack, await fitErrors(), simulation.sizes),
        hourDollars,
        events: step && eventFigures(step),
      });
      cli.io.print(json ? JSON.stringify(report, null, 2) : showReport(report));
    });
}
