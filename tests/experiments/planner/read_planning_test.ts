import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readMemoryLimit } from "../../../experiments/planner/memory_limit.ts";
import { readPlanning } from "../../../experiments/planner/read_planning.ts";
import { clusterPresets } from "../../../sim/cluster/presets.ts";
import { inFolder } from "../world.ts";
import { smallPlanning, smallWords } from "./questions.ts";

Deno.test("limits are shares or amounts, and no more than a device has", () => {
  assertEquals(readMemoryLimit("memory=90%", 80e9), 0.9);
  assertEquals(readMemoryLimit("55.5 %", 80e9), 0.555);
  assertEquals(readMemoryLimit("memory=72GiB", 80 * 2 ** 30), 72 * 2 ** 30);
  assertEquals(readMemoryLimit("72GB", 80e9), 72e9);
  for (const text of ["", "90", "memory=0%", "memory=101%", "81GB", "1B", "memory=-1%", "x%"]) {
    assertThrows(() => readMemoryLimit(text, 80e9), TypeError, "wanted such as memory=90%");
  }
  assertThrows(() => readMemoryLimit("time=9%", 80e9), TypeError, "found another limit");
});

Deno.test("a question is read with its model, cluster, held fields and limit", async () => {
  const planning = await smallPlanning({ fix: "pp=2,gb=16", limit: "50%", mtp: 1 });
  assertEquals(planning.fix, { pp: 2 });
  assertEquals([planning.memoryLimit, planning.sizes.mtpLayers], [0.5, 1]);
  assertEquals([planning.cluster.id, planning.cluster.devices], ["h100", 16]);
  assertEquals(planning.model.id, "tiny");
});

Deno.test("what cannot be read says what is wanted", async () => {
  const refused = (words: Partial<typeof smallWords>, says: string) =>
    assertRejects(() => readPlanning({ ...smallWords, ...words }), TypeError, says);
  await refused({ model: "tiney" }, 'did you mean "tiny"');
  await refused({ cluster: "h10:8" }, 'did you mean "h100"');
  await refused(
    { cluster: "this:4" },
    'found no memory figure of its device "this", wanted one of',
  );
  await refused({ fix: "tpp=2" }, 'Unknown word of a plan "tpp": did you mean "tp"');
  await refused({ fix: "gb=32" }, "Cannot hold gb=32 beside a batch of 16");
  await refused({ stack: "megatron" }, "Unknown stack");
  await refused({ routing: "even" }, "wanted balanced, skew:EXPONENT");
});

Deno.test("a model's file with a field that nobody knows, and a cluster without memory", () =>
  inFolder(async (folder) => {
    const model = `${folder}/config.json`;
    Deno.writeTextFileSync(model, JSON.stringify({ layers: 3, wide: true }));
    await assertRejects(() => smallPlanning({ model }), TypeError, `Cannot read ${model}: at /`);
    const cluster = `${folder}/cluster.json`;
    const made = { ...clusterPresets.h100, id: "own", device: "x1000" };
    Deno.writeTextFileSync(cluster, JSON.stringify(made));
    await assertRejects(
      () => smallPlanning({ cluster }),
      TypeError,
      'Cannot plan for cluster own: found no memory figure of its device "x1000"',
    );
  }));
