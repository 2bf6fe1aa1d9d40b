/** Losses, controllers and capacity on the device: the host's values and gradients. */
import type { Arrays } from "../../../core/arrays/arrays.ts";
import { applyCap } from "../../../core/gates/cap/cap.ts";
import type { CapSpec } from "../../../core/gates/cap/specs.ts";
import { balanceDefaults } from "./default_specs.ts";
import type { BalanceKind } from "../../../core/losses/run.ts";
import {
  type ArraysCase,
  assertSameArrays,
  assertSameIds,
  type IdsCase,
} from "../arrays/device_cases.ts";
import { withDevice } from "../../kernels/compare.ts";
import { everyInputs, everyLoss, everyShape } from "./routed.ts";

const lossKinds = (Object.keys(balanceDefaults) as BalanceKind[]).filter((kind) => kind !== "bias");

Deno.test(
  "each loss has the host's value and gradient",
  withDevice(async (pool) => {
    const cases = lossKinds.map((kind): ArraysCase => ({
      name: kind,
      inputs: everyInputs,
      of: (g, inputs) => everyLoss(g, inputs, { kind }).losses[0].value,
    }));
    await assertSameArrays(pool, cases);
  }),
);

Deno.test(
  "each controller leaves the host's state",
  withDevice(async (pool) => {
    const states = {
      bias: "bias",
      "relu-l1": "relu_l1",
      adaptive: "adaptive_coefficient",
    } as const;
    const cases = (Object.keys(states) as (keyof typeof states)[]).map((kind): ArraysCase => ({
      name: kind,
      inputs: everyInputs,
      of: (g, inputs) => everyLoss(g, inputs, { kind }).state[states[kind]],
    }));
    await assertSameArrays(pool, cases);
  }),
);

const caps: readonly CapSpec[] = [
  { kind: "factor", factor: 0.5, order: "sequence" },
  { kind: "factor", factor: 0.5, order: "priority" },
  { kind: "factor", factor: 0.5, order: "random" },
  { kind: "factor", factor: 0.5, order: "priority", group: "sequence" },
  { kind: "device", devices: 2, factor: 0.5, kept: 0.5 },
  { kind: "two-kinds", factor: 0.5, share: 0.75 },
];

function capped<A, I>(g: Arrays<A, I>, logits: A, { spec }: { spec: CapSpec }): I {
  const { experts, topK } = everyShape;
  const ids = g.topK(logits, topK);
  const gates = g.put(g.take(g.softmax(logits), ids), ids, experts);
  return applyCap({ g, spec, shape: everyShape, ids, gates, zero: 1, training: true });
}

Deno.test(
  "each rule of room drops what it drops on the host",
  withDevice(async (pool) => {
    const cases = caps.map((spec): IdsCase => ({
      name: JSON.stringify(spec),
      inputs: { logits: everyInputs.logits },
      of: (g, { logits }) => capped(g, logits, { spec }),
    }));
    await assertSameIds(pool, cases);
  }),
);
