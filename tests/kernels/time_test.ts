/** Samples, their outliers and warnings, and times of recordings. */
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import fc from "fast-check";
import { UserError } from "../../kernels/base/errors.ts";
import { combine } from "../../kernels/combine/combine.ts";
import { router } from "../../kernels/router/router.ts";
import type { Pool } from "../../kernels/tensor.ts";
import { outliers, summarise, time } from "../../kernels/time.ts";
import { withDevice } from "./compare.ts";

/** Quartiles 10 and 12: fences at 7 and 15 (mild), 4 and 18 (severe). */
const steady = [10, 10, 10, 11, 11, 12, 12, 12];

Deno.test("outliers are counted beyond one and a half and three interquartile ranges", () => {
  assertEquals(outliers(steady), { mild: 0, severe: 0 });
  assertEquals(outliers([...steady, 15]), { mild: 0, severe: 0 });
  assertEquals(outliers([...steady, 15.1]), { mild: 1, severe: 0 });
  assertEquals(outliers([6.9, ...steady, 15.1]), { mild: 2, severe: 0 });
  assertEquals(outliers([...steady, 100]), { mild: 0, severe: 1 });
  assertEquals(outliers([3]), { mild: 0, severe: 0 });
});

Deno.test("outliers do not depend on order, unit or origin", () => {
  const samples = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 40 });
  fc.assert(fc.property(samples, (x) => {
    const found = outliers(x);
    assertEquals(outliers([...x].reverse()), found);
    assertEquals(outliers(x.map((v) => 4 * v + 64)), found);
    assert(found.mild + found.severe <= x.length / 2);
  }));
});

Deno.test("a summary keeps every sample and warns of what spoils them", () => {
  const quiet = summarise([1, 1.01, 1.02, 1.01, 1, 1.02], 1e-3);
  assertEquals(quiet.warnings, []);
  assertEquals(quiet.estimate.value, 1.01);
  const seconds = [...steady, 100];
  const busy = summarise(seconds, 1e-3);
  assertEquals(busy.seconds, seconds);
  assertEquals(busy.warnings, ["0 mild and 1 severe outliers of 9"]);
  assertEquals(summarise([1, 1, 1], 0.051).warnings, [
    "shorter than 20 steps of the device's clock",
  ]);
  assertEquals(summarise([1, 1, 1], 0.05).warnings, []);
  const wide = summarise([1, 1.2, 1.4, 1.6], 1e-3).warnings;
  assertEquals(wide, ["interval wider than half of its lower end: the machine was busy"]);
});

function layerEnd(pool: Pool) {
  const logits = pool.upload("logits", [32, 4], new Float32Array(128));
  const rows = pool.upload("rows", [64, 8], new Float32Array(512));
  const places = pool.upload("places", [64], Uint32Array.from({ length: 64 }, (_, i) => i));
  return { logits, rows, places };
}

Deno.test(
  "a recording is timed as a whole and by label, as often as asked, after its warm-ups",
  withDevice(async (pool, device) => {
    if (!device.timestamps) return;
    const { logits, rows, places } = layerEnd(pool);
    let recorded = 0;
    const timing = await time(pool, (recorder) => {
      recorded++;
      const { ids, weights } = router(recorder, logits, { topK: 2, renormalise: false });
      const once = combine(recorder, rows, { places, weights, topK: 2 });
      const twice = combine(recorder, rows, { places, weights, topK: 2 });
      pool.release(ids, weights, once, twice);
    }, { repeats: 4, warmups: 2 });
    assertEquals(recorded, 6);
    assertEquals(Object.keys(timing.byLabel), ["router", "combine"]);
    const lists = [timing.total, timing.byLabel.router, timing.byLabel.combine];
    assertEquals(lists.map(({ seconds }) => seconds.length), [4, 4, 4]);
    for (let i = 0; i < 4; i++) {
      const [total, route, mix] = lists.map(({ seconds }) => seconds[i]);
      assertGreater(route, 0);
      assertGreater(mix, 0);
      // Launches of a label are added, and nothing is counted twice.
      assert(total >= (route + mix) * 0.999, `${total} is less than ${route} + ${mix}`);
    }
    assertGreater(timing.resolutionSeconds, 0);
    assertGreater(1e-3, timing.resolutionSeconds);
  }),
);

Deno.test(
  "a device without timestamps is refused by name",
  withDevice(async (pool) => {
    const blind = { ...pool, device: { ...pool.device, timestamps: false } };
    await assertRejects(
      () => time(blind, () => {}),
      UserError,
      `Cannot time kernels on ${pool.device.adapter.description}: found no timestamp-query`,
    );
  }),
);
