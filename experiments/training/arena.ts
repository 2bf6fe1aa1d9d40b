/**
 * Where routers meet: one small model, one text, one control. Parameters that experiments share.
 *
 * @module
 */
import { recipeById } from "../../core/gates/recipes.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { settingsOfText, textParameters, type TextValues } from "./arena_text.ts";
import type { Arena } from "./sized_runs.ts";

/** The recipe that others are made equal to: the two best by softmax, without drops. */
export const CONTROL = "mixtral";

/** Numbers of the arena. */
export const sizeParameters = {
  seeds: { quick: 1, full: 3, note: "seeds of each configuration" },
  steps: { quick: 60, full: 600, note: "steps of each training" },
  layers: { quick: 2, full: 2, note: "layers of the model" },
  dModel: { quick: 64, full: 128, note: "width of the model" },
  experts: { quick: 8, full: 8, note: "routed experts of a layer" },
  width: { quick: 64, full: 128, note: "width of an expert of the control" },
  sequences: { quick: 2, full: 8, note: "sequences of a batch" },
  length: { quick: 128, full: 128, note: "tokens of a sequence" },
  heldOut: { quick: 16, full: 16, note: "batches of held-out text" },
  rate: { quick: 6e-3, full: 2e-3, note: "highest learning rate" },
  domains: { quick: 4, full: 4, note: "domains of the synthetic text" },
} as const;

/** Parameters of every experiment that trains routers. */
export const arenaParameters = { ...sizeParameters, ...textParameters } as const;

/** Values of the numbers. */
export type ArenaSizes = { -readonly [K in keyof typeof sizeParameters]: number };

/** Values of the parameters. */
export type ArenaValues = ArenaSizes & TextValues;

/** Width of a head of attention. */
const HEAD = 16;

/**
 * The arena of a run.
 *
 * @throws {UserError} for sizes that no model has, and for texts that are not there.
 */
export async function readArena({ text, texts, ...sizes }: ArenaValues): Promise<Arena> {
  const arena = arenaOf(sizes);
  const training = { ...arena.training, ...await settingsOfText({ text, texts }) };
  return { ...arena, training };
}

/**
 * The arena of sizes, on the synthetic text.
 *
 * @throws {UserError} for sizes that no model has.
 */
export function arenaOf(values: ArenaSizes): Arena {
  const { layers, dModel, experts, width, sequences, length, steps, rate, heldOut, domains } =
    values;
  for (const [name, value] of Object.entries(values)) {
    const whole = name === "rate" ? value > 0 : Number.isSafeInteger(value) && value >= 1;
    if (whole) continue;
    throw new UserError(
      `Cannot train routers with ${name}=${value}: wanted ` +
        (name === "rate" ? "a number above 0" : "a whole number from 1"),
    );
  }
  if (dModel % HEAD !== 0) {
    throw new UserError(
      `Cannot train routers with dModel=${dModel}: wanted a multiple of ${HEAD}, such as ${
        Math.max(HEAD, Math.round(dModel / HEAD) * HEAD)
      }`,
    );
  }
  return {
    sizes: { layers, dModel, headDim: HEAD, vocab: 256 },
    ...{ experts, width, control: recipeById(CONTROL) },
    training: { sequences, length, steps, rate, heldOut, domains },
  };
}

/** Seeds of a run that was given one: as many as asked, beginning there. */
export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}
