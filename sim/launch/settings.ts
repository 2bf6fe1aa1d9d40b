/**
 * What a launcher is told, by the names of its arguments, and what each argument takes.
 *
 * @module
 */
import { unknownName, UserError } from "../../kernels/base/errors.ts";

/** A value of an argument. */
export type Setting = boolean | number | string | readonly string[];

/** Values by argument. */
export type Settings = Readonly<Record<string, Setting>>;

/** An argument of a launcher. */
export interface LaunchArgument {
  /** What of ours it says: a field of the plan, "model.moe.topK" or "workload.sequence". */
  says: string;
  /** What it takes; a flag takes nothing, or true and false where the format is no command line. */
  takes: "flag" | "whole" | "number" | "text" | "words";
  /** The words that it accepts, where they are few. */
  values?: readonly string[];
  /** What holds where it is left out; it is left out where that is wanted. */
  otherwise?: Setting;
}

/** The arguments of a launcher that say something of ours. */
export type LaunchArguments = Readonly<Record<string, LaunchArgument>>;

/** Whether two values are the same. */
export function sameSetting(a: Setting | undefined, b: Setting | undefined): boolean {
  return a === b || (Array.isArray(a) && Array.isArray(b) && a.join("\n") === b.join("\n"));
}

function oneOf(name: string, word: string, { values }: LaunchArgument): string {
  if (values === undefined || values.includes(word)) return word;
  throw unknownName(`value of ${name}`, word, values);
}

/** What is counted: of these there is at least one. */
const counted: ReadonlySet<string> = new Set([
  ...["tp", "cp", "dp", "pp", "vpp", "ep", "etp", "shardRanks"],
  ...["microBatch", "globalBatch", "workload.sequence"],
]);

/** Whether a number is one that a launcher would take; -1 says "as it comes" to some arguments. */
function isCount(value: number, { says, otherwise }: LaunchArgument): boolean {
  return Number.isSafeInteger(value) && (!counted.has(says) || value >= 1 || value === otherwise);
}

function wrong(name: string, found: unknown, wanted: string): UserError {
  return new UserError(
    `Cannot read ${name}: expected ${wanted} but found ${JSON.stringify(found)}`,
  );
}

/**
 * The value of an argument from what a file says: words of a command line, or a JSON value.
 *
 * @throws {UserError} for a value that the argument does not take.
 */
export function readSetting(name: string, found: unknown, argument: LaunchArgument): Setting {
  const alone = Array.isArray(found) && argument.takes !== "words" ? found[0] : found;
  switch (argument.takes) {
    case "flag":
      if (alone === undefined || alone === true || alone === "true") return true;
      if (alone === false || alone === "false") return false;
      throw wrong(name, alone, "true or false");
    case "whole":
    case "number": {
      const value = typeof alone === "string" && alone.trim() !== "" ? Number(alone) : alone;
      const fits = typeof value === "number" &&
        (argument.takes === "whole" ? isCount(value, argument) : Number.isFinite(value));
      if (fits) return value;
      const wanted = argument.takes === "number"
        ? "a number"
        : `a whole number${counted.has(argument.says) ? " from 1 on" : ""}`;
      throw wrong(name, alone ?? "nothing", wanted);
    }
    case "text":
      if (typeof alone === "string") return oneOf(name, alone, argument);
      throw wrong(name, alone ?? "nothing", "a word");
    case "words": {
      const words = Array.isArray(found) ? found : [found];
      if (words.every((word) => typeof word === "string")) {
        return words.map((word) => oneOf(name, word, argument));
      }
      throw wrong(name, found, "words");
    }
  }
}

/** Settings without those that hold anyway. */
export function withoutDefaults(settings: Settings, known: LaunchArguments): Settings {
  return Object.fromEntries(
    Object.entries(settings).filter(([name, value]) =>
      !sameSetting(value, known[name]?.otherwise) &&
      !(value === false && known[name]?.otherwise === undefined)
    ),
  );
}

/** The value of an argument, or what holds where it is left out. */
export function settingOf(
  settings: Settings,
  name: string,
  known: LaunchArguments,
): Setting | undefined {
  return settings[name] ?? known[name]?.otherwise;
}
