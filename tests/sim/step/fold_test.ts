/** Ranks that are simulated once against all ranks. @module */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { machineOf } from "../../../sim/cost/machine_of.ts";
import type { Span } from "../../../sim/engine/span.ts";
import type { RoutingLaw } from "../../../sim/cost/workload.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { breakdowns } from "../../../sim/step/breakdown.ts";
import { simulateStep, type StepOptions } from "../../../sim/step/simulate_step.ts";
import { stepSpans } from "../../../sim/step/step_spans.ts";
import { planWith, workload } from "../cost/examples.ts";
import { mixtral, qwen30b } from "./random_plans.ts";

const overlap = { gradients: true, parameters: true, tensor: false, pipeline: true } as const;
const skew: RoutingLaw = { kind: "skew", exponent: 0.6, seed: 3 };

function run(changes: Partial<Plan>, options: StepOptions & { routing?: RoutingLaw } = {}) {
  const { routing = { kind: "balanced" }, ...rest } = options;
  const plan = planWith(changes);
  const sizes = { ...(plan.overlap.experts === "none" ? mixtral : qwen30b), layers: 8 };
  const machine = machineOf(`h100:${plan.tp * plan.cp * plan.dp * plan.pp}`, "bf16")
    .machine(baseStack);
  return simulateStep({ sizes, plan, workload: { ...workload, routing }, machine }, rest);
}

const text = ({ rank, stream, name }: Span) => `${rank}/${stream}/${name}`;

function assertSame(changes: Partial<Plan>, options: StepOptions & { routing?: RoutingLaw }) {
  const folded = run(changes, options);
  const full = run(changes, { ...options, fold: "none" });
  assertEquals(full.ranks.count.length, full.ranks.size);
  assert(folded.ranks.count.length < full.ranks.count.length);
  assertAlmostEquals(folded.stepSeconds / full.stepSeconds, 1, 1e-12);
  const all = { ranks: () => true };
  const [some, every] = [stepSpans(folded, all), stepSpans(full, all)];
  assertEquals(some.length, every.length);
  const sorted = (spans: Span[]) =>
    spans.map((span) => ({ span, key: text(span) }))
      .sort((a, b) =>
        a.key < b.key ? -1 : a.key > b.key ? 1 : a.span.startSeconds - b.span.startSeconds
      );
  const [ours, theirs] = [sorted(some), sorted(every)];
  ours.forEach(({ span, key }, i) => {
    assertEquals(key, theirs[i].key);
    const scale = 1e-12 * full.stepSeconds;
    assertAlmostEquals(span.startSeconds, theirs[i].span.startSeconds, scale);
    assertAlmostEquals(span.endSeconds, theirs[i].span.endSeconds, scale);
  });
  for (const kind of Object.keys(full.breakdown) as (keyof typeof full.breakdown)[]) {
    assertAlmostEquals(folded.breakdown[kind], full.breakdown[kind], 1e-9 * full.stepSeconds);
  }
  return folded;
}

Deno.test("ranks that do the same are one class where routing is balanced", () => {
  const { ranks } = assertSame({ dp: 8, ep: 8, globalBatch: 16 }, {});
  assertEquals(ranks.count, [8]);
});

Deno.test("every expert rank is a class under skew, its replicas are not", () => {
  const { ranks, breakdown } = assertSame({ dp: 8, ep: 4, globalBatch: 16 }, { routing: skew });
  assertEquals(ranks.count, [2, 2, 2, 2]);
  assert(breakdown.imbalance > 0);
});

Deno.test("classes stand for all ranks in pipelines that share ports", () => {
  const changes = { dp: 8, pp: 2, ep: 4, globalBatch: 32 } as const;
  assertSame({ ...changes, overlap: { ...overlap, experts: "none" } }, { routing: skew });
  assertSame({ ...changes, overlap: { ...overlap, experts: "shared" } }, { routing: skew });
  const both = { schedule: "dualpipe", overlap: { ...overlap, experts: "dualpipe" } } as const;
  assertSame({ ...changes, ...both }, { routing: skew });
});

Deno.test("classes stand for all ranks where tensor ranks hold different experts", () => {
  const changes = { tp: 2, dp: 4, ep: 4, sequenceParallel: true, globalBatch: 8 };
  const { ranks } = assertSame(changes, { routing: skew });
  assertEquals(ranks.meetings.tensor.waits, true);
  assertSame({ ...changes, etp: 2, ep: 2 }, { routing: skew });
  assertSame({ ...changes, zero: 3, overlap: { ...overlap, experts: "none" } }, { routing: skew });
});

Deno.test("a trace makes classes of ranks with equal shares", () => {
  const share_LE = [[4, 4, 2, 2, 1, 1, 1, 1], [4, 4, 2, 2, 1, 1, 1, 1]];
  const changes = { dp: 8, ep: 4, globalBatch: 16 };
  const { ranks, loads } = assertSame(changes, { routing: { kind: "trace", share_LE } });
  assertEquals(ranks.count, [2, 2, 4]);
  const rows = loads![0].map((load) => load.rows / loads![0][3].rows);
  rows.forEach((of, i) => assertAlmostEquals(of, [4, 2, 1, 1][i], 1e-9));
});

Deno.test("a slow rank is a class of its own, and all others wait for it", () => {
  const changes = { dp: 8, ep: 4, globalBatch: 16 };
  const speedOf = (rank: number) => rank === 5 ? 0.5 : 1;
  const step = assertSame({ ...changes, pp: 2 }, { speedOf });
  assert(step.stepSeconds > 1.3 * run({ ...changes, pp: 2 }).stepSeconds);
  const of = (rank: number) => breakdowns(step).find((row) => row.rank === rank)!.breakdown;
  const slow = of(5);
  assertAlmostEquals(slow.imbalance, 0, 0.01 * step.stepSeconds);
  assert(of(0).imbalance > 0.1 * step.stepSeconds);
});

Deno.test("times do not depend on the order in which ranks are listed", () => {
  const changes = { dp: 8, ep: 4, pp: 2, globalBatch: 32 };
  const [one, other] = [0, 5].map((slow) =>
    run(changes, { speedOf: (rank) => rank % 8 === slow ? 0.7 : 1 })
  );
  assertAlmostEquals(one.stepSeconds / other.stepSeconds, 1, 1e-12);
  const share_LE = [[1, 2, 3, 4, 5, 6, 7, 8]];
  const there = run(changes, { routing: { kind: "trace", share_LE } });
  const reversed = share_LE.map((share_E) => share_E.toReversed());
  const back = run(changes, { routing: { kind: "trace", share_LE: reversed } });
  assertAlmostEquals(there.stepSeconds / back.stepSeconds, 1, 1e-12);
});
