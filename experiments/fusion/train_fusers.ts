/**
 * Fusers in training: all of them read what the same frozen experts say of the same batches.
 *
 * @module
 */
import { createProgramTrainer, type ProgramTrainer } from "../../core/programs/program_trainer.ts";
import { batchOf, type Corpus } from "../../core/train/data/corpus.ts";
import { rateAt } from "../../core/train/schedule.ts";
import { fuserProgram } from "../../core/train/schemes/fuse.ts";
import type { Device } from "../../kernels/mod.ts";
import type { Progress } from "../define.ts";
import { type FuserText, type FuserWay, fuserWays } from "./fusers.ts";
import type { FusionValues } from "./parameters.ts";
import type { Experts } from "./said.ts";

/** What fusers are trained with. */
export interface FuserSite {
  /** The device. */
  device: Device;
  /** The experts. */
  experts: Experts;
  /** Text of all domains alike. */
  corpus: Corpus;
  /** Seed of the fusers. */
  seed: number;
  /** Seed of the order of the text, none that an expert was trained with. */
  dataSeed: number;
  /** Where the training stands. */
  progress: Pick<Progress, "step">;
  /** Ends it between steps. */
  signal: AbortSignal;
}

/** A trained fuser. */
export interface TrainedFuser {
  /** What it is. */
  way: FuserWay;
  /** It, to be closed. */
  trainer: ProgramTrainer;
  /** The loss of each step. */
  losses: number[];
}

type Numbers = Pick<
  FusionValues,
  "fuserSteps" | "fuserRate" | "hidden" | "sequences" | "length"
>;

/** Share of the steps over which the rate rises. */
const WARMUP = 0.05;

/**
 * Trains all fusers, none of which is waited for on the way.
 *
 * @throws {RangeError} where a loss is not finite.
 */
export async function trainFusers(
  { device, experts, corpus, seed, dataSeed, progress, signal }: FuserSite,
  { fuserSteps: steps, fuserRate, hidden, sequences, length }: Numbers,
): Promise<TrainedFuser[]> {
  const { vocabulary } = corpus;
  const tokens = sequences * length;
  const trainers = fuserWays.map((way) => {
    const own = way.sizes(experts.count);
    const program = fuserProgram({ experts: experts.count, vocabulary, tokens, hidden, ...own });
    return { way, trainer: createProgramTrainer(device, program, { seed }) };
  });
  const schedule = { peak: fuserRate, warmup: Math.floor(WARMUP * steps), floor: 0.1 };
  try {
    for (let step = 0; step < steps; step++) {
      signal.throwIfAborted();
      const said = await experts.say(batchOf(corpus, { sequences, length, seed: dataSeed, step }));
      const text: FuserText = { said, experts: experts.count, length };
      const rate = rateAt(schedule, { step, steps });
      for (const { way, trainer } of trainers) {
        trainer.step(way.batch(text, { seed, step }), { rate });
      }
      progress.step("fusers");
    }
    const trained: TrainedFuser[] = [];
    for (const { way, trainer } of trainers) {
      const losses = await trainer.losses();
      const wrong = losses.findIndex((loss) => !Number.isFinite(loss));
      if (wrong >= 0) {
        throw new RangeError(`Trained ${way.id} to ${losses[wrong]} in step ${wrong}`);
      }
      trained.push({ way, trainer, losses });
    }
    return trained;
  } catch (error) {
    trainers.forEach(({ trainer }) => trainer.close());
    throw error;
  }
}

/** Waits for the losses [T] of a fuser's answers. */
export async function fuserLosses(
  { way, trainer }: Pick<TrainedFuser, "way" | "trainer">,
  text: FuserText,
  at: { seed: number; step: number },
): Promise<Float64Array> {
  const { figures } = await trainer.run(way.batch(text, at));
  return way.losses(figures, text);
}
