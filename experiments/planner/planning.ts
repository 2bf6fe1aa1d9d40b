/**
 * What a user asks the planner, read: a model, a cluster, a batch, and what is held and what is best.
 *
 * @module
 */
import type { Model } from "../../core/spec/model.ts";
import type { Cluster } from "../../sim/cluster/cluster.ts";
import type { Sizes } from "../../sim/cost/sizes.ts";
import type { Workload } from "../../sim/cost/workload.ts";
import type { PlanInput } from "../../sim/plan/plan_input.ts";
import type { Plan } from "../../sim/plan/plan.ts";
import type { SearchObjective, SearchProblem } from "../../sim/search/problem.ts";
import type { Graphs, Stack } from "../../sim/stack/stack.ts";
import type { Simulation } from "../simulate/simulation.ts";

/** A question to the planner; see the module. */
export interface Planning {
  /** Model, as a launcher needs it. */
  model: Model;
  /** Model, as the simulator needs it. */
  sizes: Sizes;
  /** Devices and links. */
  cluster: Cluster;
  /** Tokens of a sequence, and where they go. */
  workload: Workload;
  /** Software. */
  stack: Stack;
  /** How kernels are issued. */
  graphs: Graphs;
  /** Sequences of a step. */
  globalBatch: number;
  /** Part of a plan that is held. */
  fix: PlanInput;
  /** Memory that a plan may take: up to 1 a share of the device's, above in bytes. */
  memoryLimit: number;
  /** What is best. */
  objective: SearchObjective;
}

/** The question as the search takes it: plain data, which workers can be sent. */
export function problemOf(planning: Planning): SearchProblem {
  const { sizes, cluster, stack, graphs, workload, globalBatch, fix, memoryLimit, objective } =
    planning;
  return { sizes, cluster, stack, graphs, workload, globalBatch, fix, memoryLimit, objective };
}

/** A step under one of the plans. */
export function simulationOf(planning: Planning, plan: Plan): Simulation {
  const { sizes, cluster, workload, stack, graphs } = planning;
  return { sizes, cluster, plan, workload, stack, graphs };
}
