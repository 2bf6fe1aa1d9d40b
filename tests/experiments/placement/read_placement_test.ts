import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type PlacementWords,
  readPlacement,
} from "../../../experiments/placement/read_placement.ts";
import { readSimulation, type SimulationWords } from "../../../experiments/simulate/inputs.ts";
import { simulateEvents } from "../../../experiments/simulate/events.ts";
import { stableJson, writeTextFile } from "../../../kernels/base/files.ts";
import { modelPreset } from "../../../core/spec/mod.ts";
import { parseCluster } from "../../../sim/cluster/parse.ts";
import { sizesOf } from "../../../sim/cost/sizes_of.ts";
import { main } from "../../../experiments/cli.ts";
import { inFolder, makeWorld } from "../world.ts";

const words: SimulationWords = {
  ...{ model: "mixtral-8x7b", cluster: "h100:16", plan: "ep=4,tp=2,zero=1,gb=16" },
  ...{ sequence: 4096, stack: "base", routing: "skew:0.8", graphs: "none", seed: 3 },
};

const secondsOf = async (more: Partial<SimulationWords>) =>
  simulateEvents(await readSimulation({ ...words, ...more })).stepSeconds;

Deno.test("a step is shorter under swaps than in blocks, and replicas make it even", async () => {
  const [blocks, same, swaps] = [
    await secondsOf({}),
    await secondsOf({ placement: "contiguous" }),
    await secondsOf({ placement: "swaps" }),
  ];
  assertEquals(blocks, same);
  assert(swaps < blocks, `${swaps} ${blocks}`);
  const { sizes, workload } = await readSimulation({ ...words, redundant: 4 });
  assertEquals([sizes.moe!.redundant, workload.placement?.kind], [4, "method"]);
  assertEquals(workload.routing.kind, "trace", "what is drawn is drawn once for all who look");
});

Deno.test("a file says slot by slot, and how many are redundant", () =>
  inFolder(async (folder) => {
    const path = `${folder}/slots.json`;
    const slots_LRS = [[[0, 7], [1, 6], [2, 5], [3, 4]]];
    await writeTextFile(path, stableJson({ slots_LRS }));
    const read = await readSimulation({ ...words, placement: path });
    assertEquals(read.sizes.moe!.redundant, undefined);
    assert(read.workload.placement?.kind === "slots");
    assertEquals(read.workload.placement.slots_LRS, slots_LRS);
    const step = simulateEvents(read);
    const [first] = step.loads!;
    assertEquals(first.length, 4);
    await assertRejects(
      () => readSimulation({ ...words, placement: path, plan: "ep=8,gb=16" }),
      TypeError,
      "Cannot place experts on ep=8 by a file of 4 ranks: wanted ep=4",
    );
    await writeTextFile(path, stableJson({ slots_LRS: [[[0, 7, 1], [1, 6], [2, 5], [3, 4]]] }));
    const more = await readSimulation({ ...words, placement: path });
    assertEquals(more.sizes.moe!.redundant, 4);
    await writeTextFile(path, stableJson({ slots_LRS: [[[0, 8], [1, 6], [2, 5], [3, 4]]] }));
    await assertRejects(
      () => readSimulation({ ...words, placement: path }),
      TypeError,
      "found expert 8 on rank 0, wanted 0 to 7",
    );
    await writeTextFile(path, stableJson({ slots: [] }));
    await assertRejects(
      () => readSimulation({ ...words, placement: path }),
      TypeError,
      "wanted slots_LRS, lists of experts by layer and rank",
    );
  }));

Deno.test("words that name no placement are refused", async () => {
  const refused = (of: PlacementWords, message: string, model = "mixtral-8x7b") =>
    assertRejects(
      () =>
        readPlacement(of, {
          sizes: sizesOf(modelPreset(model)),
          cluster: parseCluster("h100:8"),
          workload: { sequence: 4096, routing: { kind: "balanced" }, causal: true },
        }),
      TypeError,
      message,
    );
  await refused({ placement: "hierarchic" }, 'did you mean "hierarchical"');
  await refused({ placement: "random", redundant: 8 }, "wanted swaps or hierarchical");
  await refused({ placement: "swaps" }, "found none, wanted a mixture", "llama-3-8b");
});

Deno.test("simulate --placement ends with a line and code 2 where it is wrong", async () => {
  const { io, said } = makeWorld();
  const line = ["simulate", "--model", "mixtral-8x7b", "--cluster", "h100:8", "--plan", "ep=4"];
  assertEquals(await main([...line, "--placement", "swap"], io), 2);
  assert(said[0].includes('did you mean "swaps"'), said[0]);
});
