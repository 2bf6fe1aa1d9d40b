import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { caseFlopsPerToken } from "../../../experiments/published/case_flops.ts";
import { caseSizes } from "../../../experiments/published/case_sizes.ts";
import { resultKeys } from "../../../experiments/published/result_keys.ts";
import { sourceRules } from "../../../experiments/published/source_rules.ts";
import { measuredStep } from "../../../experiments/published/step_seconds.ts";
import { rowOf, rows } from "./rows.ts";

/** GFLOP of a token as the publisher of a row counts them. */
function gigaFlops(id: string): number {
  const row = rowOf(id);
  const sizes = caseSizes(row);
  if (typeof sizes === "string") throw new RangeError(sizes);
  return caseFlopsPerToken(row, sizes) / 1e9;
}

Deno.test("FLOP of a token are those that publishers' own ratios imply", () => {
  const implied: [string, number][] = [
    ["mb-26.04-deepseekv3-gb300-mxfp8-134", 260.0],
    ["mb-25.11-deepseekv3-gb300-bf16-238", 249.8],
    ["mb-26.04-qwen3_235b_a22b-gb300-mxfp8-148", 147.95],
    ["mb-26.04-qwen3_30b_a3b-gb300-mxfp8-143", 23.0],
    ["mb-26.04-kimi_k2-gb300-mxfp8-164", 204.5],
    ["mb-26.04-llama3_70b-gb300-mxfp8-123", 449.2],
    ["mb-26.04-llama3.1_405b-gb200-mxfp8-131", 2524],
    ["mb-26.04-gpt_oss_120b-gb300-bf16-138", 27.16],
    ["mb-25.11-gpt_oss_120b-gb300-bf16-240", 30.8],
    ["mb-26.06-gpt_oss_120b-gb300-mxfp8-44", 32.6],
    ["nemo-24.07a-llama3-70b-64", 481.4],
    ["nemo-24.07a-nemotron-340b-128", 2105],
    ["nemo-24.07a-nemotron-8b-64", 51.4],
    ["nemo-24.07a-sft-llama2-70b", 412.4],
    ["nemo-24.07a-lora-llama2-70b", 275.6],
    ["mb-26.06-llama3_70b-gb200-fp8-71", 278.9],
  ];
  for (const [id, expected] of implied) {
    assertAlmostEquals(gigaFlops(id), expected, 0.004 * expected, id);
  }
});

Deno.test("measured times give back every printed rate by its own convention", () => {
  // Rows whose time and rate were averaged or rounded apart; all others agree within 2 %.
  const loose: Record<string, number> = {
    "aleph-13B-s8192-128gpu-trial103674": 0.032,
    "mb-26.04.01-llama3_70b-h100-fp8-80": 0.025,
  };
  const independent = new Map<string, number>();
  for (const row of rows) {
    const time = measuredStep(row);
    if (time === undefined || typeof caseSizes(row) === "string") continue;
    const said = resultKeys(row, { stepSeconds: time.seconds });
    for (const [key, value] of Object.entries(said)) {
      const ratio = (value as number) / (row.result[key] as number);
      const tolerance = loose[row.id] ?? 0.02;
      assert(Math.abs(ratio - 1) < tolerance, `${row.id} ${key}: ${ratio}`);
      if (time.from !== "flops" && /flops|mfu|hfu/.test(key)) {
        const name = sourceRules(row).id;
        independent.set(name, (independent.get(name) ?? 0) + 1);
      }
    }
  }
  // Rates that were not the source of the time.
  assertEquals(Object.fromEntries(independent), {
    "aleph": 3 * 263,
    "llm-foundry": 3 * 107,
    "megatron-2020": 4,
    "megatron-bridge": 183,
    "megatron-lm": 2,
    "modelzoo": 5,
    "nemo": 30,
  });
});

Deno.test("steps derived with the rows are ours", () => {
  for (const row of rows) {
    const derived = row.result.derived_step_time_s ?? row.result.derived_step_time_s_fullattn;
    const time = measuredStep(row);
    if (typeof derived !== "number" || time === undefined) continue;
    assertAlmostEquals(time.seconds / derived, 1, 0.004, row.id);
  }
});

Deno.test("memory is said in the units and ranks of the row", () => {
  const row = rowOf("simumax-b200-deepseekv2_tp1_ep4_pp2_dp4_l4_mbc32_cef");
  const gib = 2 ** 30;
  const said = resultKeys(row, {
    peakAllocatedBytes: [31 * gib, 45 * gib],
    peakReservedBytes: 47 * gib,
    outcome: "fits",
  });
  assertEquals(Object.keys(said).sort(), [
    "peak_allocated_GiB_max_rank",
    "peak_allocated_MB_by_rank",
    "peak_reserved_GiB",
  ]);
  assertEquals([said.peak_allocated_GiB_max_rank, said.peak_reserved_GiB], [45, 47]);
  const byRank = said.peak_allocated_MB_by_rank as Record<string, number>;
  const printed = row.result.peak_allocated_MB_by_rank as Record<string, number>;
  assertEquals(Object.keys(byRank), Object.keys(printed));
  assertEquals([byRank["3"], byRank["4"]], [31 * 1024, 45 * 1024]);
});

Deno.test("outcomes are said as the source says them, and all keys where there is no result", () => {
  const aleph = rows.find((row) => row.result.outcome === "OOM Error")!;
  const oom = { outcome: "oom" } as const;
  assertEquals(resultKeys(aleph, oom), { outcome: "OOM Error" });
  assertEquals(resultKeys(rowOf("mpf-t3-llama3-8x70b-fsdp"), oom), { outcome: "OOM" });
  assertEquals(resultKeys({ ...aleph, result: {} }, oom), { outcome: "OOM Error" });
  const open = { ...rowOf("modelzoo-qwen3-235b-h100-0"), result: {} };
  const all = resultKeys(open, { stepSeconds: 20, outcome: "fits" });
  assertEquals([all.step_time_s, all.step_time_ms, all.outcome], [20, 20000, "fits"]);
  assertEquals(all.tokens_per_s, 2048 * 4096 / 20);
  assertEquals(all.mfu_pct, 100 * (all.mfu as number));
});
