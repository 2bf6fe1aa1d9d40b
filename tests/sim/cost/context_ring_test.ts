import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { attentionSeconds } from "../../../sim/cost/device.ts";
import { closedForm } from "../../../sim/cost/closed_form.ts";
import { machineOf } from "../../../sim/cost/machine_of.ts";
import { stepCosts } from "../../../sim/cost/step_costs.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { simulateStep } from "../../../sim/step/simulate_step.ts";
import { llama70b, planWith } from "./examples.ts";

const sizes = { ...llama70b, layers: 4 };
const sequence = 8192;
const workload = { sequence, routing: { kind: "balanced" }, causal: true } as const;

function layerOf(cluster: string, changes: Partial<Plan>) {
  const plan = planWith({ globalBatch: 4, ...changes });
  const machine = machineOf(cluster, "bf16").machine(baseStack);
  const costed = stepCosts({ sizes, plan, workload, machine });
  return { ...costed.stages[0][0].layers[1], plan, machine, costed };
}

/** Ranks of 16 sequence parts on two nodes: 512 tokens, keys and values of 8 heads of 128 each. */
const chunkBytes = 512 * 8 * 256 * 2;

/** The message between two nodes, by hand. */
function messageSeconds(bytes: number, { fabric, stack }: ReturnType<typeof layerOf>["machine"]) {
  const [, outer] = fabric.tiers;
  const wire = bytes / (outer.bandwidthBytesPerSecond * outer.sendShare);
  const step = Math.min(
    outer.latencySeconds + wire,
    outer.lowLatencySeconds + wire / outer.lowLatencyShare,
  );
  return (fabric.sendLaunchSeconds + step) / stack.bandwidthFactor.tensor;
}

/** A block of attention out of 16, by hand. */
function blockSeconds(
  pass: "forward" | "backward",
  { wide, stack }: ReturnType<typeof layerOf>["machine"],
) {
  const all = attentionSeconds(64, 512, sequence / 2, 128, 128, pass, wide);
  return all / stack.attentionFactor / 16;
}

Deno.test("a ring of two nodes waits at every step for what its slowest message takes longer", () => {
  for (const cluster of ["h100:16,nic=200Gb/s", "h100:16,nic=10Gb/s"]) {
    const { forward, backwardInput, machine } = layerOf(cluster, { cp: 16 });
    const [one, both] = [1, 2].map((times) => messageSeconds(times * chunkBytes, machine));
    const late = (message: number, pass: "forward" | "backward") =>
      Math.max(0, message - blockSeconds(pass, machine));
    const there = 15 * late(one, "forward");
    assertAlmostEquals(forward.contextSeconds, there, 1e-12);
    assertAlmostEquals(forward.contextHiddenSeconds, 15 * one - there, 1e-12);
    // The first and the last step back have one message, those between them two in one.
    const back = 2 * late(one, "backward") + 14 * late(both, "backward");
    assertAlmostEquals(backwardInput.contextSeconds, back, 1e-12);
    assertAlmostEquals(backwardInput.contextHiddenSeconds, 2 * one + 14 * both - back, 1e-12);
    assert(there > 0 && back > 0);
  }
});

Deno.test("attention that is computed again waits for its ring again", () => {
  const ring = { cp: 16 };
  const none = layerOf("h100:16,nic=10Gb/s", ring);
  for (const recompute of [["attention_core" as const], "full" as const]) {
    const { backwardInput } = layerOf("h100:16,nic=10Gb/s", { ...ring, recompute });
    const added = backwardInput.contextSeconds - none.backwardInput.contextSeconds;
    assertAlmostEquals(added, none.forward.contextSeconds, 1e-12);
  }
  const norms = layerOf("h100:16,nic=10Gb/s", { ...ring, recompute: ["norm"] });
  assertEquals(norms.backwardInput.contextSeconds, none.backwardInput.contextSeconds);
});

Deno.test("a ring across nodes is longer than an all-gather, and hidden where that is not", () => {
  const wholes = (["p2p", "all-gather"] as const).map((contextExchange) => {
    const { forward } = layerOf("h100:16", { cp: 16, contextExchange });
    return forward.contextSeconds + forward.contextHiddenSeconds;
  });
  assert(wholes[0] > 2 * wholes[1], wholes.join());
  const inside = layerOf("h100:8", { cp: 8 });
  assertEquals([inside.forward.contextSeconds, inside.backwardInput.contextSeconds], [0, 0]);
  assert(inside.forward.contextHiddenSeconds > 0);
});

Deno.test("closed form and events agree on steps with rings of all lengths", () => {
  for (const cluster of ["h100:16", "h100:16,nic=10Gb/s"]) {
    for (const changes of [{ cp: 2, dp: 8 }, { cp: 4, tp: 4 }, { cp: 16 }, { cp: 8, pp: 2 }]) {
      const { plan, machine, costed } = layerOf(cluster, { globalBatch: 16, ...changes });
      const { stepSeconds } = closedForm(costed, plan, machine);
      const events = simulateStep({ sizes, plan, workload, machine }, { contention: false });
      const text = `${cluster} ${JSON.stringify(changes)}`;
      assertAlmostEquals(events.stepSeconds / stepSeconds, 1, 0.01, text);
    }
  }
});
