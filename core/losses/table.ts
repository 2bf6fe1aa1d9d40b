/**
 * Losses and controllers by kind.
 *
 * @module
 */
import type { GateShape, GateTensor } from "../gates/gate.ts";
import {
  balanceLoss,
  gatesLoss,
  nullAwareLoss,
  sequenceWiseLoss,
  twoKindsLoss,
} from "./balance.ts";
import * as controllers from "./controllers.ts";
import { communicationLoss, deviceLoss } from "./devices.ts";
import { diversityLoss, efficiencyLoss, simplicityLoss } from "./dynmoe.ts";
import {
  entropyLoss,
  globalEntropyLoss,
  localEntropyLoss,
  mutualInformationLoss,
} from "./information.ts";
import { stableLoss, xMoeLoss } from "./logits.ts";
import type { Balanced, BalanceKind, BalanceOf, Balancer, Routed } from "./run.ts";
import type { BalanceSpec } from "./specs.ts";
import { importanceLoss, loadLoss, localisedLoss } from "./variation.ts";
import { zLoss } from "./z.ts";

/** The losses and controllers; each kind's formula is at its function. */
export const balancers: { readonly [K in BalanceKind]: Balancer<K> } = {
  balance: { apply: balanceLoss },
  "sequence-wise": { apply: sequenceWiseLoss },
  "null-aware": { apply: nullAwareLoss },
  "two-kinds": { apply: twoKindsLoss },
  gates: { apply: gatesLoss },
  importance: { apply: importanceLoss },
  load: { apply: loadLoss },
  localised: { apply: localisedLoss },
  z: { apply: zLoss },
  "mutual-information": { apply: mutualInformationLoss },
  entropy: { apply: entropyLoss },
  "local-entropy": { apply: localEntropyLoss },
  "global-entropy": { apply: globalEntropyLoss },
  stable: { apply: stableLoss },
  "x-moe": { apply: xMoeLoss },
  device: { apply: deviceLoss },
  communication: { apply: communicationLoss },
  diversity: { apply: diversityLoss },
  simplicity: { apply: simplicityLoss },
  efficiency: { apply: efficiencyLoss },
  "relu-l1": { states: controllers.reluStates, apply: controllers.reluLoss },
  adaptive: { states: controllers.adaptiveStates, apply: controllers.adaptiveLoss },
  bias: { states: controllers.biasStates, apply: controllers.biasController },
};

/** The states that a list of losses and controllers needs. */
export function balanceStates(
  specs: readonly BalanceSpec[],
  shape: GateShape,
): Record<string, GateTensor> {
  const of = <K extends BalanceKind>(kind: K, spec: BalanceOf<K>) =>
    balancers[kind].states?.(spec, shape);
  return Object.assign({}, ...specs.map((spec) => of(spec.kind, spec)));
}

/**
 * Runs a list of losses and controllers.
 *
 * @throws {UserError} where one reads what the gate has not.
 *
 * @example
 * ```ts
 * import { applyBalance, hostArrays, hostIndices, hostMatrix } from "@moelab/moelab/core";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const g = hostArrays({ seed: 1 });
 * const shape = { dModel: 1, experts: 2, topK: 1, tokens: 2, length: 2, vocabulary: 1 };
 * const ids_T1 = hostIndices([2, 1], [0, 0]);
 * const { losses } = applyBalance([{ kind: "balance", weight: 0.01 }], {
 *   ...{ g, shape: { ...shape, tags: 1, layer: 0, layers: 1 }, state: {}, training: true },
 *   input: { x: hostMatrix([2, 1], [0, 0]), tokens: ids_T1, before: ids_T1, tags: ids_T1 },
 *   scores: hostMatrix([2, 2], [0.7, 0.3, 0.6, 0.4]),
 * });
 * assertEquals(losses[0].name, "balance");
 * assertAlmostEquals(losses[0].value.data[0], 0.01 * 2 * 0.65);
 * ```
 */
export function applyBalance<A, I>(
  specs: readonly BalanceSpec[],
  run: Routed<A, I>,
): Balanced<A> {
  const of = <K extends BalanceKind>(kind: K, spec: BalanceOf<K>) =>
    balancers[kind].apply({ ...run, spec });
  const all = specs.map((spec) => of(spec.kind, spec));
  return {
    losses: all.flatMap(({ losses }) => losses),
    state: run.training ? Object.assign({}, ...all.map(({ state }) => state)) : {},
  };
}
