/**
 * Which nonlinearity experts have (survey, arXiv 2407.06204, section 4.2.3).
 *
 * @module
 */
import { runnableActivations } from "../../core/nn/activations.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { defineExperiment } from "../define.ts";
import { arenaParameters, readArena, seedsFrom } from "../training/arena.ts";
import type { Arena } from "../training/sized_runs.ts";
import { type Contender, runContest } from "./contest.ts";
import { type ContestMeasure, fitModel, readMeasure } from "./contest_model.ts";

/** A contender for each activation, the first being what the others are made equal to. */
export function activationContenders(
  arena: Arena,
  { names, equal }: { names: readonly string[]; equal: ContestMeasure },
): Contender[] {
  const { sizes, experts, width, training: { length: sequence } } = arena;
  const known = names.map((name) => {
    const activation = runnableActivations.find((one) => one === name);
    if (activation) return activation;
    throw new UserError(
      `Cannot train experts with ${name}: wanted ${runnableActivations.join(", ")}`,
    );
  });
  const control = { form: { experts, topK: 2, activation: known[0] }, width };
  return known.map((activation) => ({
    id: `activation-${activation}`,
    name: activation,
    ...fitModel(sizes, { experts, topK: 2, activation }, { control, equal, sequence }),
  }));
}

/** Activations at equal FLOP. */
export const activationsExperiment = defineExperiment({
  id: "activations",
  title: "Activations of experts",
  question: "At equal FLOP a token, which nonlinearity of experts gives the lowest perplexity?",
  parameters: {
    ...arenaParameters,
    names: {
      quick: ["swiglu", "geglu", "gelu", "relu"],
      full: ["swiglu", "geglu", "gelu", "relu"],
      note: "nonlinearities; the first is what the others are made equal to",
    },
    equal: { quick: "flops", full: "flops", note: '"flops" or "parameters"' },
  },
  async run(context) {
    const { seed, parameters: { names, equal: word, ...values } } = context;
    const arena = await readArena(values);
    const equal = readMeasure(word);
    return await runContest(context, {
      contenders: activationContenders(arena, { names, equal }),
      ...{ arena, equal, seeds: seedsFrom(seed, values.seeds), what: "activations" },
      notes: [
        "SwiGLU and GeGLU have three matrices (arXiv 2002.05202), ReLU and GeLU two, which are half " +
        "as wide again. All share attention, gate and text.",
      ],
    });
  },
});
