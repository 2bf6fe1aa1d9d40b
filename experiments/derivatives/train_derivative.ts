/**
 * A derivative trained on its text, after what is trained before, and measured on held-out text.
 *
 * @module
 */
import { derivativeById } from "../../core/derivatives/table.ts";
import type {
  DerivativeRecipe,
  DerivativeSizes,
  DerivativeText,
} from "../../core/derivatives/recipe.ts";
import { type ProgramValues, sizeOf } from "../../core/programs/program.ts";
import { trainProgram } from "../../core/programs/train_program.ts";
import type { Corpus } from "../../core/train/data/corpus.ts";
import type { Device } from "../../kernels/mod.ts";
import { textBatch } from "./texts.ts";
import { meanOf, type TrainedModel } from "./trained_models.ts";

/** A training of a derivative. */
export interface DerivativeRun {
  /** Id of the derivative or control. */
  id: string;
  /** Seed of weights, noise and text. */
  seed: number;
  /** Sizes of the decoder. */
  sizes: DerivativeSizes;
  /** Steps of each stage. */
  steps: number;
  /** Highest learning rate. */
  rate: number;
  /** Batches of held-out text. */
  heldOut: number;
}

/** Where derivatives are trained. */
export interface DerivativeSite {
  /** The device. */
  device: Device;
  /** The texts. */
  texts: Readonly<Record<DerivativeText, Corpus>>;
  /** Throws its reason between stretches of steps. */
  signal?: AbortSignal;
  /** What stages before gave, by stage and seed: each is trained once. */
  stages?: Map<string, Record<string, Float32Array>>;
}

/** Held-out text is the same for all seeds. */
const HELD_OUT_SEED = 1;

/** How a stage of a run is trained. */
function trainingOf(
  run: DerivativeRun,
  { texts, signal }: DerivativeSite,
  { learns: text, rate: factor = 1 }: Pick<DerivativeRecipe, "learns" | "rate">,
) {
  const { sizes, seed, steps, rate } = run;
  return {
    ...{ seed, steps, signal },
    schedule: { peak: factor * rate, warmup: Math.floor(steps / 10) },
    batch: (step: number) => textBatch(texts[text], sizes, { seed, step, part: "training" }),
  };
}

/** Values that a derivative begins with, of what is trained before. */
async function beginning(
  { before }: DerivativeRecipe,
  run: DerivativeRun,
  site: DerivativeSite,
): Promise<ProgramValues | undefined> {
  if (!before) return undefined;
  const { sizes } = run;
  const { stages = new Map() } = site;
  const key = `${before.id}, seed ${run.seed}`;
  const values = stages.get(key) ??
    (await trainProgram(
      site.device,
      before.program(sizes),
      trainingOf(run, site, before),
    )).values;
  stages.set(key, values);
  return before.values(values, sizes);
}

/** Trains and measures a derivative or a control. */
export async function trainDerivative(
  run: DerivativeRun,
  site: DerivativeSite,
): Promise<TrainedModel> {
  const recipe = derivativeById(run.id);
  const { sizes, heldOut } = run;
  const { frozen = () => false } = recipe;
  const program = recipe.program(sizes);
  const held = (text: DerivativeText) =>
    Array.from(
      { length: heldOut },
      (_, step) =>
        textBatch(site.texts[text], sizes, { seed: HELD_OUT_SEED, step, part: "held-out" }),
    );
  // What came before is only told apart from what is learned where there is something before.
  const old = recipe.before ? held("old") : [];
  const { losses, heldOut: found } = await trainProgram(site.device, program, {
    ...trainingOf(run, site, recipe),
    values: await beginning(recipe, run, site),
    ...{ frozen, heldOut: [...held(recipe.learns), ...old] },
  });
  const learned = found.slice(0, heldOut);
  const before = found.slice(heldOut);
  const of = (batches: typeof found, name: string) =>
    batches.map(({ figures }) => meanOf([...figures[name]]));
  const figures = Object.keys(learned[0].figures);
  const through = figures.filter((name) => name.startsWith("through"));
  const count = (names: readonly string[]) =>
    names.reduce((sum, name) => sum + sizeOf(program.parameters[name].shape), 0);
  const names = Object.keys(program.parameters).filter((name) => !name.startsWith("teacher."));
  return {
    losses,
    measures: {
      loss: of(learned, "ofTokens"),
      ...before.length > 0 && { oldLoss: of(before, "ofTokens") },
      ...figures.includes("depth") && { expectedDepth: of(learned, "depth") },
      ...through.length > 0 && {
        throughFraction: learned.map((one) => meanOf(through.map((name) => one.figures[name][0]))),
      },
    },
    parameters: count(names),
    trained: count(names.filter((name) => !frozen(name))),
  };
}
