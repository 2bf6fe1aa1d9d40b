/**
 * `upcycle`: makes one model of others by a published scheme, or lists the schemes.
 *
 * @module
 */
import { Option } from "@commander-js/extra-typings";
import { schemeRecipes, type WrittenType } from "../core/mod.ts";
import { unknownName, UserError } from "../kernels/base/errors.ts";
import { openDevice } from "../kernels/mod.ts";
import type { Cli } from "./cli_command.ts";
import { positiveNumber, wholeNumber } from "./cli_command.ts";
import { withInterrupt } from "./cli_interrupt.ts";
import { type Upcycled, upcycleModels, type UpcycleWords } from "./upcycle/make.ts";
import { methodEntries, showMethods, showUpcycled } from "./upcycle/show.ts";

const dtypes = { f32: "F32", f16: "F16", bf16: "BF16" } as const satisfies Record<
  string,
  WrittenType
>;

const isDtype = (word: string): word is keyof typeof dtypes => Object.hasOwn(dtypes, word);

/** Paths that are divided by commas. */
const pathsOf = (text: string) => text.split(",").map((path) => path.trim()).filter(Boolean);

async function run({ io }: Cli, words: UpcycleWords): Promise<Upcycled> {
  let work: Promise<Upcycled> | undefined;
  const started = (signal: AbortSignal) => {
    work = upcycleModels(words, { openDevice, signal, say: io.say });
    return work;
  };
  try {
    return await withInterrupt(io, `Stopped: ${words.out} was not written`, started);
  } catch (error) {
    // Work that was stopped takes away what it has written.
    await work?.catch(() => {});
    throw error;
  }
}

/** A word that has to be there. */
function needed<T>(value: T | undefined, option: string): T {
  if (value !== undefined) return value;
  throw new UserError(
    `Cannot make a model: found no ${option}, wanted --method, --from and --out; ` +
      '"upcycle list" shows the methods',
  );
}

/** Adds `upcycle` to the command line. */
export function addUpcycle(cli: Cli): void {
  const { io } = cli;
  cli.program.command("upcycle")
    .description("make one model of others by a published scheme")
    .argument("[list]", '"list" for all methods')
    .option("--method <id>", "the method")
    .addOption(
      new Option("--from <folders>", "the models that it is made of, divided by commas")
        .argParser(pathsOf),
    )
    .option("--out <folder>", "a new folder")
    .option("--seed <n>", "seed of what is new, and of the tokens of the proof", wholeNumber, 1)
    .option(
      "--experts <n>",
      "experts of a layer, for methods of one dense model (default: 4)",
      positiveNumber,
    )
    .option("--dtype <type>", "f32, f16 or bf16 in the files (default: as the first source)")
    .option("--json", "print what came of it as data")
    .action(async (list, { json, ...told }) => {
      if (list === "list") {
        const text = json
          ? JSON.stringify({ methods: methodEntries(schemeRecipes) }, null, 2)
          : showMethods(schemeRecipes);
        return io.print(text);
      }
      if (list !== undefined) throw unknownName("word after upcycle", list, ["list"]);
      const { experts, seed, dtype } = told;
      if (dtype !== undefined && !isDtype(dtype)) {
        throw unknownName("type of numbers", dtype, Object.keys(dtypes));
      }
      const made = await run(cli, {
        ...{ seed, experts, ...(dtype && { dtype: dtypes[dtype] }) },
        method: needed(told.method, "--method"),
        from: needed(told.from, "--from"),
        out: needed(told.out, "--out"),
      });
      io.print(json ? JSON.stringify(made, null, 2) : showUpcycled(made));
    });
}
