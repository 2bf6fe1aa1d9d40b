/**
 * What is simulated: a step of training, as data.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Cluster } from "../../sim/cluster/cluster.ts";
import { deviceProfile } from "../../sim/cluster/profiles.ts";
import { compileDevice } from "../../sim/cost/device.ts";
import type { Machine } from "../../sim/cost/machine.ts";
import type { Sizes } from "../../sim/cost/sizes.ts";
import type { RoutingLaw, Workload } from "../../sim/cost/workload.ts";
import { compileFabric } from "../../sim/network/fabric.ts";
import type { Plan } from "../../sim/plan/plan.ts";
import { type Graphs, resolveStack, type Stack } from "../../sim/stack/stack.ts";

/** A step of training; see the module. */
export interface Simulation {
  /** Model. */
  sizes: Sizes;
  /** Devices and links. */
  cluster: Cluster;
  /** Plan, complete. */
  plan: Plan;
  /** Input. */
  workload: Workload;
  /** Software. */
  stack: Stack;
  /** How kernels are issued. */
  graphs: Graphs;
}

/** The machine that a simulation runs on. */
export function simulationMachine({ cluster, plan, stack, graphs }: Simulation): Machine {
  const profile = deviceProfile(cluster.device);
  const { precision } = plan;
  return {
    device: compileDevice(profile, precision),
    wide: compileDevice(profile, precision === "fp16" ? "fp16" : "bf16"),
    fabric: compileFabric(cluster),
    stack: resolveStack(stack, profile.device.architecture),
    graphs,
  };
}

/** Tokens of a step. */
export function stepTokens({ plan, workload }: Pick<Simulation, "plan" | "workload">): number {
  return plan.globalBatch * workload.sequence;
}

/**
 * The routing that words stand for: "balanced", or "skew:0.8" for a popularity that falls with the
 * rank of an expert to the power of -0.8.
 *
 * @throws {UserError} for other words.
 */
export function parseRouting(text: string, seed: number): RoutingLaw {
  if (text === "balanced") return { kind: "balanced" };
  const exponent = Number(/^skew:(\d+(?:\.\d+)?)$/.exec(text)?.[1] ?? NaN);
  if (exponent >= 0) return { kind: "skew", exponent, seed };
  throw new UserError(
    `Cannot read routing "${text}": wanted balanced, skew:EXPONENT such as skew:0.8, or the path ` +
      `of a JSON file`,
  );
}

/**
 * Routing as it was counted: choices by layer and expert, in any unit, such as
 * `{ "counts_LE": [[120, 80], [90, 110]] }`.
 *
 * @throws {UserError} where the model has other layers or experts.
 */
export function readRouting(value: unknown, source: string, { moe }: Sizes): RoutingLaw {
  const counts = (value as { counts_LE?: unknown } | null)?.counts_LE;
  const fits = Array.isArray(counts) && counts.length > 0 &&
    counts.every((layer) =>
      Array.isArray(layer) && layer.length === moe?.experts &&
      layer.every((n) => typeof n === "number" && n >= 0) && layer.some((n) => n > 0)
    );
  if (!fits) {
    throw new UserError(
      `Cannot read ${source}: wanted counts_LE, choices of ${
        moe?.experts ?? "no"
      } experts by layer`,
    );
  }
  const share_LE = (counts as number[][]).map((layer) => {
    const all = layer.reduce((sum, n) => sum + n, 0);
    return layer.map((n) => n / all);
  });
  return { kind: "trace", share_LE };
}
