/** The grid that a profile is measured on. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { gridCorners } from "../../kernels/base/profile_schema.ts";
import type { Device } from "../../kernels/device.ts";
import { onPace, spreadOrder } from "../../kernels/profile_rounds.ts";
import { sweeps } from "../../kernels/profile_sweeps.ts";
import { candidates, parseChoice } from "../../kernels/tune.ts";

Deno.test("corners have the last axis fastest, in the order of the axes' names", () => {
  assertEquals(gridCorners({ n: [3, 4], m: [1] }), [{ m: 1, n: 3 }, { m: 1, n: 4 }]);
  assertEquals(gridCorners({ m: [1, 2], n: [3, 4, 5] }), [
    { m: 1, n: 3 },
    { m: 1, n: 4 },
    { m: 1, n: 5 },
    { m: 2, n: 3 },
    { m: 2, n: 4 },
    { m: 2, n: 5 },
  ]);
  assertEquals(gridCorners({}), [{}]);
});

Deno.test("a corner's place is the mixed-radix number of its coordinates", () => {
  const axis = fc.uniqueArray(fc.nat(99), { minLength: 1, maxLength: 4 });
  fc.assert(fc.property(fc.array(axis, { minLength: 1, maxLength: 4 }), (lists) => {
    const axes = Object.fromEntries(lists.map((list, i) => [`axis${i}`, list]));
    const all = gridCorners(axes);
    assertEquals(all.length, lists.reduce((n, list) => n * list.length, 1));
    all.forEach((corner, place) => {
      const index = lists.reduce(
        (at, list, i) => at * list.length + list.indexOf(corner[`axis${i}`]),
        0,
      );
      assertEquals(index, place);
    });
  }));
});

Deno.test("every operator of a layer has a grid that rises", () => {
  for (const software of [true, false]) {
    const device = { adapter: { software }, subgroupSize: 16 } as Device;
    const { gemm, gemmSwiglu, grouped } = candidates(device);
    const words = { gemm: gemm[0], gemmSwiglu: gemmSwiglu[0], grouped: grouped[0] };
    const list = sweeps(device, parseChoice(words));
    assertEquals(list.map(({ kind }) => kind).sort(), [
      "combine",
      "gemm",
      "gemm_swiglu",
      "group_tokens",
      "grouped_gemm",
      "grouped_gemm_swiglu",
      "router",
    ]);
    for (const { kind, axes, quantum } of list) {
      for (const [name, values] of Object.entries(axes)) {
        assert(values.length > 0, `${kind} ${name} is empty`);
        assert(values.every((v, i) => i === 0 || v > values[i - 1]), `${kind} ${name} falls`);
        assert(!(name in quantum) || quantum[name] > 0);
      }
    }
  }
});

Deno.test("a spread order visits every corner once, and never a neighbour", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 500 }), (n) => {
    const order = spreadOrder(n);
    assertEquals(order.toSorted((a, b) => a - b), Array.from({ length: n }, (_, i) => i));
    if (n > 8) assert(order.every((at, i) => i === 0 || Math.abs(at - order[i - 1]) > 1));
  }));
});

Deno.test("rounds of the most common state are on pace, the fastest of equals", () => {
  assertEquals(onPace([]), []);
  assertEquals(onPace([1, 2, 2.1, 2.2, 1.1]), [1, 2, 3]);
  assertEquals(onPace([2, 1, 1.1, 2.1]), [1, 2]);
});
