/**
 * A model of an application, trained on batches that are drawn and measured on others.
 *
 * @module
 */
import type { ApplicationSizes } from "../../core/applications/recipe.ts";
import { applicationById, taskOf } from "../../core/applications/table.ts";
import { sizeOf } from "../../core/programs/program.ts";
import { trainProgram } from "../../core/programs/train_program.ts";
import type { Device } from "../../kernels/mod.ts";
import type { TrainedModel } from "../derivatives/trained_models.ts";

/** A training of a model. */
export interface ApplicationRun {
  /** Id of the model. */
  id: string;
  /** Seed of weights, noise, task and samples. */
  seed: number;
  /** Sizes. */
  sizes: ApplicationSizes;
  /** Steps. */
  steps: number;
  /** Highest learning rate. */
  rate: number;
  /** Held-out batches. */
  heldOut: number;
}

/** Trains and measures a model. */
export async function trainApplication(
  run: ApplicationRun,
  { device, signal }: { device: Device; signal?: AbortSignal },
): Promise<TrainedModel> {
  const { id, seed, sizes, steps, rate, heldOut } = run;
  const recipe = applicationById(id);
  const task = taskOf(recipe);
  const program = recipe.program(sizes);
  const batch = (step: number, part: "training" | "held-out") =>
    task.batch(sizes, { seed, step, part });
  const held = Array.from({ length: heldOut }, (_, step) => batch(step, "held-out"));
  const { losses, heldOut: found } = await trainProgram(device, program, {
    ...{ seed, steps, signal, heldOut: held },
    schedule: { peak: rate, warmup: Math.floor(steps / 10) },
    batch: (step) => batch(step, "training"),
  });
  const measured = found.map(({ figures }, i) => task.measures(figures, held[i], sizes));
  const parameters = Object.values(program.parameters)
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    losses,
    measures: Object.fromEntries(
      Object.keys(measured[0]).map((name) => [name, measured.map((one) => one[name])]),
    ),
    ...{ parameters, trained: parameters },
  };
}
