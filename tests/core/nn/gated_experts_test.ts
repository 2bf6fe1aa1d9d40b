/** Experts behind every kind of dispatch: values and gradients against f64 and its differences. */
import { assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createConstants } from "../../../core/arrays/device_constants.ts";
import { deviceArrays } from "../../../core/arrays/device_arrays.ts";
import { shapedIds } from "../../../core/arrays/device_scope.ts";
import { gatedExperts } from "../../../core/nn/gated_experts.ts";
import { routedExperts } from "../../../core/nn/experts.ts";
import {
  type DispatchValues,
  gatedExpertsOracle,
  type NetworkSizes,
} from "../../../core/nn/gated_experts_oracle.ts";
import { mergedExperts } from "../../../core/nn/merged.ts";
import { slotExperts } from "../../../core/nn/slots.ts";
import { createTape, type Tape, type Variable } from "../../../core/nn/tape.ts";
import { isGated } from "../../../core/spec/activation.ts";
import { split } from "../../../kernels/base/random.ts";
import { NO_CHOICE } from "../../../kernels/group_tokens/group_tokens.ts";
import { copyTensor } from "../../../kernels/map/recipes.ts";
import { createRecorder } from "../../../kernels/recorder.ts";
import { download, type Pool, type Tensor } from "../../../kernels/tensor.ts";
import { uniformChoice } from "../../../kernels/tune.ts";
import { numbers, variants, withDevice } from "../../kernels/compare.ts";

interface Case extends NetworkSizes {
  length: number;
  sequences: number;
}

const sizes = fc.record({
  length: fc.integer({ min: 1, max: 9 }),
  sequences: fc.integer({ min: 1, max: 4 }),
  dModel: fc.integer({ min: 1, max: 20 }),
  dExpert: fc.integer({ min: 1, max: 20 }),
  experts: fc.integer({ min: 1, max: 5 }),
  activation: fc.constantFrom("swiglu" as const, "geglu" as const, "gelu" as const),
});

/** Values by name: those that gradients are wanted of. */
type Values = Record<string, Float32Array<ArrayBuffer>>;

/** A kind of dispatch: its numbers, their shapes, the device's operation and the oracle's word. */
interface Kind {
  shapes(c: Case): Record<string, number[]>;
  record(
    tape: Tape,
    v: Record<string, Variable>,
    options: { c: Case; ids: Tensor; variant: number },
  ): Variable;
  dispatch(v: Record<string, ArrayLike<number>>, ids: Uint32Array, c: Case): DispatchValues;
  /** Whether x is added, as a residual. */
  residual?: true;
}

const K = 3;
const PER_EXPERT = 2;

const kernelsOf = ({ recorder: { device } }: Tape, i: number) => {
  const list = variants(device);
  return uniformChoice(list[i % list.length]);
};

const tokensOf = (c: Case) => c.length * c.sequences;
/** The networks, in another kernel variant for each case. */
const networks = (tape: Tape, v: Record<string, Variable>, c: Case & { variant: number }) => ({
  ...{ up: v.up, down: v.down, activation: c.activation, kernels: kernelsOf(tape, c.variant) },
});

const kinds: Record<DispatchValues["kind"], Kind> = {
  choice: {
    shapes: (c) => ({ weights: [tokensOf(c) * K] }),
    record: (tape, v, { c, ids, variant }) =>
      routedExperts(tape, v.x, {
        ...{
          ...networks(tape, v, { ...c, variant }),
          ids,
          weights: v.weights,
          topK: K,
          residual: v.x,
        },
      }),
    residual: true,
    dispatch: ({ weights }, ids) => ({ kind: "choice", ids, weights, topK: K }),
  },
  slots: {
    shapes: (c) => ({
      mix: [tokensOf(c), c.experts * PER_EXPERT],
      combine: [tokensOf(c), c.experts * PER_EXPERT],
    }),
    record: (tape, v, { c, variant }) =>
      slotExperts(tape, v.x, {
        ...{ ...networks(tape, v, { ...c, variant }), mix: v.mix, combine: v.combine },
        ...{ length: c.length, perExpert: PER_EXPERT },
      }),
    dispatch: ({ mix, combine }, _, { length }) => ({
      ...{ kind: "slots", mix, combine, length, perExpert: PER_EXPERT },
    }),
  },
  merged: {
    shapes: (c) => ({ weights: [c.sequences, c.experts] }),
    record: (tape, v, { c, variant }) =>
      mergedExperts(tape, v.x, {
        ...{
          ...networks(tape, v, { ...c, variant }),
          weights: v.weights,
          length: c.length,
          residual: v.x,
        },
      }),
    residual: true,
    dispatch: ({ weights }, _, { length }) => ({ kind: "merged", weights, length }),
  },
};

/** Result and gradients of one case on the device. */
async function onDevice(pool: Pool, c: Case, options: { kind: Kind; variant: number }) {
  const { kind, variant } = options;
  const { dModel: d, dExpert: f, experts: e } = c;
  const t = tokensOf(c);
  const shapes: Record<string, number[]> = {
    x: [t, d],
    up: isGated(c.activation!) ? [e, 2, d, f] : [e, d, f],
    down: [e, f, d],
    ...kind.shapes(c),
  };
  const names = Object.keys(shapes);
  const size = (name: string) => shapes[name].reduce((a, b) => a * b);
  const values: Values = Object.fromEntries(names.map((n) => [n, numbers(n, size(n), 0.7)]));
  const stream = split(6, JSON.stringify(c));
  const ids = Uint32Array.from(
    { length: t * K },
    () => stream.uniform() < 0.3 ? NO_CHOICE : stream.int(0, e - 1),
  );
  const dy = numbers("dy", t * d);
  const own = pool.upload("ids", [t * K], ids);
  const grad = pool.upload("grad", [t, d], dy);
  const v: Record<string, Variable> = Object.fromEntries(
    names.map((n) => [n, { value: pool.upload(n, shapes[n], values[n]) }]),
  );
  const recorder = createRecorder(pool);
  const tape = createTape(recorder);
  const y = kind.record(tape, v, { c, ids: own, variant });
  const result = copyTensor(recorder, y.value);
  tape.backward(y, grad);
  recorder.submit();
  const grads = names.map((n) => v[n].grad!);
  const [got, ...gradients] = await download(pool.device, [result, ...grads]);
  pool.release(own, result, ...grads, ...names.map((n) => v[n].value));
  assertEquals(pool.bytes().live, 0, "what is released was all there was");
  return { values, ids, dy, got, gradients: new Map(names.map((n, i) => [n, gradients[i]])) };
}

const largestOf = (values: ArrayLike<number>) =>
  Array.from(values).reduce((most, v) => Math.max(most, Math.abs(v)), 1e-3);

for (const [name, kind] of Object.entries(kinds)) {
  Deno.test(
    `${name}: result and gradients are those of f64 and its differences, and nothing is left over`,
    withDevice(async (pool) => {
      const cases: Case[] = [
        { length: 1, sequences: 1, dModel: 1, dExpert: 1, experts: 1, activation: "swiglu" },
        { length: 9, sequences: 4, dModel: 17, dExpert: 12, experts: 3, activation: "swiglu" },
        { length: 4, sequences: 2, dModel: 8, dExpert: 16, experts: 4, activation: "geglu" },
        ...fc.sample(sizes, { seed: 5, numRuns: 9 }),
      ];
      for (const [variant, c] of cases.entries()) {
        const { values, ids, dy, got, gradients } = await onDevice(pool, c, { kind, variant });
        const at = (v: Record<string, ArrayLike<number>>) => {
          const dispatch = kind.dispatch(v, ids, c);
          const y = gatedExpertsOracle(v.x, {
            ...c,
            networks: { up: v.up, down: v.down },
            dispatch,
          });
          return kind.residual ? y.map((value, i) => value + v.x[i]) : y;
        };
        const wanted = at(values);
        const scale = largestOf(wanted);
        wanted.forEach((value, i) =>
          assertLessOrEqual(
            Math.abs(got[i] - value),
            1e-4 * scale,
            `y ${i} of ${JSON.stringify(c)}`,
          )
        );
        const loss = (v: Record<string, ArrayLike<number>>) =>
          at(v).reduce((sum, value, i) => sum + value * dy[i], 0);
        const stream = split(7, `${name} ${variant}`);
        for (const [parameter, gradient] of gradients) {
          const largest = largestOf(gradient);
          for (let probe = 0; probe < 6; probe++) {
            const i = stream.int(0, gradient.length - 1);
            const moved = (by: number) => {
              const copy = Float64Array.from(values[parameter]);
              copy[i] += by;
              return loss({ ...values, [parameter]: copy });
            };
            const slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assertLessOrEqual(
              Math.abs(slope - gradient[i]),
              2e-4 * largest,
              `d${parameter}[${i}] is ${gradient[i]}, the slope ${slope}: ${JSON.stringify(c)}`,
            );
          }
        }
      }
    }),
  );
}

Deno.test(
  "without drops every token is processed K times: with weights 1 / K one expert is a dense network",
  withDevice(async (pool, device) => {
    const [t, d, f, k] = [33, 12, 10, 4];
    const values = {
      x: numbers("x", t * d),
      up: numbers("up", 2 * d * f),
      down: numbers("down", f * d),
    };
    const v = {
      x: { value: pool.upload("x", [t, d], values.x) },
      up: { value: pool.upload("up", [1, 2, d, f], values.up) },
      down: { value: pool.upload("down", [1, f, d], values.down) },
      weights: { value: pool.upload("weights", [t * k], new Float32Array(t * k).fill(1 / k)) },
    };
    const ids = pool.upload("ids", [t * k], new Uint32Array(t * k));
    const recorder = createRecorder(pool);
    const tape = createTape(recorder);
    const { x, ...networks } = v;
    const kernels = uniformChoice(variants(device)[0]);
    const y = routedExperts(tape, x, { ...networks, kernels, ids, topK: k });
    recorder.submit();
    const [got] = await download(device, [y.value]);
    const sizes = { dModel: d, dExpert: f, experts: 1 };
    const dispatch = {
      kind: "choice",
      ids: new Uint32Array(t),
      weights: new Float32Array(t).fill(1),
      topK: 1,
    } as const;
    const wanted = gatedExpertsOracle(values.x, { ...sizes, networks: values, dispatch });
    const scale = largestOf(wanted);
    wanted.forEach((value, i) => assertLessOrEqual(Math.abs(got[i] - value), 1e-5 * scale));
    tape.end();
    pool.release(ids, ...Object.values(v).map(({ value }) => value));
    assertEquals(pool.bytes().live, 0);
  }),
);

Deno.test(
  "a gate's copies and constants are added to what its experts give, and get their gradients",
  withDevice(async (pool, device) => {
    const [t, d, f, k] = [5, 6, 4, 2];
    const values = {
      ...{ x: numbers("x", t * d), weights: numbers("weights", t * k) },
      ...{ copied: numbers("copied", t), added: numbers("added", t * d) },
      ...{ up: numbers("up", 3 * 2 * d * f), down: numbers("down", 3 * f * d) },
    };
    const shapes = {
      ...{ x: [t, d], weights: [t, k], copied: [t, 1], added: [t, d] },
      ...{ up: [3, 2, d, f], down: [3, f, d] },
    };
    const names = Object.keys(shapes) as (keyof typeof shapes)[];
    const v = Object.fromEntries(
      names.map((n): [string, Variable] => [n, { value: pool.upload(n, shapes[n], values[n]) }]),
    ) as Record<keyof typeof shapes, Variable>;
    const idsOf = Uint32Array.from({ length: t * k }, (_, i) => i % 4 === 3 ? NO_CHOICE : i % 3);
    const ids = shapedIds(pool.upload("ids", [t * k], idsOf), [t, k]);
    const constants = createConstants(device);
    const kernels = uniformChoice(variants(device)[0]);
    const recorder = createRecorder(pool);
    const tape = createTape(recorder);
    const g = deviceArrays(tape, { kernels, seed: 1, constants });
    const { x, weights, copied, added, up, down } = v;
    const dispatch = { kind: "choice", ids, weights } as const;
    const gated = { dispatch, copied, added, losses: [], state: {} };
    const y = gatedExperts(tape, x, { gated, g, up, down, kernels, residual: x });
    const result = copyTensor(recorder, y.value);
    const dy = numbers("dy", t * d);
    tape.backward(y, pool.upload("grad", [t, d], dy));
    recorder.submit();
    const [got, ...gradients] = await download(device, [result, ...names.map((n) => v[n].grad!)]);
    const wanted = (at: Record<string, ArrayLike<number>>) => {
      const experts = { kind: "choice", ids: idsOf, weights: at.weights, topK: k } as const;
      const sizes = { dModel: d, dExpert: f, experts: 3 };
      const networks = { up: at.up, down: at.down };
      return gatedExpertsOracle(at.x, { ...sizes, networks, dispatch: experts }).map((value, i) =>
        value + at.x[i] * (1 + at.copied[Math.floor(i / d)]) + at.added[i]
      );
    };
    const expected = wanted(values);
    expected.forEach((value, i) =>
      assertLessOrEqual(Math.abs(got[i] - value), 1e-4 * largestOf(expected))
    );
    const loss = (at: Record<string, ArrayLike<number>>) =>
      wanted(at).reduce((sum, value, i) => sum + value * dy[i], 0);
    names.forEach((name, n) =>
      gradients[n].forEach((gradient, i) => {
        const moved = (by: number) => {
          const copy = Float64Array.from(values[name]);
          copy[i] += by;
          return loss({ ...values, [name]: copy });
        };
        const slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assertLessOrEqual(Math.abs(slope - gradient), 2e-4 * largestOf(gradients[n]), name);
      })
    );
    pool.release(ids, result, ...names.flatMap((n) => [v[n].value, v[n].grad!]));
    assertEquals(pool.bytes().live, 0, "what is released was all there was");
    constants.close();
  }),
);

Deno.test(
  "slots and segments that do not fit are refused",
  withDevice((pool, device) => {
    const tape = createTape(createRecorder(pool));
    const zeros = (shape: number[]) => ({
      value: pool.upload("zeros", shape, new Float32Array(shape.reduce((a, b) => a * b))),
    });
    const kernels = uniformChoice(variants(device)[0]);
    const networks = { up: zeros([2, 2, 8, 8]), down: zeros([2, 8, 8]), kernels };
    const x = zeros([8, 8]);
    const mix = zeros([8, 3]);
    assertThrows(
      () => slotExperts(tape, x, { ...networks, mix, combine: mix, length: 4, perExpert: 2 }),
      RangeError,
      "Cannot give 3 slots of 8 tokens to 2 experts: wanted 2 each",
    );
    assertThrows(
      () => mergedExperts(tape, x, { ...networks, weights: zeros([2, 3]), length: 4 }),
      RangeError,
      "Cannot merge 2 experts for 8 tokens: found weights [2, 3]",
    );
    return Promise.resolve();
  }),
);
