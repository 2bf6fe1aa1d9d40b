/**
 * What a run of the study keeps in a folder, by the names of trainings: figures, and weights as
 * checkpoints, so that a run that was stopped goes on where it was.
 *
 * @module
 */
import { join } from "node:path";
import { openCheckpoint } from "../../core/train/checkpoint.ts";
import { diskStore } from "../../core/train/files.ts";
import type { WeightedModel } from "../../core/train/schemes/model_weights.ts";
import { weightsOfCheckpoint } from "../../core/train/schemes/on_device.ts";
import { readTextFileIfAny, stableJson, writeTextFile } from "../../kernels/base/files.ts";
import { contentId } from "../hash.ts";
import type { ModelFigures } from "./figures.ts";
import type { Examination } from "./model_figures.ts";
import type { StudyTraining } from "./plan.ts";

/** The folder of a study. */
export interface StudyMemory {
  /** File of a training's weights. */
  weightsPath(training: StudyTraining): string;
  /** Weights of a training that is done; nothing where it is not. */
  weights(training: StudyTraining): Promise<WeightedModel | undefined>;
  /** Removes the weights of a training. */
  dropWeights(training: StudyTraining): Promise<void>;
  /** Figures of a training, if it was examined. */
  figures(training: StudyTraining): Promise<ModelFigures | undefined>;
  /** Keeps the figures of a training. */
  keepFigures(training: StudyTraining, figures: ModelFigures): Promise<void>;
  /** Removes all that was kept of trainings. */
  forget(trainings: readonly StudyTraining[]): Promise<void>;
}

/** The memory of a study in a folder. */
export function studyMemory(folder: string, examination: Examination): StudyMemory {
  const weightsPath = ({ id }: StudyTraining) => join(folder, `${id}.safetensors`);
  const figuresPath = async ({ id, row }: StudyTraining) =>
    join(folder, `${await contentId({ id, row, examination })}.json`);
  return {
    weightsPath,
    async weights(training) {
      const { model, steps } = training;
      const checkpoint = await openCheckpoint(weightsPath(training));
      if (!checkpoint) return undefined;
      try {
        if (checkpoint.steps < steps) return undefined;
        return await weightsOfCheckpoint(checkpoint, { model });
      } finally {
        checkpoint.file.close();
      }
    },
    dropWeights: (training) => diskStore.remove(weightsPath(training)),
    async figures(training) {
      const text = await readTextFileIfAny(await figuresPath(training));
      return text === undefined ? undefined : JSON.parse(text) as ModelFigures;
    },
    async keepFigures(training, figures) {
      await writeTextFile(await figuresPath(training), stableJson(figures));
    },
    async forget(trainings) {
      for (const training of trainings) {
        await diskStore.remove(weightsPath(training));
        await diskStore.remove(await figuresPath(training));
      }
    },
  };
}
