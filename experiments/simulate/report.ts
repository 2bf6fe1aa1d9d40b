/**
 * A simulated step as one record: what the command line prints and what it writes as JSON.
 *
 * @module
 */
import type { Estimate } from "../../kernels/base/estimate.ts";
import { formatPlan } from "../../sim/plan/plan_words.ts";
import type { EventFigures } from "./events.ts";
import { type InputGrade, type InputGrades, inputGrades, partGrades } from "./grades.ts";
import type { KnownErrors } from "./known_errors.ts";
import { type StepRates, stepRates } from "./rates.ts";
import { sensitivities, type Sensitivity } from "./sensitivity.ts";
import { type Simulation, simulationMachine } from "./simulation.ts";
import { type SimulationMemory, simulationMemory } from "./simulation_memory.ts";
import { type Breakdown, closedStep, type HiddenSeconds } from "./step.ts";

/** A part of a step. */
export interface StepPart {
  /** Key of the part, such as "expertSeconds". */
  part: keyof Breakdown;
  /** How long. */
  seconds: number;
  /** Of the step. */
  shareFraction: number;
  /** How it is known. */
  grade: InputGrade;
}

/** A simulated step; see the module. */
export interface SimulationReport {
  /** Version of this format. */
  schema: 1;
  /** Model. */
  model: string;
  /** Cluster and its devices. */
  cluster: { id: string; devices: number };
  /** Plan in words. */
  plan: string;
  /** Tokens of a sequence. */
  sequence: number;
  /** Software. */
  stack: string;
  /** The step, with the interval that nine of ten measured steps would fall into. */
  step: Estimate;
  /** The step in closed form, seconds. */
  closedSeconds: number;
  /** What the events say, where they were asked. */
  events?: EventFigures;
  /** What follows from it. */
  rates: StepRates;
  /** The parts of the closed form, longest first; they add up to it. */
  parts: StepPart[];
  /** Exchanges that run beside kernels, in no part; seconds. */
  hidden: HiddenSeconds;
  /** The stage whose work is longest, from 0, and FLOP of one of its devices. */
  slowest: { stage: number; deviceFlops: number };
  /** Memory. */
  memory: SimulationMemory;
  /** What would change the step, the most decisive first. */
  sensitivities: Sensitivity[];
  /** How the inputs are known. */
  grades: InputGrades;
  /** What to mind. */
  warnings: string[];
}

/** What the closed form leaves out of a simulation. */
function warningsOf(
  { workload, cluster }: Simulation,
  { memory, events }: Pick<SimulationReport, "memory" | "events">,
): string[] {
  const warnings: string[] = [];
  if (!memory.fits) warnings.push("it does not fit into the memory of a device");
  if (events) return warnings;
  if (workload.routing.kind !== "balanced") {
    warnings.push(
      "the closed form has every expert equally wanted: --events waits for the fullest",
    );
  }
  if ((cluster.slow ?? []).length > 0) {
    warnings.push("the closed form has every device equally fast: --events waits for slow ones");
  }
  return warnings;
}

/** A step with the interval that nine of ten measured ones would fall into. */
export function withInterval(
  stepSeconds: number,
  { factor, from }: KnownErrors,
  how: string,
): Estimate {
  return {
    value: stepSeconds,
    lo: stepSeconds / factor,
    hi: stepSeconds * factor,
    n: 0,
    method: `${how}; ${from}`,
  };
}

/** Simulates a step in closed form, and takes over what its events said where they were run. */
export function reportOf(
  simulation: Simulation,
  options: {
    errors: KnownErrors;
    hourDollars?: number;
    events?: EventFigures;
  },
): SimulationReport {
  const { errors, hourDollars, events } = options;
  const { sizes, cluster, plan, workload, stack } = simulation;
  const machine = simulationMachine(simulation);
  const step = closedStep(simulation, machine);
  const stepSeconds = events?.stepSeconds ?? step.stepSeconds;
  const memory = simulationMemory(simulation);
  const grades = inputGrades(simulation, { stack: errors.stackGrade });
  const byPart = partGrades(grades);
  return {
    schema: 1,
    model: sizes.name,
    cluster: { id: cluster.id, devices: cluster.devices },
    plan: formatPlan(plan),
    sequence: workload.sequence,
    stack: stack.id,
    step: withInterval(stepSeconds, errors, events ? "events" : "closed form"),
    closedSeconds: step.stepSeconds,
    ...(events && { events }),
    rates: stepRates(simulation, stepSeconds, { hourDollars }),
    parts: (Object.entries(step.breakdown) as [keyof Breakdown, number][])
      .filter(([, seconds]) => seconds > 0)
      .map(([part, seconds]) => ({
        part,
        seconds,
        shareFraction: seconds / step.stepSeconds,
        grade: byPart[part],
      }))
      .sort((a, b) => b.seconds - a.seconds),
    hidden: step.hidden,
    slowest: { stage: step.slowestStage, deviceFlops: step.deviceFlops },
    memory,
    sensitivities: sensitivities(simulation),
    grades,
    warnings: warningsOf(simulation, { memory, events }),
  };
}
