/**
 * Two tasks over one input, of which one can say how much they have in common: what people click and
 * what they buy, after the synthetic data of the work on MMoE (Ma et al., KDD 2018); number and
 * frequencies of the sines and the noise are defaults of this suite.
 *
 *     w1 = u1        w2 = p u1 + sqrt(1 - p^2) u2        u1, u2 unit and perpendicular
 *     y_k = w_k x + sum_i sin(a_i w_k x + b_i) + noise
 *
 * p is the cosine of the two tasks' directions: 1 for the same task, 0 for two that share nothing but
 * the form.
 *
 * @module
 */
import { split, type Stream } from "../../kernels/mod.ts";
import { meanOfValues } from "./measures.ts";
import type { ApplicationTask } from "./recipe.ts";

/** Tasks. */
export const TASKS = 2;

/** Deviation of the noise: its square is the least error that can be. */
export const RATING_NOISE = 0.1;

/** Sines of each task. */
const SINES = 4;

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, v, i) => sum + v * b[i], 0);

const scaled = (a: readonly number[], by: number) => a.map((v) => v * by);

function direction(stream: Stream, width: number): number[] {
  const drawn = Array.from({ length: width }, () => stream.normal());
  return scaled(drawn, 1 / Math.sqrt(dot(drawn, drawn)));
}

/** The two tasks' directions, of length 1 and with the cosine `correlation`. */
export function taskDirections(
  width: number,
  { seed, correlation }: { seed: number; correlation: number },
): [number[], number[]] {
  if (!(correlation >= -1 && correlation <= 1)) {
    throw new RangeError(`Drew tasks with a correlation of ${correlation}, wanted -1 to 1`);
  }
  const stream = split(seed, "tasks");
  const first = direction(stream, width);
  const drawn = direction(stream, width);
  const along = dot(first, drawn);
  const apart = drawn.map((v, i) => v - along * first[i]);
  const second = scaled(apart, 1 / Math.sqrt(dot(apart, apart)));
  const rest = Math.sqrt(1 - correlation ** 2);
  return [first, first.map((v, i) => correlation * v + rest * second[i])];
}

/** People, and how they rate in two tasks. */
export const recommendationTask: ApplicationTask = {
  id: "recommendation",
  name: "Recommendation",
  idea: "Two numbers are to be told of one input; how much the tasks share is set.",
  scale: { samples: 8, rate: 3 },
  decides: { measure: "error", best: "lowest" },
  batch({ samples, dModel, correlation = 0.5 }, { seed, step, part }) {
    const directions = taskDirections(dModel, { seed, correlation });
    const shapes = split(seed, "sines");
    const sines = Array.from({ length: SINES }, (_, i) => ({
      a: (1 + i + shapes.uniform()) / 2,
      b: 2 * Math.PI * shapes.uniform(),
    }));
    const stream = split(seed, `${part}/people/${step}`);
    const x = Float32Array.from({ length: samples * dModel }, () => stream.normal());
    const y = Float32Array.from({ length: samples * TASKS }, (_, i) => {
      const at = Math.floor(i / TASKS) * dModel;
      const along = dot(directions[i % TASKS], x.subarray(at, at + dModel));
      const waves = sines.reduce((sum, { a, b }) => sum + Math.sin(a * along + b), 0);
      return along + waves + RATING_NOISE * stream.normal();
    });
    return { x, y };
  },
  measures({ errors }) {
    const of = (task: number) => meanOfValues(errors.filter((_, i) => i % TASKS === task));
    return { error: meanOfValues(errors), firstError: of(0), secondError: of(1) };
  },
};
