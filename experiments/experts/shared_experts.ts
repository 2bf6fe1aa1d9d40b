/**
 * Experts that all tokens pass: none, one or two of them, or a dense network (survey, arXiv
 * 2407.06204, section 4.2.4).
 *
 * @module
 */
import { defineExperiment } from "../define.ts";
import { arenaParameters, readArena, seedsFrom } from "../training/arena.ts";
import type { Arena } from "../training/sized_runs.ts";
import { type Contender, runContest } from "./contest.ts";
import { type ContestForm, type ContestMeasure, fitModel, readMeasure } from "./contest_model.ts";

/** What goes beside routed experts. */
const forms: readonly { id: string; name: string; form: Omit<ContestForm, "experts"> }[] = [
  { id: "shared-0", name: "2 routed", form: { topK: 2 } },
  { id: "shared-1-of-2", name: "1 shared, 1 routed", form: { topK: 1, shared: 1 } },
  { id: "shared-1", name: "1 shared, 2 routed", form: { topK: 2, shared: 1 } },
  { id: "shared-2", name: "2 shared, 2 routed", form: { topK: 2, shared: 2 } },
  { id: "dense-beside", name: "dense beside, 1 routed", form: { topK: 1, denseBeside: 1 } },
];

/** A contender for each form. */
export function sharedContenders(arena: Arena, equal: ContestMeasure): Contender[] {
  const { sizes, experts, width, training: { length: sequence } } = arena;
  const control = { form: { experts, ...forms[0].form }, width };
  return forms.map(({ id, name, form }) => ({
    ...{ id, name },
    ...fitModel(sizes, { experts, ...form }, { control, equal, sequence }),
  }));
}

/** Shared experts at equal FLOP or parameters. */
export const sharedExpertsExperiment = defineExperiment({
  id: "shared-experts",
  title: "Shared experts",
  question: "At equal FLOP a token, do experts that all tokens pass lower the perplexity?",
  parameters: {
    ...arenaParameters,
    equal: { quick: "flops", full: "flops", note: '"flops" or "parameters"' },
  },
  async run(context) {
    const { seed, parameters: { equal: word, ...values } } = context;
    const arena = await readArena(values);
    const equal = readMeasure(word);
    return await runContest(context, {
      contenders: sharedContenders(arena, equal),
      ...{ arena, equal, seeds: seedsFrom(seed, values.seeds), what: "ways to share experts" },
      notes: [
        "Shared experts are as wide as routed ones (DeepSeekMoE, arXiv 2401.06066; with one of " +
        "each, DeepSpeed-MoE's residual experts, arXiv 2201.05596). A dense network beside the " +
        "experts is the same sum under another name, and starts from other random weights: what " +
        "it differs by is what chance does.",
      ],
    });
  },
});
