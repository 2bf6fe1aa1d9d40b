/**
 * What every command of the command line shares.
 *
 * @module
 */
import type { Command } from "@commander-js/extra-typings";
import { InvalidArgumentError } from "commander";
import type { Bench } from "./bench/bench.ts";
import type { Experiment } from "./define.ts";
import type { Io } from "./cli_io.ts";

/** The command line as its commands see it. */
export interface Cli {
  /** The commands' parent. */
  program: Command;
  /** The world. */
  io: Io;
  /** The experiments on offer. */
  experiments: readonly Experiment[];
  /** The benchmarks on offer, by word. */
  benches: Readonly<Record<string, Bench>>;
  /** Says with which code to end; 0 where nobody calls it. */
  exit(code: number): void;
}

/** Reads whole numbers that are no smaller than one, as commander wants it. */
const wholeNumberFrom = (least: number) => (text: string): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    throw new InvalidArgumentError(`Expected a whole number from ${least} on`);
  }
  return value;
};

/** Reads a whole number that is not negative, as commander wants it. */
export const wholeNumber: (text: string) => number = wholeNumberFrom(0);

/** Reads a whole number above 0, as commander wants it. */
export const positiveNumber: (text: string) => number = wholeNumberFrom(1);

/** Reads a number that is not negative, as commander wants it. */
export function nonNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value < Infinity)) {
    throw new InvalidArgumentError("Expected a number from 0 on");
  }
  return value;
}

/** The path of a file to write, as commander wants it: found to be a folder before any work is done. */
export function outFile(path: string): string {
  let folder = false;
  try {
    folder = Deno.statSync(path).isDirectory;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (folder) throw new InvalidArgumentError("It is a folder, expected a file");
  return path;
}

/** Adds a value of an option that may be given several times. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
