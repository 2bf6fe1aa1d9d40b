import { assertAlmostEquals, assertEquals } from "@std/assert";
import { layersOfStages } from "../../../sim/cost/layout.ts";
import { memoryHabits } from "../../../sim/memory/habits.ts";
import { countLayers } from "../../../sim/memory/stage_parameters.ts";
import { stageParts } from "../../../sim/memory/stage_parts.ts";
import { gatheredWeightBytes, parameterBytes, shardRanks } from "../../../sim/memory/states.ts";
import { dense, mixture, plan, workload } from "./toy.ts";

const megatron = memoryHabits("megatron");
const total = (changes: Partial<typeof plan>, ranks = 8, habits = megatron) => {
  const bytes = parameterBytes({ ...plan, ...changes }, habits, { ranks, matrix: true });
  return bytes.weight + bytes.gradient + bytes.optimizer;
};

Deno.test("a parameter takes 18 bytes, and ZeRO divides 12, 16 or all of them", () => {
  assertEquals(total({ zero: 0 }), 2 + 4 + 12);
  assertEquals(total({ zero: 1 }), 2 + 4 + 12 / 8);
  // Stage 2 holds all gradients while several micro-batches are added up.
  assertEquals(total({ zero: 2 }), 2 + 4 + 12 / 8);
  assertEquals(total({ zero: 2, globalBatch: plan.dp * plan.microBatch }), 2 + (4 + 12) / 8);
  assertEquals(total({ zero: 3 }), 18 / 8);
});

Deno.test("formats and the host change the bytes of a parameter", () => {
  const zero = 0;
  assertEquals(total({ zero, formats: { moments: "bf16", mainGradients: "bf16" } }), 2 + 2 + 8);
  assertEquals(total({ zero, precision: "fp32" }), 4 + 4 + 8);
  assertEquals(total({ zero, precision: "fp8" }), 2 + 2 + 4 + 12);
  assertEquals(total({ zero, precision: "fp8", formats: { parameters: "fp8" } }), 2 + 4 + 12);
  const bridge = memoryHabits("megatron-bridge-26.04");
  assertEquals(total({ zero, precision: "fp8" }, 8, bridge), 2 + 4 + 12);
  assertEquals(total({ zero, precision: "fp4" }, 8, bridge), 2 + 1.125 + 4 + 12);
  assertEquals(total({ zero, offload: { optimizer: 0.5, activationLayers: 0 } }), 2 + 4 + 6);
  assertEquals(total({ zero: 3 }, 8, memoryHabits("torchtitan")), (4 + 4 + 8) / 8);
  assertEquals(total({ zero: 1 }, 8, memoryHabits("aleph-flash2")), 2 + 2 + 12 / 8);
});

Deno.test("experts are shared by fewer ranks than the rest, and hybrid sharding by fewer still", () => {
  const folded = { ...plan, tp: 2, cp: 2, dp: 8, ep: 8, etp: 2 };
  assertEquals(shardRanks(folded), { dense: 16, experts: 2 });
  assertEquals(shardRanks({ ...folded, shardRanks: 8 }), { dense: 8, experts: 1 });
  // Both parts of the model on a rank of DualPipe lie on another stage, too.
  assertEquals(shardRanks({ ...folded, schedule: "dualpipe" }), { dense: 32, experts: 4 });
});

Deno.test("shards of FP8 weights are rows alone, of MXFP8 rows and columns", () => {
  const bridge = memoryHabits("megatron-bridge-26.04");
  assertEquals(total({ zero: 3, precision: "fp8" }, 8, bridge), (1 + 4 + 12) / 8);
  assertEquals(total({ zero: 3, precision: "mxfp8" }, 8, bridge), (2 + 2 / 32 + 4 + 12) / 8);
  const bytes = (precision: typeof plan.precision, use: "now" | "next") =>
    gatheredWeightBytes({ ...plan, zero: 3, precision }, bridge, { matrix: true, use });
  assertEquals([bytes("fp8", "now"), bytes("fp8", "next")], [2, 1]);
  assertEquals([bytes("bf16", "now"), bytes("bf16", "next")], [2, 2]);
});

Deno.test("the weights of all stages are the model's, tables and copies counted", () => {
  const { dModel: d, layers, vocab } = dense;
  const layer = 4 * d * d + 3 * d * dense.ffnWidth + 2 * d;
  const weights = (sizes: typeof dense, changes: Partial<typeof plan>) =>
    stageParts(sizes, { ...plan, ...changes }, workload, { habits: megatron })
      .reduce((sum, parts) => sum + parts.weightBytes, 0);
  assertEquals(weights(dense, {}), 2 * (layers * layer + 2 * vocab * d));
  assertEquals(weights(dense, { pp: 4, dp: 2 }), weights(dense, {}));
  const tied = { ...dense, tied: true };
  assertEquals(weights(tied, {}), 2 * (layers * layer + vocab * d));
  assertEquals(weights(tied, { pp: 4, dp: 2 }), 2 * (layers * layer + 2 * vocab * d));
  const twice = { pp: 4, dp: 2, schedule: "dualpipe" as const };
  assertEquals(weights(dense, twice), 2 * weights(dense, {}));
});

Deno.test("expert parallelism divides routed experts alone", () => {
  const weights = (ep: number, etp = 1) =>
    stageParts(mixture, { ...plan, ep, etp }, workload, { habits: megatron })[0].weightBytes;
  const { experts, width } = mixture.moe!;
  const routed = 7 * experts * 3 * mixture.dModel * width * 2;
  assertAlmostEquals(weights(1) - weights(8), routed * 7 / 8, 1);
  assertAlmostEquals(weights(1) - weights(4, 2), routed * 7 / 8, 1);
});

Deno.test("layers are counted where the layout puts them", () => {
  const sizes = { ...mixture, layers: 13, mtpLayers: 1 };
  const moe = { ...mixture.moe!, firstDense: 2, every: 3 };
  const shapes: Partial<typeof plan>[] = [
    {},
    { pp: 4 },
    { pp: 2, vpp: 3, schedule: "interleaved" },
    { pp: 4, schedule: "zb-v" },
    { pp: 4, schedule: "dualpipe" },
    { pp: 2, vpp: 2, schedule: "interleaved", stageLayers: [[2, 5], [4, 2]] },
  ];
  for (const model of [sizes, { ...sizes, moe }, dense]) {
    for (const shape of shapes) {
      const of = { ...plan, ...shape };
      const expected = layersOfStages(model, of).map((chunks) =>
        chunks.map((kinds) => {
          const count = (kind: string) => kinds.filter((k) => k === kind).length;
          return {
            dense: count("dense"),
            moe: count("moe"),
            mtp: count("mtp"),
            embedding: kinds.includes("embedding"),
            head: kinds.includes("head"),
          };
        })
      );
      assertEquals(countLayers(model, of), expected);
    }
  }
});
