/** The grid that a profile is measured on. */
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { gridCorners } from "../../kernels/base/profile_schema.ts";
import { bytes, op, type OpDims } from "../../kernels/base/op.ts";
import type { Device } from "../../kernels/device.ts";
import { measureProfile } from "../../kernels/profile/profile.ts";
import { spreadOrder } from "../../kernels/profile/profiling.ts";
import { runParts } from "../../kernels/profile/recordings.ts";
import { refined, refinedAxis } from "../../kernels/profile/refine.ts";
import { cornerPart, cornerSeconds, prepare } from "../../kernels/profile/rounds.ts";
import {
  gradientKinds,
  layerKinds,
  profiledKinds,
  sweepsOf,
} from "../../kernels/profile/sweeps/sweeps.ts";
import { undisturbed } from "../../kernels/profile/undisturbed.ts";
import type { Recorder } from "../../kernels/recorder.ts";
import { sumOf } from "../../kernels/reduce/sums.ts";
import { lowerMoeLayerBackward } from "../../core/spec/lower_moe_backward.ts";
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

const shared = { sharedExperts: 1, sharedWidth: 8 };

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
  const backward = lowerMoeLayerBackward({
    ...{ dModel: 8, dExpert: 8, experts: 2, topK: 1 },
    ...shared,
  }, 4);
  const kinds = new Set(backward.map((op) => op.kind).filter((kind) => !layerKinds.includes(kind)));
  assertEquals([...kinds].toSorted(), gradientKinds.toSorted());
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

Deno.test("the lower quartile lies between the fastest sample and the median", () => {
  assertEquals(undisturbed([5]), { ...undisturbed([5]), value: 5, lo: 5, hi: 5, n: 1 });
  const { value, lo, hi } = undisturbed([4, 1, 2, 3, 100]);
  assertEquals([value, lo, hi], [2, 1, 3]);
  assertThrows(() => undisturbed([]), RangeError);
  const samples = fc.array(fc.double({ min: 1e-6, max: 1, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(samples, (list) => {
      const { value, lo, hi } = undisturbed(list);
      assert(lo === Math.min(...list) && lo <= value && value <= hi);
      assert(list.filter((s) => s < value).length <= Math.floor((list.length - 1) / 4) + 1);
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("a refined axis keeps its points, and neighbours are at most twice apart", () => {
  const sizes = fc.uniqueArray(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(sizes, (list) => {
      const axis = list.toSorted((a, b) => a - b);
      const fine = refinedAxis(axis);
      assertEquals(axis.filter((x) => !fine.includes(x)), []);
      fine.forEach((x, i) => assert(i === 0 || x > fine[i - 1] && x <= 2 * fine[i - 1] + 1));
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("where a time is affine in every dimension, what is filled in is right", () => {
  const coefficient = fc.integer({ min: 0, max: 9 });
  fc.assert(
    fc.property(fc.tuple(coefficient, coefficient, coefficient), ([a, b, c]) => {
      const time = ({ m, n }: Record<string, number>) => 1 + a * m + b * n + c * m * n;
      const axes = { n: [8, 64, 100], m: [3, 50] };
      const seconds = gridCorners(axes).map(time);
      const fine = refined({ quantum: {}, axes, fixed: {}, seconds, lo: seconds, hi: seconds });
      gridCorners(fine.axes).forEach((corner, i) =>
        assertAlmostEquals(fine.seconds[i] / time(corner), 1, 1e-9)
      );
      assertEquals(fine.lo, fine.seconds);
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test(
  "parts get their own launches, over as many recordings as they need",
  withDevice(async (pool) => {
    const x = pool.upload("x", [64], new Float32Array(64));
    // A sum is two launches.
    const part = (sums: number, label: string) => (recorder: Recorder) => {
      for (let i = 0; i < sums; i++) {
        pool.release(sumOf(recorder, [x], { squares: true, label: `${label}${i}` }));
      }
    };
    const shares: number[] = [];
    const parts = [part(1, "a"), part(400, "b"), part(0, "none"), part(3, "c")];
    const times = await runParts(pool, parts, { done: (share) => shares.push(share) });
    assertEquals(times.map((t) => t.length), [2, 800, 0, 6]);
    assertEquals([times[0][0].label, times[1][799].label, times[3][5].label], ["a0", "b399", "c2"]);
    assertEquals(shares, [0.5, 1]);
    const signal = AbortSignal.abort(new Error("stopped"));
    await assertRejects(() => runParts(pool, parts, { signal }), Error, "stopped");
    pool.release(x);
  }),
);

Deno.test(
  "every operator runs at the first corner of its grid, and takes time",
  withDevice(async (pool, device) => {
    for (const sweep of sweepsOf(profiledKinds, { device, kernels: guessedKernels(device) })) {
      const first = Object.fromEntries(Object.entries(sweep.axes).map(([n, [v]]) => [n, [v]]));
      const one = prepare(pool, { ...sweep, axes: first });
      const [times] = await runParts(pool, [cornerPart(one, one.grid[0])]);
      const seconds = cornerSeconds(times);
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
    const told: number[] = [];
    const progress = (_: string, share: number) => told.push(share);
    const profile = await measureProfile(device, { kernels, kinds, quick: true, progress });
    assertEquals(Object.keys(profile.curves).toSorted(), kinds.toSorted());
    assertEquals(told, told.toSorted((a, b) => a - b));
    assert(told[0] > 0 && told[told.length - 1] === 1);
    const { embedding } = profile.curves;
    assertEquals(embedding.fixed, { v: 4096 });
    assertEquals(embedding.seconds.length, gridCorners(embedding.axes).length);
    assertEquals(embedding.launches!.map(Math.round), embedding.seconds.map(() => 1));
    const { reduce } = profile.curves;
    const launches = gridCorners(reduce.axes).map(({ tensors }) => Math.ceil(tensors / 7) + 1);
    assertEquals(
      reduce.launches!.map(Math.round),
      launches,
      "a sum of seven tensors at a time, and one of all",
    );
    assert(profile.gapSeconds! > 0 && profile.gapSeconds! < 1e-2, `${profile.gapSeconds} s`);
    embedding.seconds.forEach((s, i) => assert(embedding.lo[i] <= s && s <= embedding.hi[i]));
    assertEquals(Object.keys(profile.kernels).length, 5);
    await assertRejects(() => measureProfile(device, { kernels, kinds: [] }), RangeError);
  }),
);
