/** Drawn models: seeded, within the profiled range, and on none of its shapes. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { isInside, isProfiled } from "../../../experiments/compare/profiled.ts";
import { comparedOps, drawSteps, evenOps } from "../../../experiments/training/train_step_draw.ts";
import { stepKinds } from "../../../experiments/training/train_step.ts";
import { guessedKernels, startProfiling } from "../../../kernels/mod.ts";
import { withDevice } from "../../kernels/compare.ts";

Deno.test(
  "drawn models are seeded, differ, and their products were never profiled",
  withDevice((pool, device) => {
    const profiling = startProfiling(pool, { kernels: guessedKernels(device), kinds: stepKinds });
    const profile = { curves: profiling.outlines };
    const steps = drawSteps(profile, { seed: 1, count: 24 });
    assertEquals(steps, drawSteps(profile, { seed: 1, count: 24 }));
    assertEquals(steps.slice(0, 6), drawSteps(profile, { seed: 1, count: 6 }), "one by one");
    assert(JSON.stringify(steps) !== JSON.stringify(drawSteps(profile, { seed: 2, count: 24 })));
    for (const step of steps) {
      const ops = comparedOps(step);
      assertEquals(ops.filter((op) => isProfiled(op, profile)), [], step.model.name);
      assert(isInside(ops, profile), step.model.name);
      assertEquals(evenOps(step).filter(({ kind }) => !stepKinds.includes(kind)), []);
    }
    assertEquals(new Set(steps.map(({ model }) => model.layers)), new Set([1, 2, 3, 4]));
    assertEquals(steps.filter(({ model }) => !model.moe).length, 4, "every sixth is dense");
    assert(steps.some(({ model }) => model.moe?.shared), "some have shared experts");
    const widths = steps.map(({ model }) => model.dModel);
    assert(Math.max(...widths) > 3 * Math.min(...widths), "over the whole range");
    profiling.release();
    return Promise.resolve();
  }),
);

Deno.test("a profile that reaches nowhere has no model", () => {
  const axes = { m: [1, 2], n: [1, 2], k: [1, 2] };
  const seconds = new Array(8).fill(1);
  const gemm = { quantum: {}, axes, fixed: {}, seconds, lo: seconds, hi: seconds };
  assertThrows(
    () => drawSteps({ curves: { gemm } }, { seed: 1, count: 1 }),
    RangeError,
    "Cannot draw model 0: found none within the profile",
  );
});
