import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { heats } from "../../experiments/bench/heats/heats.ts";
import { skewedChoices } from "../../experiments/bench/heats/skew.ts";
import { type Operator, operatorHeat } from "../../experiments/bench/heat.ts";
import { race, ratios, speedOf } from "../../experiments/bench/race.ts";
import { createRing } from "../../experiments/bench/ring.ts";
import { runHeat } from "../../experiments/bench/run_heat.ts";
import { contestOf } from "../../experiments/bench/rows.ts";
import { bounds, fmaCode } from "../../experiments/bench/roof.ts";
import { combine } from "../../kernels/combine/combine.ts";
import { op } from "../../kernels/base/op.ts";
import { parseVariant } from "../../kernels/gemm/variant.ts";
import { compile, createRecorder } from "../../kernels/recorder.ts";
import { download } from "../../kernels/tensor.ts";
import { uniformChoice } from "../../kernels/tune.ts";
import { withDevice } from "../kernels/compare.ts";

Deno.test("a race runs all in turn after a warm-up, and its ratio survives a slow spell", async () => {
  const order: string[] = [];
  // Two of the warm-up and twelve on a quiet machine, the rest on one that is three times slower.
  const busy = () => order.length <= 14 ? 1 : 3;
  const [ours, theirs] = await race([
    () => Promise.resolve(order.push("ours") && 4 * busy()),
    () => Promise.resolve(order.push("theirs") && 1 * busy()),
  ], { rounds: 12 });
  const both = ["ours", "theirs"];
  const turns = Array.from({ length: 6 }, () => [...both, ...both.toReversed()]).flat();
  assertEquals(order, [...both, ...turns]);
  assertEquals([ours.length, theirs.length], [12, 12]);
  const { value, lo, hi, n } = speedOf(ours, theirs);
  assertEquals([value, lo, hi, n], [0.25, 0.25, 0.25, 12]);
});

Deno.test("one odd round moves the ratio of a race no further than its neighbours", async () => {
  const times = [1, 1, 1, 1, 50, 1, 1, 1, 1, 1, 1, 1];
  let i = 0;
  const [ours, theirs] = await race(
    [() => Promise.resolve(times[i++]), () => Promise.resolve(2)],
    { rounds: 11 },
  );
  const { value, lo, hi } = speedOf(ours, theirs);
  assertEquals([value, lo, hi], [2, 2, 2]);
  assertEquals(Math.min(...ratios(ours, theirs)), 0.04);
});

Deno.test("a race ends where there is enough, but not before the least of its rounds", async () => {
  let [calls, warm] = [0, -1];
  const run = () => Promise.resolve(++calls);
  const [samples] = await race([run], {
    rounds: 100,
    least: 6,
    warm: () => warm = calls,
    enough: () => calls > 3,
  });
  assertEquals([samples.length, warm], [6, 1]);
  const signal = AbortSignal.abort(new Error("stopped"));
  await assertRejects(() => race([run], { rounds: 1, signal }), Error, "stopped");
});

Deno.test("the skewed routing gives the fullest expert twice the mean, and each token two", () => {
  const sizes = { tokens: 4096, experts: 8 };
  const { ids, rows } = skewedChoices(sizes);
  assertEquals([ids.length, rows.reduce((a, b) => a + b)], [8192, 8192]);
  for (let t = 0; t < 4096; t++) assert(ids[2 * t] !== ids[2 * t + 1]);
  assertEquals([rows[0], Math.max(...rows)], [2048, 2048]);
  assert(Math.min(...rows) > 400 && Math.min(...rows) < 700, `rows ${rows}`);
  const counted = Array(8).fill(0);
  ids.forEach((id) => counted[id]++);
  assertEquals(counted, rows);
  assertEquals(skewedChoices(sizes), { ids, rows });
});

Deno.test("every heat has a name of its own", () => {
  const names = heats.map(({ id }) => id);
  assertEquals(new Set(names).size, names.length);
  for (const name of names) assert(/^[a-z_]+$/.test(name), name);
});

Deno.test(
  "the kernel of the peak does all multiply-adds that it is counted for",
  withDevice(async (pool, device) => {
    const y = pool.tensor("y", [64]);
    const recorder = createRecorder(pool);
    recorder.launch({
      label: "fma",
      kernel: compile(device, "fma", fmaCode({ chains: 3, unrolled: 5 })),
      inputs: [y],
      uniforms: [7, { f32: 0.5 }, { f32: 3 }],
      grid: [1],
    });
    recorder.submit();
    const [found] = await download(device, [y]);
    for (let thread = 0; thread < 64; thread++) {
      let sum = 0;
      for (let chain = 0; chain < 3; chain++) {
        let x = thread + chain;
        for (let i = 0; i < 35; i++) x = 0.5 * x + 3;
        sum += 4 * x;
      }
      assertAlmostEquals(found[thread], sum, 1e-4 * sum);
    }
  }),
);

/** A small combine, with what a heat wants of it. */
const small = (t: number): Operator => ({
  name: "combine",
  shape: `${t}x64`,
  work: op("combine", { t, k: 1, d: 64 }),
  ofCopy: 100,
  prepare({ fill, upload }) {
    const places = upload("places", [t], Uint32Array.from({ length: t }, (_, i) => i));
    const [rows, weights] = [fill("rows", [t, 64]), fill("weights", [t])];
    return (r) => [combine(r, rows, { places, weights, topK: 1 })];
  },
});

Deno.test(
  "a heat times its operators beside both bounds, and frees what it took",
  withDevice(async (pool) => {
    const kernels = uniformChoice(parseVariant("tile-16x1x16x1-buffer"));
    let looks = 0;
    const base = { pool, kernels, quick: true, seconds: () => looks += 10, log: () => {} };
    const roofRing = createRing(base);
    const both = await bounds(roofRing);
    await both.copy.run();
    const before = pool.bytes().live;
    const operators = () => [small(64), small(4096)];
    const heat = operatorHeat({ id: "small", family: "routing", says: "", operators });
    const { signal } = new AbortController();
    const options = { ...base, only: [], signal, bounds: both };
    const { rows, contests, peak, copy } = await runHeat(heat, createRing(base), options);
    assertEquals(pool.bytes().live, before);
    assertEquals(rows.map(({ id }) => id), ["combine 64x64", "combine 4096x64"]);
    assertEquals(rows[1].labels.family, "routing");
    for (const { samples, seconds, roofFraction, bytes } of rows) {
      assertEquals([samples.length, seconds.n, peak.length, copy.length], [6, 6, 6, 6]);
      // A round's share is its least time over its time: here, memory's.
      const shares = samples.map((s, i) => bytes! / s / (both.copy.bytes! / copy[i]));
      const sorted = shares.toSorted((a, b) => a - b);
      assertAlmostEquals(roofFraction!.value, (sorted[2] + sorted[3]) / 2, 1e-9);
    }
    assertEquals(contests.map(({ id, verdict }) => [id, verdict]), [
      ["combine 64x64 / copy", "missed"],
      ["combine 4096x64 / copy", "missed"],
    ]);
    assertAlmostEquals(contests[1].speed.value, rows[1].roofFraction!.value, 1e-9);
    roofRing.release();
    assertEquals(pool.bytes().live, 0);
  }),
);

Deno.test("a contest of somebody who is not there is refused", () => {
  assertThrows(
    () => contestOf({ says: "", ours: "a", theirs: "b" }, []),
    RangeError,
    'found no contender "a"',
  );
});
