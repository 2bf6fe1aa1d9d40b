/**
 * `report`: renders the page of a result that was written before.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { writeTextFile } from "../kernels/base/files.ts";
import { reportFiles, validateResult } from "../reports/mod.ts";
import type { Cli } from "./cli_command.ts";
import { outFile } from "./cli_command.ts";
import { readJsonFile } from "./read_json.ts";

/** Adds `report` to the command line. */
export function addReport(cli: Cli): void {
  cli.program.command("report")
    .description("render the page of a result")
    .argument("<result>", "path of a result.json")
    .option("--out <file>", 'where to write (default: "report.html" beside the result)', outFile)
    .action(async (path, options) => {
      const result = validateResult(await readJsonFile(path), path);
      const out = options.out ?? join(dirname(path), "report.html");
      const { "report.html": page, ...beside } = reportFiles(result);
      for (const [file, text] of Object.entries(beside)) {
        await writeTextFile(join(dirname(out), file), text);
      }
      await writeTextFile(out, page);
      cli.io.print(out);
    });
}
