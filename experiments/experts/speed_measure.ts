/**
 * Expert layers on the device: the undisturbed time of a forward and a backward pass, and what the
 * profile says of the operators that were counted.
 *
 * @module
 */
import { countProgram, expertLayerProgram } from "../../core/experts/layer_program.ts";
import type { ExpertLayerShape } from "../../core/experts/layer.ts";
import type { ExpertRecipe } from "../../core/experts/recipe.ts";
import { deviceArrays, lossGradient } from "../../core/arrays/device_arrays.ts";
import { type ConstantStore, createConstants } from "../../core/arrays/device_constants.ts";
import { createTape } from "../../core/nn/tape.ts";
import type { ExpertCompute } from "../../core/programs/chosen_experts.ts";
import type { ModelProgram } from "../../core/programs/program.ts";
import { createProgramMemory, type ProgramMemory } from "../../core/programs/program_memory.ts";
import { type AnyOp, bytes, type Estimate, exactly, flops, sum } from "../../kernels/base/mod.ts";
import {
  type KernelChoice,
  type LaunchTime,
  type Pool,
  type Profile,
  type Profiling,
  type Recorder,
  runParts,
} from "../../kernels/mod.ts";
import { gapOf, priceOp } from "../../sim/mod.ts";
import { spreadParts } from "../compare/spread_parts.ts";
import { undisturbedLaunches } from "../compare/undisturbed_launches.ts";

/** A layer on the device. */
export interface PreparedKind {
  /** The kind. */
  recipe: ExpertRecipe;
  /** Which of its experts compute. */
  compute: ExpertCompute;
  /** The layer by itself. */
  program: ModelProgram;
  /** Its memory. */
  memory: ProgramMemory;
  /** Its constants. */
  constants: ConstantStore;
  /** Records a forward and a backward pass. */
  record(recorder: Recorder): void;
  /** Launches of each round. */
  rounds: LaunchTime[][];
}

/** What a layer took, and what it was predicted to take. */
export interface TimedKind {
  /** The kind. */
  recipe: ExpertRecipe;
  /** Which of its experts compute. */
  compute: ExpertCompute;
  /** Forward and backward, gaps included. */
  measured: Estimate;
  /** The same, from the profile and what was counted. */
  predicted: Estimate;
  /** Launches that were timed. */
  launches: number;
  /** Operators that were counted. */
  operators: number;
  /** FLOP of the products that were counted. */
  productFlops: number;
  /** Bytes that all operators move at the least. */
  movedBytes: number;
  /** Share of the measured time that is products. */
  productShare: number;
}

/** Puts a layer on the device. */
export function prepareKind(
  pool: Pool,
  recipe: ExpertRecipe,
  options: {
    shape: ExpertLayerShape;
    kernels: KernelChoice;
    seed: number;
    /** Which of its experts compute. */
    compute: ExpertCompute;
  },
): PreparedKind {
  const { shape, kernels, seed, compute } = options;
  const program = expertLayerProgram(recipe, shape, { compute });
  const memory = createProgramMemory(pool, program, { seed });
  const { tokens, length, tags, vocabulary } = shape;
  const ids = (of: (t: number) => number) => Uint32Array.from({ length: tokens }, (_, t) => of(t));
  memory.write({
    tokens: ids((t) => t % vocabulary),
    tags: ids((t) => Math.floor(t / length) % tags),
  });
  const constants = createConstants(pool.device);
  return {
    ...{ recipe, compute, program, memory, constants, rounds: [] },
    record(recorder) {
      const tape = createTape(recorder);
      const g = deviceArrays(tape, { kernels, seed, constants });
      const { loss } = program.loss(g, memory.run(true));
      tape.backward(loss, lossGradient(tape));
      for (const { variable } of Object.values(memory.parameters)) {
        if (variable.grad) recorder.pool.release(variable.grad);
        variable.grad = undefined;
      }
    },
  };
}

/** Takes samples of all layers and of the profile's shapes in rounds, so that both meet one machine. */
export async function measureKinds(
  pool: Pool,
  prepared: readonly PreparedKind[],
  options: {
    repeats: number;
    profiling: Pick<Profiling, "parts" | "take">;
    done?: (share: number) => void;
    signal?: AbortSignal;
  },
): Promise<void> {
  const { repeats, profiling, done, signal } = options;
  const layers = prepared.map(({ record }) => [record]);
  const parts = spreadParts(layers, profiling.parts);
  const place = new Map(parts.map((part, i) => [part, i]));
  // The first round compiles and uploads constants, and is not counted.
  for (let round = 0; round <= repeats; round++) {
    const times = await runParts(pool, parts, {
      signal,
      done: (share) => done?.((round + share) / (repeats + 1)),
    });
    if (round === 0) continue;
    prepared.forEach(({ rounds }, i) => rounds.push(times[place.get(layers[i][0])!]));
    profiling.take(profiling.parts.map((part) => times[place.get(part)!]));
  }
}

const isProduct = ({ kind }: AnyOp) => kind.startsWith("gemm") || kind.startsWith("grouped");

/** Whether a launch is a product, by its label. */
const labelled = (label: string) => /^(product|into experts|out of experts)/.test(label);

const total = (ops: readonly AnyOp[], of: (op: AnyOp) => number) =>
  ops.reduce((all, op) => all + of(op), 0);

/** What the rounds of a layer showed, beside what the profile says; frees the layer. */
export function concludeKind(
  { recipe, compute, program, memory, constants, rounds }: PreparedKind,
  profile: Profile,
): TimedKind {
  const { launches, total: measured } = undisturbedLaunches(rounds);
  const counted = countProgram(program);
  const ops = [...counted.forward, ...counted.backward];
  const waits = exactly(total(ops, (op) => gapOf(op, profile)), "gaps of the profile");
  const prices = ops.map((op) => priceOp(op, profile));
  const inProducts = launches.filter(({ label }) => labelled(label))
    .reduce((all, { seconds }) => all + seconds.value, 0);
  memory.release();
  constants.close();
  return {
    ...{ recipe, compute, measured },
    predicted: sum([...prices, waits], "sum of the profile's prices"),
    launches: launches.length,
    operators: ops.length,
    productFlops: total(ops.filter(isProduct), flops),
    movedBytes: total(ops, bytes),
    productShare: inProducts / measured.value,
  };
}
