/**
 * A user's own measured steps: rows in the form of published ones, or short ones that name a model, a
 * cluster and a plan as the command line does.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig, type Schema } from "../../../kernels/base/config.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import type { StepToFit } from "../../../sim/calibrate/calibrate.ts";
import { deviceProfile } from "../../../sim/cluster/profiles.ts";
import type { Graphs, Stack } from "../../../sim/stack/stack.ts";
import { describeCase, type PublishedCase, stepSeconds } from "../../published/mod.ts";
import { describedSeconds } from "../cases/training_figures.ts";
import { readSimulation } from "../inputs.ts";
import { simulationMachine } from "../simulation.ts";
import { closedSeconds } from "../step.ts";
import { deviceOf } from "../../published/case_words.ts";

/** A measured step in the short form. */
export interface ShortRow {
  /** Name; "row 3" for the third unless given. */
  id?: string;
  /** Preset or file of the model. */
  model: string;
  /** Cluster text or file. */
  cluster: string;
  /** Plan in words, a preset or a file. */
  plan: string;
  /** Tokens of a sequence; 4096 unless given. */
  sequence?: number;
  /** How kernels are issued; one by one unless given. */
  graphs?: Graphs;
  /** Modules that predict further tokens; as the description has them unless given. */
  mtp?: number;
  /** Measured seconds of a step. */
  stepSeconds: number;
}

const shortSchema: Schema<ShortRow> = z.strictObject({
  id: z.string().min(1).optional(),
  model: z.string().min(1),
  cluster: z.string().min(1),
  plan: z.string(),
  sequence: z.int().positive().optional(),
  graphs: z.enum(["none", "partial", "full"]).optional(),
  mtp: z.int().min(0).optional(),
  stepSeconds: z.number().positive(),
});

/** Rows that say something, and why the others do not. */
export interface Measurements {
  /** Rows, all of a stack called `stack`. */
  rows: StepToFit[];
  /** Reasons by id. */
  unsupported: { id: string; reason: string }[];
}

async function shortRow(row: ShortRow, id: string, stack: Stack): Promise<StepToFit> {
  const { model, cluster, plan, sequence = 4096, graphs = "none", mtp } = row;
  const words = { model, cluster, plan, sequence, graphs, mtp, routing: "balanced", seed: 1 };
  const simulation = { ...await readSimulation({ ...words, stack: "base" }), stack };
  const predict = (tried: Stack) => {
    const of = { ...simulation, stack: tried };
    return closedSeconds(of, simulationMachine(of));
  };
  predict(stack);
  const { architecture } = deviceProfile(simulation.cluster.device).device;
  return { id, stack: stack.id, architecture, seconds: row.stepSeconds, predict };
}

function caseRow(row: PublishedCase, stack: Stack): StepToFit | string {
  const seconds = stepSeconds(row);
  if (seconds === undefined) return "it prints no time of a step and no rate";
  const described = describeCase(row);
  if ("unsupported" in described) return described.unsupported;
  const predict = (tried: Stack) => describedSeconds(described, tried);
  const device = deviceOf(row.hardware.gpu)!;
  const { architecture } = deviceProfile(device).device;
  return { id: row.id, stack: stack.id, architecture, seconds, predict };
}

/** What cannot be used of a row, with the row's place. */
async function placed<T>(place: string, row: Promise<T>): Promise<T> {
  try {
    return await row;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${place}: ${error.message}`);
  }
}

/**
 * The measured steps of a file's values, ready to be predicted with any stack.
 *
 * @throws {UserError} for a short row that cannot be read, with its place; rows in the long form that
 * cannot be described are given back with the reason.
 */
export async function readMeasurements(
  values: readonly unknown[],
  options: { file: string; stack: Stack },
): Promise<Measurements> {
  const { file, stack } = options;
  const rows: StepToFit[] = [];
  const unsupported: Measurements["unsupported"] = [];
  for (const [i, value] of values.entries()) {
    const long = typeof value === "object" && value !== null && "category" in value;
    if (!long) {
      const row = parseConfig(shortSchema, value, `${file}, row ${i + 1}`);
      rows.push(
        await placed(`${file}, row ${i + 1}`, shortRow(row, row.id ?? `row ${i + 1}`, stack)),
      );
      continue;
    }
    const given = value as PublishedCase;
    const row = caseRow(given, stack);
    if (typeof row === "string") unsupported.push({ id: given.id, reason: row });
    else rows.push(row);
  }
  if (rows.length > 0) return { rows, unsupported };
  const why = unsupported[0] ? `: ${unsupported[0].id}, ${unsupported[0].reason}` : "";
  throw new UserError(`Cannot calibrate on ${file}: found no row that can be predicted${why}`);
}
