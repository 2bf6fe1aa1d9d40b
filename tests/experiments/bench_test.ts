import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { benchPlan } from "../../experiments/bench/plan.ts";
import { benchSim } from "../../experiments/bench/sim.ts";
import type { BenchFile } from "../../reports/bench_file.ts";
import { benchFileSchema } from "../../reports/bench_schema.ts";
import { chosenParts } from "../../experiments/bench/bench.ts";
import { parseConfig } from "../../kernels/base/config.ts";

/** A clock that ticks as the work goes on: every look takes a hundredth of a second. */
function ticking() {
  let looks = 0;
  return () => looks++ / 100;
}

const options = (only: string[] = []) => ({
  quick: true,
  only,
  log: () => {},
  seconds: ticking(),
  signal: new AbortController().signal,
});

for (const [name, bench] of Object.entries({ sim: benchSim, plan: benchPlan })) {
  Deno.test(`the benchmark of ${name} gives rows with work, times and names of their own`, async () => {
    const result = await bench(options());
    assertEquals(result.bench, name);
    assert(result.rows.length >= 2);
    assertEquals(new Set(result.rows.map((row) => row.id)).size, result.rows.length);
    for (const { seconds, samples, items } of result.rows) {
      assert(seconds.lo <= seconds.value && seconds.value <= seconds.hi && seconds.lo > 0);
      assertEquals(samples.length, seconds.n);
      assert(items!.count >= 1);
    }
    const file: BenchFile = { ...made, ...result };
    assertEquals(parseConfig(benchFileSchema, JSON.parse(JSON.stringify(file)), "file"), file);
  });
}

/** What the command line adds to a result. */
const made = {
  schema: 2 as const,
  startedAt: "",
  wallSeconds: 1,
  command: "",
  commit: "",
  versions: {},
  cpu: "",
  os: "",
  lockHash: "",
};

Deno.test("a part alone is run alone, and an unknown one is refused with all names", async () => {
  const { rows } = await benchSim(options(["engine"]));
  assertEquals(rows.map(({ id }) => id), ["engine"]);
  const mixtral = await benchPlan(options(["mixtral-8x7b"]));
  assertEquals(mixtral.rows.map(({ id }) => id), ["plan/mixtral-8x7b"]);
  assertThrows(
    () => chosenParts([{ id: "gemm" }, { id: "norm" }], ["norn"]),
    TypeError,
    'Unknown part of this benchmark "norn": did you mean "norm"? Known: gemm, norm',
  );
});

Deno.test("a stopped benchmark gives nothing", async () => {
  const signal = AbortSignal.abort(new Error("stopped"));
  await assertRejects(async () => await benchSim({ ...options(), signal }), Error, "stopped");
  await assertRejects(async () => await benchPlan({ ...options(), signal }), Error, "stopped");
});
