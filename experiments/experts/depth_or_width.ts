/**
 * Few layers of wide experts, or many of narrow ones, at equal FLOP or parameters.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { defineExperiment } from "../define.ts";
import { arenaParameters, readArena, seedsFrom } from "../training/arena.ts";
import type { Arena } from "../training/sized_runs.ts";
import { type Contender, runContest } from "./contest.ts";
import { type ContestMeasure, fitModel, readMeasure } from "./contest_model.ts";

/** A contender for each depth; all are made equal to the arena's own. */
export function depthContenders(
  arena: Arena,
  { depths, equal }: { depths: readonly number[]; equal: ContestMeasure },
): Contender[] {
  const { sizes, experts, width, training: { length: sequence } } = arena;
  const control = { form: { experts, topK: 2 }, width };
  return depths.map((layers) => {
    if (!(Number.isSafeInteger(layers) && layers >= 1)) {
      throw new UserError(`Cannot train ${layers} layers: wanted whole numbers from 1`);
    }
    return {
      id: `depth-${layers}`,
      name: `${layers} layer${layers === 1 ? "" : "s"}`,
      ...fitModel(sizes, { experts, topK: 2, layers }, { control, equal, sequence }),
    };
  });
}

/** Depth against width. */
export const depthOrWidthExperiment = defineExperiment({
  id: "depth-or-width",
  title: "Depth or width",
  question:
    "At equal FLOP a token, are few layers of wide experts better than many of narrow ones?",
  parameters: {
    ...arenaParameters,
    width: { quick: 128, full: 256, note: "width of an expert of the control" },
    depths: { quick: [2, 1, 3, 4], full: [2, 1, 3, 4], note: "layers; the first is the control" },
    equal: { quick: "flops", full: "flops", note: '"flops" or "parameters"' },
  },
  async run(context) {
    const { seed, parameters: { depths, equal: word, ...values } } = context;
    const arena = await readArena(values);
    const equal = readMeasure(word);
    return await runContest(context, {
      contenders: depthContenders(arena, { depths, equal }),
      ...{ arena, equal, seeds: seedsFrom(seed, values.seeds), what: "depths" },
      notes: [
        "A layer more brings attention, norms and a router with it; experts become narrower to pay " +
        "for that. The width of tokens, the experts of a layer and those of a token stay.",
      ],
    });
  },
});
