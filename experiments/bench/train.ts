/**
 * `bench train`: whole training steps, and how much of their speed their matrix products leave.
 *
 * A step (forward, backward, update) and its products alone are recorded one behind the other, round
 * by round: their ratio holds on a busy machine too. The time of the step is split by phase and by
 * operator, so that one sees where the rest goes.
 *
 * @module
 */
import { openDevice } from "../../kernels/device.ts";
import { tunedKernels } from "../../kernels/tune.ts";
import {
  type Bench,
  type BenchContest,
  type BenchResult,
  type BenchRow,
  chosenParts,
} from "./bench.ts";
import { trainedModels } from "./train_models.ts";
import { trainRows } from "./train_rows.ts";
import { timeStep } from "./train_time.ts";

/** Rounds of a quick and of a full run. */
const paces = { quick: 9, full: 31 };

/** Times training steps on the default device. */
export const benchTrain: Bench = async (options): Promise<BenchResult> => {
  const chosen = chosenParts(trainedModels, options.only);
  const device = await openDevice();
  try {
    const kernels = await tunedKernels(device, { log: options.log });
    const rows: BenchRow[] = [];
    const contests: BenchContest[] = [];
    for (const trained of chosen) {
      options.log(`Training: ${trained.id}, ${trained.says}`);
      const rounds = paces[options.quick ? "quick" : "full"];
      const timed = await timeStep(device, trained, { ...options, kernels, rounds });
      const result = trainRows(trained, timed);
      rows.push(...result.rows);
      contests.push(result.contest);
    }
    const { sequences, length } = trainedModels[0];
    const notes = [
      `On ${device.adapter.description}; ${sequences} sequences of ${length} tokens a step; times are ` +
      "of the device's clock, a step with the gaps between its launches",
    ];
    return { bench: "train", notes, rows, contests, skipped: [] };
  } finally {
    device.close();
  }
};
