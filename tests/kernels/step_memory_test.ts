/** Steps that repeat: their memory is planned, and nothing is allocated or awaited in between. */
import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import fc from "fast-check";
import { gemm } from "../../kernels/gemm/gemm.ts";
import { createRecorder, type Recorder } from "../../kernels/recorder.ts";
import { type Lifetime, planMemory, planStep } from "../../kernels/step_memory.ts";
import { download, type Tensor } from "../../kernels/tensor.ts";
import { numbers, variants, withDevice } from "./compare.ts";

/** Lifetimes of a step: things are taken one after the other, and given back some time later. */
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom("buffer" as const, "mirror" as const),
    size: fc.integer({ min: 1, max: 8 }),
    lasts: fc.integer({ min: 1, max: 12 }),
  }),
  { minLength: 1, maxLength: 40 },
).map((list) =>
  list.map(({ kind, size, lasts }, i): Lifetime => ({
    label: `t${i}`,
    kind,
    size: kind === "buffer" ? 16384 * size : size,
    from: 2 * i,
    to: 2 * (i + lasts) + 1,
  }))
);

Deno.test("whatever shares a slot is not alive at once, and fits", () => {
  fc.assert(
    fc.property(steps, (lifetimes) => {
      const { slots, slotOf, liveBytes, heldBytes } = planMemory(lifetimes);
      lifetimes.forEach((one, i) => {
        const slot = slots[slotOf[i]];
        assertEquals(slot.kind, one.kind);
        assertLessOrEqual(one.size, slot.size);
        lifetimes.slice(0, i).forEach((other, j) => {
          assert(slotOf[j] !== slotOf[i] || other.to < one.from, `${other.label}, ${one.label}`);
        });
      });
      assertLessOrEqual(liveBytes, heldBytes);
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test(
  "a planned step gives what a step over a growing pool gives, with less memory",
  withDevice(async (pool, device) => {
    const variant = variants(device).at(-1)!;
    const n = 128;
    const w = pool.upload("w", [n, n], numbers("w", n * n, 0.1));
    const x = pool.upload("x", [n, n], numbers("x", n * n));
    let result: Tensor | undefined;
    const record = (recorder: Recorder) => {
      let a = x;
      for (const rows of [128, 120, 112, 96, 64]) {
        const c = gemm(recorder, { ...a, shape: [rows, n] }, { b: w, label: `c${rows}`, variant });
        if (a !== x) recorder.pool.release(a);
        a = c;
      }
      result = a;
    };
    const free = createRecorder(pool);
    record(free);
    await free.finish();
    const [wanted] = await download(device, [result!]);
    const mirroredBefore = w.slot.mirrored;
    const planned = planStep(device, record);
    assertEquals(w.slot.mirrored, mirroredBefore);
    for (let step = 0; step < 3; step++) {
      planned.restart();
      const recorder = createRecorder(planned);
      record(recorder);
      recorder.submit();
      assertEquals(await download(device, [result!]), [wanted]);
    }
    const { held, peak } = planned.bytes();
    assertEquals(held, planned.plan.heldBytes);
    assertLessOrEqual(held, 1.1 * peak);
    planned.restart();
    const other = createRecorder(planned);
    assertThrows(
      () => other.pool.tensor("other", [1024, 1024]),
      RangeError,
      "memory plan at other",
    );
    other.submit();
    planned.trim();
  }),
);
