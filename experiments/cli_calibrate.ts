/**
 * `calibrate`: a software stack of one's own, from one's own measured steps.
 *
 * @module
 */
import { UserError } from "../kernels/base/errors.ts";
import { stableJson, writeTextFile } from "../kernels/base/files.ts";
import type { Stack } from "../sim/stack/stack.ts";
import type { Cli } from "./cli_command.ts";
import { outFile } from "./cli_command.ts";
import { readTextFile } from "./read_json.ts";
import { type CalibratedStack, calibrateStack } from "./simulate/calibrate/calibrate_stack.ts";
import { readMeasurements } from "./simulate/calibrate/measurements.ts";
import { showCalibration } from "./simulate/calibrate/show_calibration.ts";
import { readValues } from "./simulate/cases/read_rows.ts";
import { ownCalibration } from "./simulate/known_errors.ts";
import { readStackOf } from "./simulate/stacks.ts";

/** The stack with digits that somebody reads, and with where it comes from. */
function written({ stack }: CalibratedStack, said: { rows: number; from: string }): Stack {
  const short = (_key: string, value: unknown) =>
    typeof value === "number" ? Number(value.toPrecision(4)) : value;
  const source = `${ownCalibration} ${said.rows} measured steps from the stack ${said.from}.`;
  const description = "A stack of one's own, calibrated on measured steps";
  return JSON.parse(JSON.stringify({ ...stack, description, sources: [source] }, short));
}

/** Adds `calibrate` to the command line. */
export function addCalibrate(cli: Cli): void {
  cli.program.command("calibrate")
    .description("fit a software stack to steps that you measured")
    .requiredOption("--measurements <file>", "rows of JSON: model, cluster, plan, stepSeconds")
    .requiredOption("--out <file>", "where to write the stack", outFile)
    .option("--from <stack>", "stack to begin with: an id or a file", "base")
    .option("--id <id>", "name of the new stack", "own")
    .option("--json", "print the calibration as JSON")
    .action(async ({ measurements, out, from, id, json }) => {
      if (!/^[a-z0-9][a-z0-9.-]*$/.test(id)) {
        throw new UserError(
          `Cannot name a stack "${id}": wanted lower-case letters, digits, points and hyphens`,
        );
      }
      const start = { ...await readStackOf(from), id };
      const values = readValues(await readTextFile(measurements), measurements);
      const read = await readMeasurements(values, { file: measurements, stack: start });
      const fit = calibrateStack(read.rows, start);
      const stack = written(fit, { rows: read.rows.length, from });
      await writeTextFile(out, stableJson(stack));
      cli.io.print(
        json
          ? JSON.stringify({ ...fit, stack, unsupported: read.unsupported }, null, 2)
          : `${showCalibration(read, fit)}\n\n${out}`,
      );
    });
}
