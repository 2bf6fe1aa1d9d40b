/**
 * Parts that many rows share.
 *
 * @module
 */
import type { DropOrder } from "../../arrays/arrays.ts";
import type { BalanceSpec } from "../../losses/specs.ts";
import type { CapSpec } from "../cap/specs.ts";
import type { ScoreSpec } from "../score/specs.ts";
import type { WeighSpec } from "../weigh/specs.ts";

/** x W. */
export const linear: ScoreSpec = { kind: "linear" };

/** Softmax over all experts: the weights of the chosen sum to less than 1. */
export const overAll: WeighSpec = { kind: "softmax", over: "all" };

/** Softmax over the chosen: their weights sum to 1. */
export const overChosen: WeighSpec = { kind: "softmax", over: "chosen" };

/** The auxiliary loss with the coefficient of the survey's table 1. */
export const auxiliary: BalanceSpec = { kind: "balance", weight: 0.01 };

/** The router z-loss with the coefficient of the survey's table 1. */
export const routerZ: BalanceSpec = { kind: "z", weight: 0.001 };

/** Room for `factor` times an even share of the batch. */
export function room(factor: number, order: DropOrder = "sequence"): CapSpec {
  return { kind: "factor", factor, order };
}
