import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { stableJson, writeTextFile } from "../../../kernels/base/files.ts";
import {
  simulateTrace,
  stretchOf,
  tracedTable,
} from "../../../experiments/training/trace/simulate_trace.ts";
import { traceOf } from "../../../experiments/training/trace/trace.ts";
import { traceDecision, traceVerdict } from "../../../experiments/training/trace/trace_words.ts";
import { inFolder } from "../world.ts";
import { evenLayer, madeUpGroup } from "./made_up.ts";

const words = { model: "mixtral-8x7b", cluster: "h100:64", plan: "ep=8,tp=2,zero=1" };

const layer = (wanted_E: number[]) => ({ ...evenLayer, wanted_E });

/** A trace as the experiment makes it, on the disk. */
async function traced(folder: string, wanted_E: number[], name: string) {
  const group = madeUpGroup("mixtral", [1, 2], { figures: { layers: [layer(wanted_E)] } });
  const trace = traceOf(group)!;
  const path = `${folder}/${name}.json`;
  await writeTextFile(path, stableJson(trace));
  return await simulateTrace({ name, path, trace }, words);
}

Deno.test("a trace holds the wanted choices by layer, and a router without choices has none", () => {
  const trace = traceOf(madeUpGroup("mixtral", [1, 2], {
    figures: { layers: [layer([1, 2, 3, 4]), layer([4, 3, 2, 1])] },
  }))!;
  assertEquals(trace.counts_LE, [[1, 2, 3, 4], [4, 3, 2, 1]]);
  assertEquals([trace.recipe, trace.seed, trace.tokens], ["mixtral", 1, 64]);
  const soft = { figures: { layers: [layer([0, 0, 0, 0])] } };
  assertEquals(traceOf(madeUpGroup("soft-moe", [1, 2], soft)), undefined);
  assertEquals(traceOf(madeUpGroup("mixtral", [1, 2], { figures: { layers: [] } })), undefined);
});

Deno.test("a cluster takes the trace: equal counts cost nothing, uneven ones do", () =>
  inFolder(async (folder) => {
    const even = await traced(folder, Array(8).fill(10), "even");
    const uneven = await traced(folder, [80, 20, 10, 10, 10, 10, 10, 10], "uneven");
    assert(Math.abs(stretchOf(even)) < 0.01, `${stretchOf(even)}`);
    assert(stretchOf(uneven) > 0.1, `${stretchOf(uneven)}`);
    const { info, rows } = await tracedTable([even, uneven], words);
    assertEquals(rows.map(({ labels }) => labels.routing), ["balanced", "even", "uneven"]);
    assertEquals(rows[2].metrics.busiestOverMean.value, 4);
    assertEquals(rows.map(({ table }) => table), [info.id, info.id, info.id]);
    assertEquals(rows[0].warnings, [], "the cluster of the defaults is large enough");
    assertMatch(
      traceVerdict([even, uneven], words),
      /\(uneven\) longer under the loads of 2 routers/,
    );
    assertMatch(traceDecision([even, uneven]), /--routing .*even\.json/);
  }));

Deno.test("a trace of another number of experts is refused in a line", () =>
  inFolder(async (folder) => {
    await assertRejects(
      () => traced(folder, [1, 2, 3, 4], "four"),
      TypeError,
      "wanted counts_LE, choices of 8 experts by layer",
    );
  }));
