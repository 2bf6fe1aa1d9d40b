/** The grid that a profile is measured on. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { gridCorners } from "../../kernels/base/profile_schema.ts";
import { bytes, op, type OpDims } from "../../kernels/base/op.ts";
import type { Device } from "../../kernels/device.ts";
import { measureProfile } from "../../kernels/profile/profile.ts";
import { onPace, prepare, sampleOnce, spreadOrder } from "../../kernels/profile/rounds.ts";
import { layerKinds, profiledKinds, sweepsOf } from "../../kernels/profile/sweeps/sweeps.ts";
import { guessedKernels } from "../../kernels/tune.ts";
import { withDevice } from "./compare.ts";

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

Deno.test("the forward pass of experts is seven kinds, and others are measured beside them", () => {
  assertEquals(layerKinds.toSorted(), [
    "combine",
    "gemm",
    "gemm_swiglu",
    "group_tokens",
    "grouped_gemm",
    "grouped_gemm_swiglu",
    "router",
  ]);
  assertEquals(layerKinds.filter((kind) => !profiledKinds.includes(kind)), []);
  assertEquals(profiledKinds.slice(0, 7), layerKinds);
});

Deno.test("every operator has a grid that rises, and dimensions for its FLOP and bytes", () => {
  for (const software of [true, false]) {
    const device = { adapter: { software }, subgroupSize: 16 } as Device;
    const list = sweepsOf(profiledKinds, { device, kernels: guessedKernels(device) });
    assertEquals(list.map(({ kind }) => kind), [...profiledKinds]);
    for (const { kind, axes, quantum, fixed } of list) {
      const [corner] = gridCorners(axes);
      const dims = { ...fixed, ...corner } as unknown as OpDims[typeof kind];
      assert(bytes(op(kind, dims)) > 0, `${kind} has no bytes at ${JSON.stringify(dims)}`);
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

Deno.test(
  "every operator runs at the first corner of its grid, and takes time",
  withDevice(async (pool, device) => {
    for (const sweep of sweepsOf(profiledKinds, { device, kernels: guessedKernels(device) })) {
      const first = Object.fromEntries(Object.entries(sweep.axes).map(([n, [v]]) => [n, [v]]));
      const one = prepare(pool, { ...sweep, axes: first });
      const [seconds] = await sampleOnce(pool, one);
      assert(seconds > 1e-6 && seconds < 10, `${sweep.kind}: ${seconds} s`);
      pool.release(...one.prepared.inputs);
    }
  }),
);

Deno.test(
  "a profile has the kinds that it was asked for, and no other",
  withDevice(async (_, device) => {
    const kernels = guessedKernels(device);
    const kinds = ["reduce", "embedding"] as const;
    const told: string[] = [];
    const progress = (what: string, share: number) => {
      assert(share >= 0 && share <= 1);
      told.push(what);
    };
    const profile = await measureProfile(device, { kernels, kinds, quick: true, progress });
    assertEquals(Object.keys(profile.curves).toSorted(), kinds.toSorted());
    assertEquals([...new Set(told)].toSorted(), ["done", ...kinds].toSorted());
    const { embedding } = profile.curves;
    assertEquals(embedding.fixed, { v: 4096 });
    assertEquals(embedding.seconds.length, gridCorners(embedding.axes).length);
    embedding.seconds.forEach((s, i) => assert(embedding.lo[i] <= s && s <= embedding.hi[i]));
    assertEquals(Object.keys(profile.kernels).length, 5);
    await assertRejects(() => measureProfile(device, { kernels, kinds: [] }), RangeError);
  }),
);
