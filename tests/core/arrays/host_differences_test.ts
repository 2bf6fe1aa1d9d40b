import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { surrogateGradient } from "../../../core/arrays/central_differences.ts";
import { type HostArrays, hostArrays } from "../../../core/arrays/host_arrays.ts";
import { type HostMatrix, hostMatrix } from "../../../core/arrays/host_matrix.ts";

const row = (...values: number[]) => hostMatrix([1, values.length], values);
const gradient = (f: (g: HostArrays, x: HostMatrix) => HostMatrix, x: HostMatrix) =>
  surrogateGradient((g, inputs) => g.total(f(g, inputs.x)), { x }, { seed: 1 }).gradients.x;

function assertGradient(actual: Float64Array, wanted: number[]) {
  assertEquals(actual.length, wanted.length);
  wanted.forEach((v, i) => assertAlmostEquals(actual[i], v, 1e-8));
}

Deno.test("a detached value counts as a constant", () => {
  const straight = (g: HostArrays, x: HostMatrix) =>
    g.map("add", x, g.detach(g.map("subtract", g.map("positive", x), x)));
  assertGradient(gradient(straight, row(0.3, -2)), [1, 1]);
});

Deno.test("a choice stays what it was, however near another one is", () => {
  const best = (g: HostArrays, x: HostMatrix) => g.take(x, g.topK(x, 1));
  assertGradient(gradient(best, row(1, 1)), [1, 0]);
  assertGradient(gradient((g, x) => g.largest(x), row(2, 2, 1)), [1, 0, 0]);
});

Deno.test("kinks have the slope that the functions declare, also on the kink", () => {
  const zero = row(0);
  assertGradient(gradient((g, x) => g.map("relu", x), zero), [0]);
  assertGradient(gradient((g, x) => g.map("absolute", x), zero), [0]);
  assertGradient(gradient((g, x) => g.map("positive", x), zero), [0]);
  assertGradient(gradient((g, x) => g.map("sign", x), zero), [0]);
  assertGradient(gradient((g, x) => g.map("larger", x, row(3)), row(3)), [1]);
  assertGradient(gradient((g, x) => g.map("smaller", x, row(3)), row(3)), [1]);
  assertGradient(gradient((g, x) => g.map("select", x, x, g.scale(x, 5)), zero), [5]);
});

Deno.test("gradients of smooth functions, by hand", () => {
  assertGradient(gradient((g, x) => g.map("square", x), row(3, -4)), [6, -8]);
  assertGradient(gradient((g, x) => g.logSumExp(x), row(0, Math.log(3))), [0.25, 0.75]);
  const density = Math.exp(-0.5) / Math.sqrt(2 * Math.PI);
  assertGradient(gradient((g, x) => g.map("normalCdf", x), row(1)), [density]);
});

Deno.test("a replay decides as before, even where the numbers say otherwise", () => {
  const first = hostArrays({ seed: 1 });
  assertEquals([...first.topK(row(1, 2), 1).data], [1]);
  const again = hostArrays({ seed: 1, frozen: first.record() });
  assertEquals([...again.topK(row(2, 1), 1).data], [1]);
  assertThrows(() => again.topK(row(2, 1), 1), RangeError, "the pass before made only 1");
});

Deno.test("noise is the same in a replay and another in the next step", () => {
  const noise = (step: number) => hostArrays({ seed: 1, step }).noise("n", "normal", [2, 3]);
  assertEquals(noise(4), noise(4));
  assertNotEquals(noise(4), noise(5));
  const noisy = (g: HostArrays, x: HostMatrix) =>
    g.map("multiply", x, g.noise("n", "normal", [1, 2]));
  const drawn = hostArrays({ seed: 1 }).noise("n", "normal", [1, 2]);
  assertGradient(gradient(noisy, row(1, 2)), [...drawn.data]);
});

Deno.test("only single numbers are differentiated", () => {
  const x = row(1, 2);
  assertThrows(
    () => surrogateGradient((_, { x }) => x, { x }, { seed: 1 }),
    RangeError,
    "Differentiated a matrix [1, 2]",
  );
});
