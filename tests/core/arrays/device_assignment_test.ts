/** The equal assignment on the device: loads, and how near it comes to the best one. */
import { assert, assertEquals } from "@std/assert";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { numbers, withDevice } from "../../kernels/compare.ts";
import { onDevice } from "./device_cases.ts";

Deno.test(
  "an equal assignment has equal loads, repeats bit by bit, and is within 2 % of the best",
  withDevice(async (pool) => {
    const cases = [[1, 1], [5, 8], [64, 8], [67, 5], [128, 16], [256, 4], [300, 24]] as const;
    const made = cases.flatMap(([rows, columns]) =>
      [0, 1.5].map((skew) => {
        // With a skew all rows prefer the same columns.
        const noise = numbers(`assign ${rows} ${columns}`, rows * columns);
        const x = noise.map((v, i) => v - skew * (i % columns) * 4 / columns);
        return { rows, columns, x, shape: [rows, columns] as const };
      })
    );
    const record = () =>
      onDevice(
        pool,
        (g) => made.map(({ x, shape }) => g.assignEqually({ value: pool.upload("x", shape, x) })),
      );
    const [got, again] = [await record(), await record()];
    assertEquals(got, again);
    made.forEach(({ rows, columns, x, shape }, n) => {
      const ids = new Uint32Array(got[n].buffer);
      const loads = Array.from({ length: columns }, (_, e) => ids.filter((id) => id === e).length);
      const whole = Math.floor(rows / columns);
      assert(loads.every((load) => load === whole || load === whole + 1), `${shape}: ${loads}`);
      assertEquals(loads.reduce((a, b) => a + b), rows);
      const g = hostArrays({ seed: 1 });
      const best = g.assignEqually({ shape, data: Float64Array.from(x) }).data;
      const gain = (to: Uint32Array) => to.reduce((sum, id, t) => sum + x[t * columns + id], 0);
      // Counted from what chance would give: the mean of all entries.
      const chance = x.reduce((a, b) => a + b, 0) / columns;
      const share = (gain(ids) - chance) / Math.max(gain(best) - chance, 1e-9);
      assert(columns === 1 || share >= 0.98, `${shape}: ${share} of the best`);
    });
  }),
);

Deno.test(
  "loads are equal whatever is assigned: equal, infinite or no numbers",
  withDevice(async (pool) => {
    const [rows, columns] = [45, 7];
    const fills = [0, NaN, Infinity, -Infinity, 3e38];
    const got = await onDevice(pool, (g) =>
      fills.map((fill) => {
        const x = numbers("some", rows * columns).map((v, i) => i % 3 > 0 ? fill : v);
        return g.assignEqually({ value: pool.upload("x", [rows, columns], x) });
      }));
    got.forEach((values, n) => {
      const ids = new Uint32Array(values.buffer);
      const loads = Array.from({ length: columns }, (_, e) => ids.filter((id) => id === e).length);
      assertEquals(loads.toSorted(), [6, 6, 6, 6, 7, 7, 7], `${fills[n]}`);
    });
  }),
);
