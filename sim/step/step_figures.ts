/**
 * What a step comes to: tokens, FLOP, energy and money.
 *
 * @module
 */
import { deviceProfiles } from "../cluster/profiles.ts";
import type { CostedStep } from "../cost/step_costs.ts";
import { modelFlops } from "./tasks/layer_items.ts";
import type { StepInput } from "../cost/step_costs.ts";

/** Figures of a step. */
export interface StepFigures {
  /** Devices that take part. */
  devices: number;
  /** Tokens a second, of all devices. */
  tokensPerSecond: number;
  /** Three times the FLOP of the forward pass, a second and device. */
  modelFlopsPerSecondPerDevice: number;
  /** Energy of the step at the devices' power limit, joules; only where that is known. */
  energyJoules?: number;
  /** Price of the step, dollars; only where that of a device's hour is known. */
  costDollars?: number;
}

/** The figures of a step of so many seconds. */
export function stepFigures(
  of: { input: StepInput; costed: CostedStep; stepSeconds: number },
): StepFigures {
  const { input: { plan, workload, machine }, costed, stepSeconds } = of;
  const { tp, cp, dp, pp, schedule } = plan;
  const devices = tp * cp * dp * pp;
  let flops = 0;
  for (const { layers } of costed.stages.flat()) {
    for (const layer of layers) flops += modelFlops(layer);
  }
  // Half of the micro-batches go each way.
  const passes = costed.microBatches / (schedule === "dualpipe" ? 2 : 1);
  const { powerWatts, hourDollars } = deviceProfiles[machine.device.id] ?? {};
  return {
    devices,
    tokensPerSecond: plan.globalBatch * workload.sequence / stepSeconds,
    modelFlopsPerSecondPerDevice: flops * passes / pp / stepSeconds,
    ...(powerWatts && { energyJoules: powerWatts * devices * stepSeconds }),
    ...(hourDollars && { costDollars: hourDollars / 3600 * devices * stepSeconds }),
  };
}
