import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { lowerTrainingStep, modelPreset } from "../../../../core/spec/mod.ts";
import { type AnyOp, bytes, flops, op } from "../../../../kernels/base/op.ts";
import { trainingStep } from "../../../../sim/mod.ts";

/** A device that does 100 FLOP a second after 1 s, and twice as long at the worst. */
const toy = (one: AnyOp) => {
  const value = 1 + flops(one) / 100;
  return { value, lo: value, hi: 2 * value, n: 1, method: "toy" };
};

const ops = {
  forward: [op("gemm", { m: 1, n: 5, k: 10 }, { name: "up" }), op("reduce", { n: 50 })],
  backward: [op("adamw", { n: 20 }, { name: "down" })],
  update: [],
};

Deno.test("operators run one after the other, phase by phase", () => {
  const { spans, phases, total } = trainingStep(ops, toy);
  assertEquals(spans.map((s) => [s.name, s.startSeconds, s.endSeconds, s.flops]), [
    ["forward: up", 0, 2, 100],
    ["forward: reduce", 2, 4, 100],
    ["backward: down", 4, 8, 300],
  ]);
  const seconds = Object.values(phases).map((p) => [p.seconds.value, p.seconds.hi]);
  assertEquals(seconds, [[4, 8], [4, 8], [0, 0]]);
  assertEquals([total.seconds.value, total.seconds.hi, total.flops], [8, 16, 500]);
  assertEquals(phases.forward.bytes, 4 * (10 + 50 + 5) + 4 * 51);
});

Deno.test("gaps before launches are part of what each operator takes", () => {
  const gap = (one: AnyOp) => one.kind === "gemm" ? 3 : 1;
  const { spans, phases, total } = trainingStep(ops, toy, { gap });
  assertEquals(spans.map(({ endSeconds }) => endSeconds), [5, 8, 13]);
  assertEquals([phases.forward.seconds.value, phases.forward.seconds.hi], [8, 12]);
  assertEquals(total.seconds.value, 13);
});

Deno.test("phases run in their order, whatever order they are written in", () => {
  const { update, backward, forward } = ops;
  const names = trainingStep({ update, backward, forward }, toy).spans.map(({ name }) => name);
  assertEquals(names, ["forward: up", "forward: reduce", "backward: down"]);
});

Deno.test("spans cover a model's step without a gap, and sum up to its cost", () => {
  const step = lowerTrainingStep(modelPreset("tiny"), 128, { sequence: 64 });
  const { spans, total, phases } = trainingStep(step, toy);
  assertEquals(spans.length, Object.values(step).flat().length);
  spans.forEach((span, i) => assertEquals(span.startSeconds, spans[i - 1]?.endSeconds ?? 0));
  assertAlmostEquals(spans.at(-1)!.endSeconds / total.seconds.value, 1, 1e-12);
  const sum = (key: "flops" | "bytes") => Object.values(phases).reduce((s, p) => s + p[key], 0);
  assertEquals([total.flops, total.bytes], [sum("flops"), sum("bytes")]);
  const all = Object.values(step).flat();
  assertEquals(total.bytes, all.reduce((s, one) => s + bytes(one), 0));
  assert(phases.backward.flops > phases.forward.flops);
});
