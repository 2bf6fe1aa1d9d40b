/** Chosen experts alone: as on the host, with gradients, and as all experts weighed by 0. */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Arrays, NONE, type Shape } from "../../../core/arrays/arrays.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostIndices, hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { lossGradient } from "../../../core/arrays/device_arrays.ts";
import { split } from "../../../kernels/base/random.ts";
import type { Variable } from "../../../core/nn/tape.ts";
import { numbers, withDevice } from "../../kernels/compare.ts";
import { type ArraysCase, assertSameArrays, onDevice } from "./device_cases.ts";

interface Sizes {
  tokens: number;
  k: number;
  experts: number;
  input: number;
  width: number;
  output: number;
}

/** Different experts for each token; some choices were dropped. */
function choices({ tokens, k, experts }: Sizes): number[] {
  const stream = split(3, `choices of ${tokens} by ${k} of ${experts}`);
  return Array.from({ length: tokens }, () => {
    const first = stream.int(0, experts - 1);
    return Array.from(
      { length: k },
      (_, i) => stream.uniform() < 0.2 ? NONE : (first + i) % experts,
    );
  }).flat();
}

const nameOf = (sizes: Sizes) => Object.values(sizes).join(" ");

/** Two products around a function of each hidden number, and what each choice counts between. */
function networks<A, I>(g: Arrays<A, I>, w: Readonly<Record<string, A>>, sizes: Sizes): A {
  const { tokens, k, experts } = sizes;
  const ids = g.indices(`ids ${nameOf(sizes)}`, [tokens, k], () => choices(sizes));
  const chosen = { ids, experts };
  const h = g.map("silu", g.intoExperts(w.x, w.up, chosen));
  return g.outOfExperts(g.map("multiply", h, g.expertRows(w.weights, chosen)), w.down, chosen);
}

/** The same by all experts, of which those not chosen count 0. */
function dense<A, I>(g: Arrays<A, I>, w: Readonly<Record<string, A>>, sizes: Sizes): A {
  const { tokens, k, experts, width } = sizes;
  const ids = g.indices(`ids ${nameOf(sizes)}`, [tokens, k], () => choices(sizes));
  const weights = g.reshape(g.put(w.weights, ids, experts), [tokens * experts, 1]);
  const h = g.reshape(g.map("silu", g.product(w.x, w.up)), [tokens * experts, width]);
  const weighed = g.reshape(g.map("multiply", h, weights), [tokens, experts * width]);
  return g.product(weighed, w.down);
}

const inputs = ({ tokens, k, experts, input, width, output }: Sizes): Record<string, Shape> => ({
  x: [tokens, input],
  weights: [tokens, k],
  up: [input, experts * width],
  down: [experts * width, output],
});

const sizes: readonly Sizes[] = [
  { tokens: 5, k: 1, experts: 3, input: 4, width: 3, output: 6 },
  { tokens: 33, k: 2, experts: 5, input: 9, width: 8, output: 7 },
  { tokens: 40, k: 3, experts: 8, input: 24, width: 16, output: 24 },
  { tokens: 130, k: 2, experts: 4, input: 16, width: 5, output: 12 },
  // More experts than choices: most have no row, and gradients of 0.
  { tokens: 3, k: 2, experts: 17, input: 8, width: 8, output: 8 },
];

/** Few numbers, each of which the host moves by itself. */
const few: readonly Sizes[] = [
  sizes[0],
  { tokens: 9, k: 2, experts: 3, input: 4, width: 8, output: 5 },
  { tokens: 2, k: 2, experts: 7, input: 3, width: 2, output: 3 },
];

const cases = (of: typeof networks): ArraysCase[] =>
  few.map((one) => ({
    name: nameOf(one),
    inputs: inputs(one),
    of: (g, w) => of(g, w, one),
  }));

Deno.test(
  "chosen experts on the device are those of the host, gradients too",
  withDevice((pool) => assertSameArrays(pool, cases(networks))),
);

Deno.test("on the host they are what all experts give, those not chosen weighed by 0", () => {
  for (const one of sizes) {
    const w = Object.fromEntries(
      Object.entries(inputs(one)).map(([name, shape]) => [
        name,
        hostMatrix(shape, numbers(`${name} ${shape}`, shape[0] * shape[1])),
      ]),
    );
    const [found, wanted] = [networks, dense].map((of) => of(hostArrays({ seed: 1 }), w, one));
    assertEquals(found.shape, wanted.shape);
    found.data.forEach((v, i) => assertAlmostEquals(v, wanted.data[i], 1e-10, nameOf(one)));
  }
});

Deno.test(
  "values and gradients of both ways on the device differ by less than 1e-5",
  withDevice(async (pool) => {
    for (const one of sizes) {
      const both = [];
      for (const  of of[networks, dense]) {
        both.push(
          await onDevice(pool, (g, tape) => {
            const w: Record<string, Variable> = Object.fromEntries(
              Object.entries(inputs(one)).map(([name, shape]) => [name, {
                value: pool.upload(
                  name,
                  shape,
                  numbers(`${name} ${shape}`, shape[0] * shape[1]).map((v) => v / 4),
                ),
              }]),
            );
            const y = of(g, w, one);
            const copied = g.scale(y, 1);
            tape.backward(g.total(g.map("square", copied)), lossGradient(tape));
            return Object.values(w).map(({ grad }) => grad!);
          }),
        );
      }
      const [chosen, all] = both;
      chosen.forEach((gradient, i) => {
        const most = all[i].reduce((m, v) => Math.max(m, Math.abs(v)), 0);
        gradient.forEach((v, j) => assertAlmostEquals(v, all[i][j], 1e-5 * Math.max(1, most)));
      });
    }
  }),
);

Deno.test("rows are sorted by expert, in the order of choices, dropped ones last", () => {
  const g = hostArrays({ seed: 1 });
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 1, 2, NONE), { minLength: 4, maxLength: 24 }),
      (drawn) => {
        const ids = drawn.slice(0, drawn.length - drawn.length % 2);
        const chosen = { ids: hostIndices([ids.length / 2, 2], ids), experts: 3 };
        const a = hostMatrix([ids.length / 2, 2], ids.map((_, i) => i + 1));
        const order = [...g.expertRows(a, chosen).data];
        const wanted = [0, 1, 2].flatMap((e) => ids.flatMap((id, i) => id === e ? [i + 1] : []));
        assertEquals(order, [...wanted, ...ids.filter((id) => id === NONE).map(() => 0)]);
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test(
  "what does not fit is refused on both sides",
  withDevice(async (pool) => {
    const wrong = <A, I>(g: Arrays<A, I>) => {
      const one = (rows: number, columns: number) =>
        g.constant(
          `ones ${rows} ${columns}`,
          [rows, columns],
          () => new Float32Array(rows * columns),
        );
      const ids = g.indices("three tokens", [3, 2], () => [0, 1, 1, 0, 0, 1]);
      const chosen = { ids, experts: 2 };
      assertThrows(() => g.intoExperts(one(4, 5), one(5, 6), chosen), RangeError, "wanted");
      assertThrows(() => g.intoExperts(one(3, 4), one(5, 6), chosen), RangeError, "wanted");
      assertThrows(() => g.intoExperts(one(3, 5), one(5, 7), chosen), RangeError, "Cut 7 into");
      assertThrows(() => g.outOfExperts(one(3, 4), one(8, 5), chosen), RangeError, "wanted");
      assertThrows(() => g.outOfExperts(one(6, 4), one(6, 5), chosen), RangeError, "wanted");
      assertThrows(() => g.expertRows(one(3, 1), chosen), RangeError);
    };
    wrong(hostArrays({ seed: 1 }));
    await onDevice(pool, (g, tape) => {
      wrong(g);
      tape.end();
      return [];
    });
  }),
);
