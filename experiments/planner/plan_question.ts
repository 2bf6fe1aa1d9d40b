/**
 * The question as a record says it.
 *
 * @module
 */
import { deviceProfile } from "../../sim/cluster/profiles.ts";
import type { PlanQuestion } from "./plan_record.ts";
import type { Planning } from "./planning.ts";

/** What of a question is no part of its {@linkcode Planning}. */
export type AskedBeside = Pick<
  PlanQuestion,
  "top" | "frontSlack" | "fewerDevices" | "launcher" | "hourDollars"
>;

/** The question as a record says it. */
export function questionOf(planning: Planning, beside: AskedBeside): PlanQuestion {
  const { sizes, cluster, workload, stack, graphs, globalBatch, fix, objective } = planning;
  const { memoryBytes: deviceBytes, ...profile } = deviceProfile(cluster.device);
  const { memoryLimit } = planning;
  const { routing, placement } = workload;
  const redundant = sizes.moe?.redundant;
  const { launcher, hourDollars = profile.hourDollars } = beside;
  return {
    model: sizes.name,
    cluster: { id: cluster.id, device: cluster.device, devices: cluster.devices },
    fewerDevices: beside.fewerDevices,
    sequence: workload.sequence,
    globalBatch,
    mtpLayers: sizes.mtpLayers,
    routing: routing.kind === "trace" ? { kind: "trace" } : routing,
    ...(placement && { placement: placement.kind === "method" ? placement.method : "slots" }),
    ...(redundant && { redundant }),
    objective,
    stack: stack.id,
    graphs,
    fix,
    deviceBytes,
    limitBytes: memoryLimit > 1 ? memoryLimit : memoryLimit * deviceBytes,
    ...{ top: beside.top, frontSlack: beside.frontSlack },
    ...(hourDollars !== undefined && { hourDollars }),
    ...(launcher !== undefined && { launcher }),
  };
}
