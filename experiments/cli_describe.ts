/**
 * `describe`: what a model is made of, from a preset or a file of JSON.
 *
 * @module
 */
import { describe, modelPresets } from "../core/spec/mod.ts";
import type { Cli } from "./cli_command.ts";
import { positiveNumber } from "./cli_command.ts";
import { readModelOf } from "./read_model.ts";
import { showModel, showModels } from "./show_model.ts";

/** Adds `describe` to the command line. */
export function addDescribe(cli: Cli): void {
  cli.program.command("describe")
    .description("say what a model is made of")
    .argument("<model>", 'a preset, the path of a JSON file, or "list" for all presets')
    .option("--sequence <tokens>", "length that attention looks over", positiveNumber, 4096)
    .option("--json", "print it as JSON")
    .action(async (word, { sequence, json }) => {
      const print = (value: unknown, text: () => string) =>
        cli.io.print(json ? JSON.stringify(value, null, 2) : text());
      if (word === "list") {
        const models = modelPresets().map((model) => describe(model, { sequence }));
        return print(models, () => showModels(models));
      }
      const model = describe(await readModelOf(word), { sequence });
      print(model, () => showModel(model));
    });
}
