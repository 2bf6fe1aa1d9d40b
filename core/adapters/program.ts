/**
 * A base with adapters as a program: what `core/programs` trains on the device and checks on the host.
 *
 * Parameters of the base begin with "base." and are frozen in every stage. Where experts are given, a
 * first stage trains each on the domain of its number, and a second leaves them as they are and trains
 * gates and what else there is.
 *
 *     stages = adapterStages(recipe)                      ["given", "mixed"], or ["mixed"]
 *     program = adapterProgram(adapted, { stage })
 *     trainProgram(device, program, { frozen: adapterFrozen(adapted, stage), values: base, ... })
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import { consistencyLoss, logProbabilities } from "../gates/training/consistency.ts";
import { addAll, lossOfRows, meanOfAll } from "../programs/blocks.ts";
import type { ModelProgram, ProgramBatch, ProgramOutput, ProgramRun } from "../programs/program.ts";
import type { TrainingBatch } from "../train/data/corpus.ts";
import { inPass } from "../train/objectives/passes.ts";
import { BASE, baseTensors } from "./base.ts";
import { baseLogits } from "./forward.ts";
import { type AdapterPass, type AdapterStage, listenWith } from "./listen.ts";
import { type AdaptedModel, adapterPlaces, adapterStates, adapterTensors } from "./places.ts";
import type { AdapterRecipe } from "./specs.ts";

/** The stages of a recipe's training, in order. */
export function adapterStages({ parts }: Pick<AdapterRecipe, "parts">): AdapterStage[] {
  return parts.some(({ given }) => given) ? ["given", "mixed"] : ["mixed"];
}

/** Whether a parameter stays as it is in a stage, by its name. */
export function adapterFrozen(
  adapted: AdaptedModel,
  stage: AdapterStage,
): (name: string) => boolean {
  const given = new Set(
    adapterPlaces(adapted).filter(({ part }) => part.given)
      .flatMap(({ prefix, parameters }) => Object.keys(parameters).map((name) => prefix + name)),
  );
  return (name) => name.startsWith(BASE) || given.has(name) === (stage === "mixed");
}

/**
 * The program of a base with adapters. Its figures are "each", the cross-entropy of each token [T, 1],
 * "ofTokens", the mean of them, and "logits" [T, V] where wanted.
 *
 * @throws {UserError} where the base or a gate cannot be.
 *
 * @example A base under LoRA begins as the base
 * ```ts
 * import * as core from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const ffn = { width: 16, activation: "swiglu", bias: false } as const;
 * const tiny = core.modelPreset("tiny");
 * const model = { ...tiny, layers: 1, moe: undefined, ffn };
 * const lossOf = (id: string) => {
 *   const recipe = core.adapterById(id);
 *   const program = core.adapterProgram({ model, recipe, sequences: 1, length: 4, tags: 2 });
 *   const [ids, ones] = [Uint32Array.of(7, 8, 9, 7), Uint32Array.of(1, 1, 1, 1)];
 *   const batch = core.adapterBatch({ ids, targets: ids, before: ids, tags: ones });
 *   return core.runProgramOnHost(program, { seed: 1, batch }).figures!.ofTokens.data[0];
 * };
 * assertEquals(lossOf("molora"), lossOf("lora"));
 * ```
 */
export function adapterProgram(
  adapted: AdaptedModel,
  options: { stage?: AdapterStage; logits?: boolean } = {},
): ModelProgram {
  const { stage = "mixed", logits: wanted = false } = options;
  const { model, recipe, sequences, length } = adapted;
  const places = adapterPlaces(adapted);
  const shape = [sequences * length, 1] as const;

  function pass<A, I>(run: AdapterPass<A, I>, targets: I) {
    const left = listenWith(run, { adapted, places, stage });
    const { w, ids: { tokens } } = run;
    const logits = baseLogits(run.g, { model, w, tokens, length, hooks: left.hooks });
    return { ...left, logits, each: lossOfRows(run.g, logits, targets) };
  }

  return {
    parameters: { ...baseTensors(model), ...adapterTensors(places) },
    states: adapterStates(places),
    indices: { tokens: shape, targets: shape, before: shape, tags: shape, clusters: shape },
    loss<A, I>(g: Arrays<A, I>, run: ProgramRun<A, I>): ProgramOutput<A> {
      const { w, state, training } = run;
      const ids = run.ids as AdapterPass<A, I>["ids"] & { targets: I };
      const { loss } = recipe;
      const twice = loss?.kind === "consistency" && training && stage === "mixed";
      const passes = Array.from(
        { length: twice ? 2 : 1 },
        (_, i) => pass({ g: inPass(g, i), w, state, ids, training }, ids.targets),
      );
      const share = 1 / passes.length;
      const terms = passes.flatMap(({ each, losses }) => [
        meanOfAll(g, each),
        ...losses.map(({ value }) => value),
      ]).map((term) => share === 1 ? term : g.scale(term, share));
      if (twice) {
        const [p, q] = passes.map(({ logits }) => logProbabilities(g, logits));
        terms.push(g.scale(consistencyLoss(g, [p, q]), loss.weight));
      }
      const [{ each, logits, states }] = passes;
      return {
        loss: addAll(g, terms),
        figures: { each, ofTokens: meanOfAll(g, each), ...wanted && { logits } },
        states,
      };
    },
  };
}

/** A batch of a corpus as the program takes it, with the cluster of each token; 0 where absent. */
export function adapterBatch(
  { ids, targets, before, tags }: TrainingBatch,
  clusters: ArrayLike<number> = new Uint32Array(ids.length),
): ProgramBatch {
  return { tokens: ids, targets, before, tags, clusters };
}
