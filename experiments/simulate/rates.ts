/**
 * What follows from the time of a step: tokens, FLOP, energy and money.
 *
 * @module
 */
import { deviceProfile } from "../../sim/cluster/profiles.ts";
import { peakOf } from "../../sim/cost/formats.ts";
import { modelFlopsPerToken } from "../published/flop_conventions.ts";
import { type Simulation, stepTokens } from "./simulation.ts";

/** Rates of a step; see the module. */
export interface StepRates {
  /** Tokens of a step. */
  tokens: number;
  /** Tokens of all devices in a second. */
  tokensPerSecond: number;
  /** Of one device. */
  tokensPerSecondPerDevice: number;
  /**
   * Model FLOP/s of a device: three products for each active matrix, the output layer with them and
   * the input table without, and the causal half of the scores; nothing that is computed again.
   */
  modelFlopsPerSecondPerDevice: number;
  /** The same as a share of the device's peak in the format of the products (MFU). */
  mfuFraction: number;
  /** That peak, FLOP/s. */
  peakFlopsPerSecond: number;
  /** Joules of a step with every device at its power limit: an upper end. */
  energyJoules?: number;
  /** Dollars of a step. */
  dollars?: number;
}

/** The rates of a step that takes so long; `hourDollars` is the price of a device's hour. */
export function stepRates(
  simulation: Simulation,
  stepSeconds: number,
  { hourDollars }: { hourDollars?: number } = {},
): StepRates {
  const { sizes, plan, workload, cluster } = simulation;
  const { devices } = cluster;
  const profile = deviceProfile(cluster.device);
  const tokens = stepTokens(simulation);
  const each = tokens / stepSeconds / devices;
  const convention = workload.causal ? "causal" : "full";
  const rate = modelFlopsPerToken(sizes, workload.sequence, { convention }) * each;
  const peakFlopsPerSecond = peakOf(profile, plan.precision);
  const price = hourDollars ?? profile.hourDollars;
  return {
    tokens,
    tokensPerSecond: each * devices,
    tokensPerSecondPerDevice: each,
    modelFlopsPerSecondPerDevice: rate,
    mfuFraction: rate / peakFlopsPerSecond,
    peakFlopsPerSecond,
    ...(profile.powerWatts && { energyJoules: profile.powerWatts * devices * stepSeconds }),
    ...(price && { dollars: price / 3600 * devices * stepSeconds }),
  };
}
