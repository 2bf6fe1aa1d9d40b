import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { NONE } from "../../../core/arrays/arrays.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostIndices, hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { surrogateGradient } from "../../../core/arrays/central_differences.ts";
import type { WeighSpec } from "../../../core/gates/weigh/specs.ts";
import { weigherOf } from "../../../core/gates/weigh/weigh.ts";
import { rowsOf, smallShape, sum } from "./host_route.ts";

const logits = [[2, 1, 0, -1], [0.5, 3, -2, 1]];
const chosen = [[0, 2], [3, NONE]];
const exps = logits.map((row) => row.map(Math.exp));
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

function weights(spec: WeighSpec) {
  const g = hostArrays({ seed: 1 });
  const weigher = weigherOf(spec);
  const values = weigher.values?.(g, hostMatrix([2, 4], logits.flat()));
  const ids = hostIndices([2, 2], chosen.flat());
  const shape = { ...smallShape, experts: 4, tokens: 2 };
  return rowsOf(weigher.weights({ g, spec, shape, ids, values, weights: undefined }));
}

function assertRows(spec: WeighSpec, wanted: number[][]) {
  weights(spec).forEach((row, t) =>
    row.forEach((v, k) => assertAlmostEquals(v, wanted[t][k], 1e-12))
  );
}

Deno.test("softmax over all, and over the chosen", () => {
  const [a, b] = exps;
  const all = [[a[0] / sum(a), a[2] / sum(a)], [b[3] / sum(b), 0]];
  assertRows({ kind: "softmax", over: "all" }, all);
  const both = a[0] + a[2];
  assertRows({ kind: "softmax", over: "chosen" }, [[a[0] / both, a[2] / both], [1, 0]]);
});

Deno.test("where no token lacks an expert, the softmax of the chosen logits is the same", () => {
  const spec = { kind: "softmax", over: "chosen" } as const;
  const g = hostArrays({ seed: 1 });
  const full = hostMatrix([2, 4], logits.flat());
  const ids = hostIndices([2, 2], [0, 2, 3, 1]);
  const run = { g, spec, ids, shape: { ...smallShape, experts: 4, tokens: 2 } };
  const shared = weigherOf(spec).weights({ ...run, values: g.softmax(full) });
  const direct = weigherOf(spec).weights({ ...run, full });
  direct.data.forEach((v, i) => assertAlmostEquals(v, shared.data[i], 1e-12));
});

Deno.test("sigmoids as they are, and divided by their sum", () => {
  const open = [[sigmoid(2), 0.5], [sigmoid(1), 0]];
  assertRows({ kind: "sigmoid", normalised: false }, open);
  const both = sigmoid(2) + 0.5;
  assertRows({ kind: "sigmoid", normalised: true }, [[sigmoid(2) / both, 0.5 / both], [1, 0]]);
});

Deno.test("ReLU, equal and straight-through weights", () => {
  assertRows({ kind: "relu" }, [[2, 0], [1, 0]]);
  assertRows({ kind: "equal" }, [[0.5, 0.5], [0.5, 0]]);
  assertRows({ kind: "straight-through", averaged: false }, [[1, 1], [1, 0]]);
  assertRows({ kind: "straight-through", averaged: true }, [[0.5, 0.5], [1, 0]]);
});

Deno.test("the gradient of a straight-through weight is that of the score", () => {
  const spec = { kind: "straight-through", averaged: true } as const;
  const weigher = weigherOf(spec);
  const { value, gradients } = surrogateGradient(
    (g, { z }) => {
      const ids = hostIndices([1, 2], [0, 1]);
      const shape = { ...smallShape, experts: 2, tokens: 1 };
      const row = weigher.weights({ g, spec, shape, ids, values: g.map("sigmoid", z) });
      return g.total(g.map("multiply", row, hostMatrix([1, 2], [3, 5])));
    },
    { z: hostMatrix([1, 2], [0.3, -0.7]) },
    { seed: 1 },
  );
  assertAlmostEquals(value, 4, 1e-12);
  const slope = (z: number) => sigmoid(z) * (1 - sigmoid(z));
  assertAlmostEquals(gradients.z[0], 1.5 * slope(0.3), 1e-6);
  assertAlmostEquals(gradients.z[1], 2.5 * slope(-0.7), 1e-6);
});

Deno.test("a token without any expert has weights 0, not 0 / 0", () => {
  const g = hostArrays({ seed: 1 });
  const ids = hostIndices([1, 2], [NONE, NONE]);
  const shape = { ...smallShape, experts: 4, tokens: 1 };
  const z = hostMatrix([1, 4], logits[0]);
  const kinds: WeighSpec[] = [
    { kind: "softmax", over: "chosen" },
    { kind: "sigmoid", normalised: true },
    { kind: "straight-through", averaged: true },
  ];
  for (const spec of kinds) {
    const weigher = weigherOf(spec);
    const row = weigher.weights({ g, spec, shape, ids, values: weigher.values?.(g, z) });
    assertEquals([...row.data].map(Math.abs), [0, 0]);
  }
});

Deno.test("weights that need what is not there say so", () => {
  assertThrows(() => weights({ kind: "chosen" }), RangeError, "a choice without any");
  const g = hostArrays({ seed: 1 });
  const spec = { kind: "softmax", over: "all" } as const;
  const ids = hostIndices([1, 1], [0]);
  assertThrows(
    () => weigherOf(spec).weights({ g, spec, shape: smallShape, ids }),
    RangeError,
    'Weights "softmax" found no scores',
  );
  assert(weigherOf({ kind: "equal" }).values === undefined);
});
