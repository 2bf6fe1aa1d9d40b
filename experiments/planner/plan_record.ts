/**
 * The answer of the planner as one record: what `plan --json` prints, what `plan.json` keeps, and what
 * its page is made of. It holds no clock, so that the same question gives the same bytes.
 *
 * @module
 */
import type { Estimate } from "../../kernels/base/estimate.ts";
import type { RoutingLaw } from "../../sim/cost/workload.ts";
import type { LauncherName } from "../../sim/launch/types.ts";
import type { PlanInput } from "../../sim/plan/plan_input.ts";
import type { SearchCounts } from "../../sim/search/counts.ts";
import type { SearchObjective } from "../../sim/search/problem.ts";
import type { Graphs } from "../../sim/stack/stack.ts";
import type { SimulationReport } from "../simulate/report.ts";
import type { Breakdown } from "../simulate/step.ts";
import type { LaunchFile } from "./launch/launch_files.ts";

/** What was asked. */
export interface PlanQuestion {
  /** Model. */
  model: string;
  /** Cluster, its device, and how many there are. */
  cluster: { id: string; device: string; devices: number };
  /** Whether plans on fewer devices were looked at too. */
  fewerDevices: boolean;
  /** Tokens of a sequence. */
  sequence: number;
  /** Sequences of a step. */
  globalBatch: number;
  /** Modules that predict further tokens. */
  mtpLayers: number;
  /** Where tokens go; of a trace the kind alone. */
  routing: Exclude<RoutingLaw, { kind: "trace" }> | { kind: "trace" };
  /** How experts are placed, where not in blocks: a method, or "slots" of a file. */
  placement?: string;
  /** Redundant experts of a layer. */
  redundant?: number;
  /** What is best. */
  objective: SearchObjective;
  /** Software. */
  stack: string;
  /** How kernels are issued. */
  graphs: Graphs;
  /** Part of a plan that is held. */
  fix: PlanInput;
  /** Memory of a device, and what of it plans may take; bytes. */
  deviceBytes: number;
  limitBytes: number;
  /** Plans that are shown. */
  top: number;
  /** Share by which plans may beat the front in time and memory and yet be passed over. */
  frontSlack: number;
  /** Dollars of a device's hour, where known. */
  hourDollars?: number;
  /** Launcher that has to run the plan. */
  launcher?: LauncherName;
}

/** A plan that fits. */
export interface PlanLine {
  /** The plan in words. */
  plan: string;
  /** Devices that it runs on. */
  devices: number;
  /** The step in closed form, seconds. */
  closedSeconds: number;
  /** Memory of the fullest stage, bytes. */
  peakBytes: number;
  /** The same as a share of the device's memory. */
  memoryFraction: number;
  /** Tokens of all devices in a second. */
  tokensPerSecond: number;
  /** Model FLOP/s over the peak of the products' format. */
  mfuFraction: number;
  /** Joules of a step with every device at its power limit, where that is known: an upper end. */
  energyJoules?: number;
  /** Dollars of a step, where the price of an hour is known. */
  dollars?: number;
}

/** A part of a step in closed form. */
export interface PlanPart {
  /** Key of the part, such as "expertSeconds". */
  part: keyof Breakdown;
  /** How long. */
  seconds: number;
  /** Of the step. */
  shareFraction: number;
}

/**
 * One of the best plans, for all of its group: plans of the same devices, degrees, sharding and
 * schedule. Its rates follow from the events.
 */
export interface BestLine extends PlanLine {
  /** The step by events, with the interval that nine of ten measured steps would fall into. */
  step: Estimate;
  /** The same in seconds. */
  eventSeconds: number;
  /** Its place by closed form among the best, from 1. */
  closedPlace: number;
  /** The longest parts of the step in closed form. */
  parts: PlanPart[];
  /** Plans of the group within 1 % of this one, by closed form, beside it. */
  alike: {
    /** How many were found. */
    plans: number;
    /** Whether there may be more, which the search did not keep. */
    more: boolean;
  };
}

/** A search: on some number of devices, among the plans that a launcher can be told. */
export interface PlannedSearch {
  /** A few letters that it is called by: its devices, and which of several on them. */
  name: string;
  /** Devices. */
  devices: number;
  /** What became of every plan. */
  counts: SearchCounts;
  /** Whether the whole space was searched. */
  complete: boolean;
  /** Seconds of the fastest plan that was found, in closed form; none where nothing fits. */
  bestSeconds?: number;
}

/** What the best plan rests on, in sentences. */
export interface PlanReasons {
  /** Where its step goes and what binds it. */
  why: string[];
  /** What more of an input would buy, planned anew among the plans that were kept. */
  changes: string[];
  /** How much of an input would have to change for another plan to win. */
  rivals: string[];
}

/** What is to be said of a plan, or of two, that the user named. */
export interface NamedPlans {
  /** The plans as they were named; "best" is the best one. */
  plans: string[];
  /** Sentences. */
  says: string[];
}

/** Whether a launcher can be told the best plan, and what it can be told in its place. */
export interface LaunchLine extends Omit<LaunchFile, "text" | "notes" | "path"> {
  /** Name of the file that `--out` writes; none where no plan nearby can be told. */
  path?: string;
}

/** The answer; see the module. */
export interface PlanRecord {
  /** Version of this format. */
  schema: 1;
  /** What was asked. */
  asked: PlanQuestion;
  /** The searches, by devices, the most first. */
  searches: PlannedSearch[];
  /** What became of the plans of all searches. */
  counts: SearchCounts;
  /** The counts as a sum: what fell to what, and all of them. */
  countsSum: string;
  /** Whether all was searched, so that by the closed form no plan is better. */
  complete: boolean;
  /** The best plans, each for its group; by events where time decides. */
  best: BestLine[];
  /**
   * Plans that none beats in time and memory, and in dollars where devices may be fewer (joules where
   * no price is known), by closed form, fastest first.
   */
  front: PlanLine[];
  /** Whether the front is whole, but for its slack. */
  frontComplete: boolean;
  /** All about the best plan. */
  winner: SimulationReport;
  /** Why it is best, and what would change that. */
  reasons: PlanReasons;
  /** Who can run it. */
  launchers: LaunchLine[];
  /** Plans that were to be explained. */
  explained: NamedPlans[];
  /** Plans that were to be compared. */
  compared: NamedPlans[];
  /** What to mind. */
  warnings: string[];
}

/** The record as text: the same record, the same bytes. */
export function formatRecord(record: PlanRecord): string {
  return JSON.stringify(record, null, 2) + "\n";
}
