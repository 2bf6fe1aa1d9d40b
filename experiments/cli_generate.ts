/**
 * `generate`: a model goes on with a text, which is printed as it comes.
 *
 * @module
 */
import { InvalidArgumentError } from "commander";
import { checkSampling } from "../core/infer/sample.ts";
import { openDevice } from "../kernels/mod.ts";
import { formatNumber } from "../reports/format.ts";
import { generateText, type GenerateWords } from "./checkpoints/generate_text.ts";
import { parseStorage } from "./checkpoints/open_checkpoint.ts";
import type { Cli } from "./cli_command.ts";
import { positiveNumber, wholeNumber } from "./cli_command.ts";
import { withInterrupt } from "./cli_interrupt.ts";

function anyNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) {
    throw new InvalidArgumentError("Expected a number");
  }
  return value;
}

const GIB = 2 ** 30;

async function run({ io }: Cli, words: GenerateWords): Promise<void> {
  const { made, ended, seconds, prompt, bytes } = await withInterrupt(
    io,
    "Stopped: the text is not whole",
    (signal) =>
      generateText(words, {
        openDevice,
        signal,
        write: io.write,
        say: io.say,
        seconds: io.seconds,
      }),
  );
  // The line that the text ends in.
  io.print("");
  const why = {
    end: "the model ended it",
    length: "as many as --max says",
    room: "no more room",
  }[ended];
  io.say(
    `${made} tokens after ${prompt} (${why}), ${
      formatNumber(made / seconds, "perSecond", 3)
    } with all they took, ${formatNumber(bytes, "bytes", 3)} on the device`,
  );
}

/** Adds `generate` to the command line. */
export function addGenerate(cli: Cli): void {
  cli.program.command("generate")
    .description("have a model go on with a text")
    .requiredOption("--model <folder>", "a model as Hugging Face keeps them")
    .requiredOption("--prompt <text>", "the text that it goes on with")
    .option("--max <n>", "new tokens at most", positiveNumber, 64)
    .option(
      "--temperature <t>",
      "0 takes the likeliest token, 1 draws as the model says",
      anyNumber,
      0,
    )
    .option("--top-k <k>", "draws from so many likeliest tokens (default: all)", positiveNumber)
    .option("--top-p <p>", "draws from the likeliest tokens of this share", anyNumber, 1)
    .option("--seed <n>", "seed of what is drawn", wholeNumber, 1)
    .option("--storage <kind>", "f32, f16, int8 or int4: what weights are held as", "f32")
    .option(
      "--memory <gib>",
      "GiB that the model may take (default: what is free, where shaders run on the CPU)",
      anyNumber,
    )
    .action(async ({ memory, storage, ...words }) => {
      checkSampling(words);
      await run(cli, {
        ...{ ...words, storage: parseStorage(storage) },
        ...(memory !== undefined && { room: memory * GIB }),
      });
    });
}
