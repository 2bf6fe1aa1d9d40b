import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import { calibrate, type StepToFit } from "../../../sim/calibrate/calibrate.ts";
import { stackParameterNames, stackParameters } from "../../../sim/calibrate/parameters.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { resolveStack, type Stack } from "../../../sim/stack/stack.ts";

/** A law of steps that uses two numbers of a stack. */
const lawOf = (tokens: number, kernels: number) => (stack: Stack) => {
  const { productFactor, hostSeconds } = resolveStack(stack, "hopper");
  return tokens * 1e-6 / productFactor + kernels * hostSeconds;
};

function rowsOf(truth: Stack): StepToFit[] {
  return [[1e3, 10], [1e3, 1e4], [1e5, 10], [1e4, 1e3], [2e4, 3e3]].map(([tokens, kernels], i) => ({
    id: `row ${i}`,
    stack: "a",
    architecture: "hopper",
    seconds: lawOf(tokens, kernels)(truth),
    predict: lawOf(tokens, kernels),
  }));
}

const layout = {
  start: { a: baseStack },
  shared: ["hostSeconds", "lossPasses"],
  byStack: [],
  byArchitecture: ["productFactor"],
} as const;

Deno.test("a stack is found again from steps that it took", () => {
  const truth = { ...baseStack, hostSeconds: 2e-5, productFactor: 0.9 };
  const { stacks, moved } = calibrate(rowsOf(truth), layout);
  assertAlmostEquals(stacks.a.hostSeconds / 2e-5, 1, 0.03);
  assertAlmostEquals(stacks.a.byArchitecture!.hopper.productFactor! / 0.9, 1, 0.03);
  const loss = moved.find(({ name }) => name === "lossPasses")!;
  assertAlmostEquals(loss.after, loss.before, 1e-6);
  assertAlmostEquals(loss.spread, stackParameters.lossPasses.spread, 1e-3);
});

Deno.test("no rows leave a stack where it was", () => {
  const { stacks } = calibrate([], layout);
  assertAlmostEquals(stacks.a.hostSeconds, baseStack.hostSeconds, 1e-12);
});

Deno.test("a row of an unknown stack is refused", () => {
  const [row] = rowsOf(baseStack);
  assertThrows(() => calibrate([{ ...row, stack: "b" }], layout), RangeError, 'ran on "b"');
});

Deno.test("what is written of a parameter is read again", () => {
  for (const name of stackParameterNames) {
    const { read, write } = stackParameters[name];
    assertAlmostEquals(read(write(baseStack, 0.75)), 0.75, 1e-12, name);
    assert(read(baseStack) >= 0);
  }
});
