/**
 * All adapters of a product in two grouped products, against a loop over adapters with products of
 * their own, and against all adapters side by side for all tokens, those of others counting 0: forward
 * and backward, on the same numbers, in one run.
 *
 * The loop is given what it could not know in a mixture: how many rows each adapter has, and its rows
 * in a matrix of their own.
 *
 * @module
 */
import { groupedAdapters } from "../../core/adapters/grouped.ts";
import { weighGroups } from "../../core/adapters/kinds.ts";
import { deviceArrays } from "../../core/arrays/device_arrays.ts";
import { createConstants } from "../../core/arrays/device_constants.ts";
import { linear } from "../../core/nn/layers.ts";
import { createTape, type Variable } from "../../core/nn/tape.ts";
import { type Estimate, median } from "../../kernels/base/estimate.ts";
import {
  copyTensor,
  createPool,
  createRecorder,
  type Device,
  download,
  guessedKernels,
  normals,
  type Pool,
  type Recorder,
  runTimed,
  split,
  type Tensor,
} from "../../kernels/mod.ts";

/** A race. */
export interface AdapterRace {
  /** Adapters E. */
  adapters: number;
  /** Tokens in all, a multiple of E. */
  tokens: number;
  /** Width of the product, in and out. */
  width: number;
  /** Rank of an adapter. */
  rank: number;
}

/** What it gave. */
export interface AdapterRaced {
  /** Seconds of the grouped products, forward and backward. */
  grouped: Estimate;
  /** Of the loop. */
  loop: Estimate;
  /** Loop over grouped, by rounds. */
  ratio: Estimate;
  /** All adapters for all tokens over grouped, by rounds. */
  allRatio: Estimate;
  /** Largest difference of any value or gradient to the loop's, as a share of the largest of its kind. */
  apart: number;
}

/** Rounds; each takes one sample of both. */
const ROUNDS = 15;

/** What y, dx, dA and dB are in. */
type Answers = Tensor[];

/** Both sides on a pool. */
function racersOn(pool: Pool, { adapters, tokens, width, rank }: AdapterRace) {
  const { device } = pool;
  const kernels = guessedKernels(device);
  const constants = createConstants(device);
  const own = tokens / adapters;
  const numbers = (name: string, n: number, scale: number) => normals(split(1, name), n, scale);
  const data = {
    x: numbers("x", tokens * width, 1),
    a: numbers("a", adapters * width * rank, 1 / Math.sqrt(width)),
    b: numbers("b", adapters * rank * width, 1 / Math.sqrt(rank)),
    dy: numbers("dy", tokens * width, 1),
  };
  const upload = (name: keyof typeof data, shape: number[], part?: number) => {
    const all = data[name];
    const size = shape.reduce((a, b) => a * b);
    const values = part === undefined ? all : all.slice(part * size, (part + 1) * size);
    return pool.upload(name, shape, values);
  };
  const whole = {
    x: upload("x", [tokens, width]),
    a: upload("a", [adapters, width, rank]),
    b: upload("b", [adapters, rank, width]),
    dy: upload("dy", [tokens, width]),
  };
  // Matrices that lead in side by side, those that lead out one below the other.
  const wide = {
    a: pool.upload(
      "a",
      [width, adapters * rank],
      Float32Array.from({ length: data.a.length }, (_, i) => {
        const [row, column] = [Math.floor(i / (adapters * rank)), i % (adapters * rank)];
        return data.a[(Math.floor(column / rank) * width + row) * rank + column % rank];
      }),
    ),
    b: upload("b", [adapters * rank, width]),
  };
  const parts = Array.from({ length: adapters }, (_, e) => ({
    x: upload("x", [own, width], e),
    a: upload("a", [width, rank], e),
    b: upload("b", [rank, width], e),
    dy: upload("dy", [own, width], e),
  }));
  const ids = pool.upload(
    "ids",
    [tokens],
    Uint32Array.from({ length: tokens }, (_, t) => Math.floor(t / own)),
  );
  /** Goes back from y and gives all answers; y is copied, since the tape takes it back. */
  const finish = (recorder: Recorder, y: Variable, given: {
    tape: ReturnType<typeof createTape>;
    dy: Tensor;
    of: Variable[];
  }): Answers => {
    const copied = copyTensor(recorder, y.value, { label: "y" });
    given.tape.backward(y, copyTensor(recorder, given.dy, { label: "dy" }));
    return [copied, ...given.of.map(({ grad }) => grad!)];
  };
  const variables = ({ x, a, b }: typeof whole) => [x, a, b].map((value): Variable => ({ value }));
  return {
    constants,
    grouped(recorder: Recorder): Answers[] {
      const tape = createTape(recorder);
      const g = deviceArrays(tape, { kernels, seed: 1, constants });
      const of = variables(whole);
      const [x, a, b] = of;
      const y = groupedAdapters(tape, x, { a, b, ids, topK: 1, g, kernels });
      return [finish(recorder, y, { tape, dy: whole.dy, of })];
    },
    sideBySide(recorder: Recorder): Answers[] {
      const tape = createTape(recorder);
      const g = deviceArrays(tape, { kernels, seed: 1, constants });
      const of = [whole.x, wide.a, wide.b].map((value): Variable => ({ value }));
      const [x, a, b] = of;
      const marks = g.constant(
        "marks",
        [tokens, adapters],
        () =>
          Float32Array.from(
            { length: tokens * adapters },
            (_, i) => Math.floor(Math.floor(i / adapters) / own) === i % adapters ? 1 : 0,
          ),
      );
      const h = weighGroups(g, g.product(x, a), marks);
      return [finish(recorder, g.product(h, b), { tape, dy: whole.dy, of })];
    },
    loop: (recorder: Recorder): Answers[] =>
      parts.map((part) => {
        const tape = createTape(recorder);
        const of = variables(part);
        const [x, a, b] = of;
        const h = linear(tape, x, { w: a, kernels, label: "adapter in" });
        const y = linear(tape, h, { w: b, kernels, label: "adapter out" });
        return finish(recorder, y, { tape, dy: part.dy, of });
      }),
  };
}

type Racers = ReturnType<typeof racersOn>;

/** How far grouped products are from the loop, and all side by side in what they give and pass on. */
async function compare(pool: Pool, { grouped, sideBySide, loop }: Racers): Promise<number> {
  const recorder = createRecorder(pool);
  const [answers] = grouped(recorder);
  const [all] = sideBySide(recorder);
  const others = loop(recorder);
  recorder.submit();
  const found = await download(pool.device, answers);
  // Gradients of matrices lie otherwise there: y and dx are compared.
  const beside = await download(pool.device, all.slice(0, 2));
  let worst = 0;
  for (const [kind, values] of found.entries()) {
    const parts = await download(pool.device, others.map((one) => one[kind]));
    const wanted = parts.flatMap((part) => [...part]);
    const largest = wanted.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    for (const side of kind < beside.length ? [values, beside[kind]] : [values]) {
      side.forEach((v, i) => worst = Math.max(worst, Math.abs(v - wanted[i]) / largest));
    }
  }
  pool.release(...answers, ...all, ...others.flat());
  return worst;
}

/** Device seconds of one recording: launches alone, without the gaps between them. */
async function secondsOf(pool: Pool, run: (recorder: Recorder) => Answers[]): Promise<number> {
  const launches = await runTimed(pool, (recorder) => pool.release(...run(recorder).flat()));
  return launches.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);
}

/**
 * Runs a race; times are those of launches, and so say nothing of how long the host takes to record
 * them.
 *
 * @throws {UserError} where the device has no timestamps.
 */
export async function raceAdapters(device: Device, race: AdapterRace): Promise<AdapterRaced> {
  const pool = createPool(device);
  const racers = racersOn(pool, race);
  try {
    const apart = await compare(pool, racers);
    const sides = [racers.grouped, racers.loop, racers.sideBySide] as const;
    const rounds: number[][] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const seconds = [];
      for (const side of sides) seconds.push(await secondsOf(pool, side));
      // The first round compiles.
      if (round > 0) rounds.push(seconds);
    }
    const over = (side: number) => median(rounds.map((seconds) => seconds[side] / seconds[0]));
    const of = (side: number) => median(rounds.map((seconds) => seconds[side]));
    return { grouped: of(0), loop: of(1), ratio: over(1), allRatio: over(2), apart };
  } finally {
    racers.constants.close();
    pool.trim();
  }
}
