/** The work's own sizes on clusters, and the bytes of a token. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { modelPreset } from "../../../../core/spec/mod.ts";
import {
  clusterSteps,
  expertRanksOf,
  paperSizeModels,
} from "../../../../experiments/bam/cost/cluster.ts";
import { clusterRows, overBtx } from "../../../../experiments/bam/cost/cluster_tables.ts";
import { paperModels } from "../../../../experiments/bam/cost/formulas.ts";
import { cacheBytes, readBytes } from "../../../../experiments/bam/cost/memory_bound.ts";
import { UserError } from "../../../../kernels/base/errors.ts";

const setting = { cluster: "h100:32", sequence: 2048, microBatch: 4, expertRanks: 4 };
const steps = paperSizeModels("small").flatMap((paper) => clusterSteps(paper, setting));

Deno.test("with attention beside tokens a step is shorter by what is hidden of them", () => {
  const of = (id: string) => steps.filter(({ paper }) => paper.id === id);
  assertEquals(of("seed").map(({ hiding, tokenSeconds }) => [hiding, tokenSeconds]), [["none", 0]]);
  for (const id of ["btx-4", "btx-6", "bam-expert-kv", "bam-shared-kv"]) {
    const [none, beside] = of(id);
    assertEquals([none.hiding, beside.hiding, none.hiddenSeconds], ["none", "attention", 0]);
    assert(none.tokenSeconds > 0, id);
    // The base stack has kernels stand still for half of an exchange beside them.
    assertAlmostEquals(beside.tokenSeconds, none.tokenSeconds / 2, 1e-9, id);
    assertAlmostEquals(beside.tokenSeconds + beside.hiddenSeconds, none.tokenSeconds, 1e-9, id);
    const shorter = none.stepSeconds - beside.stepSeconds;
    assertAlmostEquals(shorter, beside.hiddenSeconds, 1e-6, id);
    assertAlmostEquals(beside.eventSeconds / beside.stepSeconds, 1, 0.03, id);
    assertEquals(beside.peakBytes, none.peakBytes);
  }
});

Deno.test("BAM is dearer than BTX, with expert keys and values most", () => {
  const ratio = (id: string) => overBtx(steps.find(({ paper }) => paper.id === id)!, steps);
  assertEquals(ratio("btx-4"), 1);
  assert(ratio("seed") < 1 && 1 < ratio("bam-shared-kv"));
  assert(ratio("bam-shared-kv") < ratio("bam-expert-kv") && ratio("bam-expert-kv") < 2.25);
  const bytes = (id: string) => steps.find(({ paper }) => paper.id === id)!.peakBytes;
  assert(
    bytes("btx-4") < bytes("bam-shared-kv") && bytes("bam-shared-kv") < bytes("bam-expert-kv"),
  );
});

Deno.test("every step is a row of its own", async () => {
  const rows = await clusterRows(steps);
  assertEquals(new Set(rows.map(({ id }) => id)).size, 9);
  assertEquals(rows.map(({ labels }) => labels.tokens).slice(0, 3), [
    ...["none", "beside nothing", "beside attention"],
  ]);
});

Deno.test("experts are split over as many ranks as divide them and the cluster", () => {
  const moe = modelPreset("btx-small").moe!;
  const of = (experts: number, devices: number) =>
    expertRanksOf({ ...modelPreset("btx-small"), moe: { ...moe, experts } }, { most: 4, devices });
  assertEquals([of(4, 32), of(6, 32), of(6, 24), of(5, 32)], [4, 2, 3, 1]);
  assertEquals(expertRanksOf(modelPreset("bam-small-seed"), { most: 4, devices: 32 }), 1);
});

Deno.test("what cannot be shared out, and what is no number, is refused", () => {
  const [paper] = paperSizeModels("small");
  const with_ = (change: Partial<typeof setting>) => () =>
    clusterSteps(paper, { ...setting, ...change });
  assertThrows(with_({ cluster: "h100:24" }), UserError, "512 sequences over 24 devices by 4");
  assertThrows(with_({ microBatch: 0 }), UserError, "microBatch=0: wanted a whole number of 1");
  assertThrows(with_({ cluster: "tpu:32" }), UserError, "tpu");
});

Deno.test("a token's keys and values, and what decoding it reads, by hand", () => {
  const { btxTop1, bam, bamShared } = paperModels();
  // 6 layers, 8 heads of 128, keys and values, 2 bytes.
  assertEquals(cacheBytes(btxTop1.model), 6 * 8 * 2 * 128 * 2);
  assertEquals(cacheBytes(bam.model), 4 * 6 * 8 * 2 * 128 * 2);
  assertEquals(cacheBytes(bamShared.model), cacheBytes(btxTop1.model));
  const read = 2 * (587_234_304 - 256_000 * 1024) + 256 * 24_576;
  assertEquals(readBytes(btxTop1.model, { past: 256 }), read);
});
