/**
 * What a search is asked: a model, a cluster, what is held and what is best.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Profile } from "../../kernels/base/profile_schema.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { clusterOf } from "../cluster/parse.ts";
import { deviceProfile } from "../cluster/profiles.ts";
import type { Machine } from "../cost/machine.ts";
import { machineOf } from "../cost/machine_of.ts";
import type { Sizes } from "../cost/sizes.ts";
import type { Workload } from "../cost/workload.ts";
import { type MemoryHabits, memoryHabits } from "../memory/habits.ts";
import type { Precision } from "../plan/plan.ts";
import type { PlanInput } from "../plan/plan_input.ts";
import type { PlanSite } from "../plan/plan_rules.ts";
import { baseStack } from "../stack/base.ts";
import type { Graphs, Stack } from "../stack/stack.ts";
import type { ChoiceLists } from "./choice_lists.ts";

/** What the best plan has least of; dollars and joules follow the time, as all devices are used. */
export const searchObjectives = ["time", "cost", "memory", "energy"] as const;

/** One of them. */
export type SearchObjective = typeof searchObjectives[number];

/** What is searched; plain data, so that it can be saved and sent to workers. */
export interface SearchProblem {
  /** Model. */
  sizes: Sizes;
  /** Cluster, or its words, such as "h800:2048". */
  cluster: string | Cluster;
  /** Software; the base stack unless given. */
  stack?: Stack;
  /** How kernels are issued; one by one unless given. */
  graphs?: Graphs;
  /** Input. */
  workload: Workload;
  /** Sequences of a step. */
  globalBatch: number;
  /** Part of a plan that is held. */
  fix?: PlanInput;
  /** Lists of values in place of the usual ones, such as `{ precision: ["bf16"] }`. */
  choices?: Partial<ChoiceLists>;
  /** Memory that a plan may take: up to 1 a share of the device's, above in bytes; all unless given. */
  memoryLimit?: number;
  /** What is best; "time" unless given. */
  objective?: SearchObjective;
}

/** A problem with all that is worked out of it once. */
export interface SearchSite extends PlanSite {
  /** The problem. */
  problem: SearchProblem;
  /** The device. */
  profile: Profile;
  /** Stack. */
  stack: Stack;
  /** What its framework keeps in memory. */
  habits: MemoryHabits;
  /** Bytes that a plan may take. */
  limitBytes: number;
  /** The machine for products of a format. */
  machine: (precision: Precision) => Machine;
}

/**
 * Works out what a problem stands for.
 *
 * @throws {UserError} for an unknown cluster and for numbers that cannot be.
 */
export function searchSite(problem: SearchProblem): SearchSite {
  const { sizes, workload, globalBatch, fix, memoryLimit = 1 } = problem;
  if (!Number.isSafeInteger(globalBatch) || globalBatch < 1) {
    throw new UserError(
      `Cannot search plans for a batch of ${globalBatch}: wanted a whole number above 0`,
    );
  }
  if (fix?.globalBatch !== undefined && fix.globalBatch !== globalBatch) {
    throw new UserError(
      `Cannot search plans for a batch of ${globalBatch} with gb=${fix.globalBatch} held: ` +
        `wanted the same number`,
    );
  }
  if (!(memoryLimit > 0)) {
    throw new UserError(
      `Cannot search plans within memory ${memoryLimit}: wanted a share up to 1, or bytes`,
    );
  }
  const { device, devices } = clusterOf(problem.cluster);
  const profile = deviceProfile(device);
  const stack = problem.stack ?? baseStack;
  const known = new Map<Precision, Machine>();
  return {
    problem,
    sizes,
    workload,
    devices,
    profile,
    stack,
    habits: memoryHabits(stack.id),
    limitBytes: memoryLimit > 1 ? memoryLimit : memoryLimit * profile.memoryBytes,
    machine: (precision) => {
      let machine = known.get(precision);
      if (machine === undefined) {
        const { graphs } = problem;
        machine = machineOf(problem.cluster, precision, { graphs }).machine(stack);
        known.set(precision, machine);
      }
      return machine;
    },
  };
}
