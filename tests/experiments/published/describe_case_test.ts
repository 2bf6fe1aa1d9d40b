import { assert, assertEquals } from "@std/assert";
import type { PublishedCase } from "../../../experiments/published/case.ts";
import {
  type CaseDescription,
  describeCase,
  stepSeconds,
} from "../../../experiments/published/describe_case.ts";
import { sourceRules } from "../../../experiments/published/source_rules.ts";
import { completePlan } from "../../../sim/plan/complete_plan.ts";
import { planPreset } from "../../../sim/plan/plan_presets.ts";
import { planFault } from "../../../sim/plan/plan_rules.ts";
import { rowOf, rows } from "./rows.ts";

/** The description of a row that has one. */
function described(row: PublishedCase): CaseDescription {
  const d = describeCase(row);
  if ("unsupported" in d) throw new RangeError(`${row.id}: ${d.unsupported}`);
  return d;
}

const supported = rows.filter((row) => !("unsupported" in describeCase(row)));

Deno.test("all sources are described but for what no description can say", () => {
  const table: Record<string, { timed: number; described: number }> = {};
  for (const row of rows.filter((r) => stepSeconds(r) !== undefined)) {
    const line = table[sourceRules(row).id] ??= { timed: 0, described: 0 };
    line.timed++;
    if (!("unsupported" in describeCase(row))) line.described++;
  }
  const whole = (timed: number) => ({ timed, described: timed });
  assertEquals(table, {
    "aleph": whole(263),
    "deepseek": whole(1),
    "llm-foundry": whole(107),
    "megatron-2020": whole(4),
    "megatron-2021": whole(15),
    "megatron-bridge": { timed: 200, described: 177 },
    "megatron-lm": whole(6),
    "megatron-moe": whole(2),
    "modelzoo": whole(16),
    "mpfold": whole(33),
    "nemo": { timed: 39, described: 33 },
    "simumax": whole(37),
    "torchtitan": whole(7),
    "vtrain": whole(693),
  });
});

Deno.test("what is not described says why", () => {
  const reasons: Record<string, number> = {};
  for (const row of rows) {
    const d = describeCase(row);
    if (!("unsupported" in d)) continue;
    const reason = d.unsupported.replace(/^Nemotron\w+/, "Nemotron");
    reasons[reason] = (reasons[reason] ?? 0) + 1;
  }
  assertEquals(reasons, {
    "Nemotron alternates layers without attention": 17,
    "a stage of 32 devices holds no EP 64 ETP 1": 1,
    "low-rank adaptation keeps the weights, which no plan can say": 11,
    "the batch of a step is not printed": 3,
  });
});

Deno.test("plans fit their devices, batches and layers", () => {
  for (const row of supported) {
    const { sizes, plan: p, devices, cluster, workload } = described(row);
    assertEquals(p.tp * p.cp * p.dp * p.pp, devices, row.id);
    assertEquals((devices / p.pp) % (p.ep * p.etp), 0, row.id);
    assertEquals(p.globalBatch % (p.dp * p.microBatch), 0, row.id);
    assertEquals(planFault(p, { devices, sizes, workload }), undefined, row.id);
    assertEquals(p.vpp > 1, p.schedule === "interleaved", row.id);
    assertEquals(cluster, `${cluster.split(":")[0]}:${devices}`);
    if (row.plan.dp !== undefined) assertEquals(p.dp, row.plan.dp, row.id);
    assert(sizes.moe !== undefined || (p.ep === 1 && p.etp === 1), row.id);
    const widths = [sizes.dModel, sizes.vocab, sizes.attention.qkDim, sizes.attention.vDim];
    assert(widths.every((n) => Number.isInteger(n) && n > 0), row.id);
  }
});

Deno.test("a description does not look at results", () => {
  for (const row of rows) {
    const { check: _check, peer: _peer, ...rest } = row;
    assertEquals(describeCase({ ...rest, result: {} }), describeCase(row), row.id);
  }
});

Deno.test("a row of Megatron-Bridge with its recipe", () => {
  const d = described(rowOf("mb-26.04.01-deepseekv3-b200-mxfp8-91"));
  assertEquals([d.cluster, d.stack, d.sizes.mtpLayers], [
    "b200:256",
    "megatron-bridge-26.04.01",
    1,
  ]);
  assertEquals(d.flags, {
    graphs: "partial",
    a2aOverlap: true,
    optimizer: "adam",
    recipe: "attached",
  });
  const { plan: p } = d;
  assertEquals([p.precision, p.dispatcher, p.recompute], ["mxfp8", "deepep", ["mla_up", "ffn"]]);
  assertEquals([p.schedule, p.vpp, p.overlap.experts], ["interleaved", 2, "batches"]);
  assertEquals(p.stageLayers![7], [4, 1]);
  assertEquals(d.sizes.moe, {
    experts: 256,
    topK: 8,
    width: 2048,
    sharedWidth: 2048,
    firstDense: 3,
    every: 1,
  });
  assertEquals(d.sizes.attention, {
    heads: 128,
    kvHeads: 128,
    qkDim: 192,
    vDim: 128,
    latent: { qRank: 1536, kvRank: 512, ropeDim: 64 },
  });
});

Deno.test("settings that no table prints come from the release before", () => {
  const late = described(rowOf("mb-26.08-deepseekv3-gb300-mxfp8-1"));
  const early = described(rowOf("mb-26.06.01-deepseekv3-gb300-mxfp8-19"));
  assertEquals([late.plan, late.flags.graphs], [early.plan, "full"]);
  assertEquals([late.flags.recipe, early.flags.recipe], ["inherited", "attached"]);
});

Deno.test("what sources leave unsaid", () => {
  const folding = described(rowOf("mpf-t3-llama3-8x70b-mcorewfolding")).plan;
  assertEquals([folding.vpp, folding.etp, folding.capacityFactor], [5, 1, 1]);
  const sharded = described(rowOf("mpf-t3-mixtral-8x22b-g8t8-fsdp+ep")).plan;
  assertEquals([sharded.zero, sharded.etp, sharded.vpp], [3, 4, 1]);
  const early = described(rowOf("megatron2020-2B-a100-256gpu"));
  assertEquals([early.plan.microBatch, early.plan.recompute, early.cluster], [
    16,
    "full",
    "a100-40gb:256",
  ]);
  const context = described(rowOf("simumax-b200-llama3_405b_l4_tp2_cp4_pp1_dp1_seq32768_mbc4_cef"));
  assertEquals(context.plan.contextExchange, "a2a");
  assertEquals(Object.values(context.plan.overlap).filter((v) => v === true), []);
  const gpt = described(rowOf("vtrain-single-h1024-l24-g8-t4-d1-p2-b4-m2")).sizes;
  assertEquals([gpt.vocab, gpt.tied, gpt.ffnMatrices, gpt.learnedPositions], [
    51200,
    true,
    2,
    true,
  ]);
  const oss = described(rowOf("mb-26.04-gpt_oss_120b-gb300-bf16-138")).sizes;
  assertEquals(oss.attention.window, { size: 128, every: 2 });
  const titan = described(rowOf("torchtitan-mx-b200-mxfp8-cublas"));
  assertEquals([titan.sizes.layers, titan.plan.precision, titan.plan.zero], [32, "mxfp8", 3]);
  const natural = described(rowOf("modelzoo-qwen3-235b-h100-long16384-dropl"));
  assertEquals(natural.workload.routing.kind, "skew");
  assertEquals(natural.plan.recompute, ["norm", "experts"]);
});

Deno.test("DeepSeek-V3's row is described as its named plan", () => {
  const { plan, sizes, devices, workload } = described(rowOf("dsv3-gpu-hours"));
  const preset = planPreset("deepseek-v3");
  assertEquals(plan, completePlan(preset.plan, { devices, sizes, workload }));
  assertEquals([devices, sizes.moe!.domainLimit], [preset.devices, { groups: 8, chosen: 4 }]);
  const bridge = described(rowOf("mb-26.04.01-deepseekv3-b200-mxfp8-91"));
  assertEquals(bridge.sizes.moe!.domainLimit, undefined);
});

Deno.test("kernels of Aleph Alpha's sweep are stacks of their own", () => {
  const stacks = Map.groupBy(supported.filter((r) => sourceRules(r).id === "aleph"), (row) => {
    return `${row.workload.kernel} ${described(row).stack}`;
  });
  assertEquals([...stacks.keys()].sort(), [
    "flash_attention2 + RMS kernel aleph-flash2-rms",
    "flash_attention2 aleph-flash2",
    "flash_attentionv1.0.8 aleph-flash1",
    "fused aleph-fused",
    "torch aleph-torch",
  ]);
});

Deno.test("rows of unknown publishers, devices and formats", () => {
  const row = rowOf("modelzoo-qwen3-235b-h100-0");
  const stranger = { ...row, source: { ref: "somebody/else" } };
  assertEquals(described(stranger).stack, "megatron-core");
  const words = (change: Partial<PublishedCase>) => describeCase({ ...row, ...change });
  assertEquals(words({ hardware: { gpu: "TPU v5", n_gpus: 256 } }), {
    unsupported: "the device TPU v5 is unknown",
  });
  assertEquals(words({ workload: { ...row.workload, precision: "INT8" } }), {
    unsupported: "the format INT8 is unknown",
  });
  assertEquals(words({ workload: { model: "New", seq_len: 1 } }), {
    unsupported: "layers, hidden, heads of New are not printed",
  });
  assertEquals(words({ plan: { ...row.plan, tp: 3 } }), {
    unsupported: "256 devices are no multiple of TP 3 CP 1 PP 8",
  });
  assertEquals(words({ plan: { ...row.plan, pp_layout: "Et|tL" } }), {
    unsupported:
      'Cannot use pipeline layout "Et|tL": found 2 layers in 2 chunks, wanted 94 layers in 8 x 4 chunks',
  });
  const titan = rowOf("torchtitan-mx-b200-bf16");
  assertEquals(
    described({ ...titan, hardware: { gpu: "H100", n_gpus: 8 } }).cluster,
    "h100-96gb:8",
  );
  assertEquals(words({ category: "kernel" }), { unsupported: "kernel is no training step" });
});
