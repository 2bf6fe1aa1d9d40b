/**
 * Published steps with what the shipped stacks say of them.
 *
 * @module
 */
import { stackPresets } from "../../../sim/stack/stacks.ts";
import { type CaseGroups, caseGroups } from "../../published/case_groups.ts";
import { type StepRow, stepRows } from "../../published/fit/step_rows.ts";
import type { PublishedCase } from "../../published/mod.ts";
import type { FitErrors } from "../left_out.ts";

/** A measured step and its prediction. */
export interface ComparedStep {
  /** The row. */
  step: StepRow;
  /** Its groups. */
  groups: CaseGroups;
  /** Predicted seconds. */
  predictedSeconds: number;
  /** Natural logarithm of predicted over measured. */
  logError: number;
  /** The same with the row's model left out of the fit. */
  leftOut?: number;
}

/** Steps that were compared, and why others could not be. */
export interface ComparedSteps {
  /** Compared. */
  steps: ComparedStep[];
  /** Reasons by id. */
  unsupported: { id: string; reason: string }[];
}

/** Compares the rows of training that the fit may use: quality A and B, with a time or a rate. */
export function compareSteps(cases: readonly PublishedCase[], errors: FitErrors): ComparedSteps {
  const { rows, unsupported } = stepRows(cases.filter(({ quality }) => quality !== "C"));
  return {
    unsupported,
    steps: rows.map((step) => {
      const predictedSeconds = step.predict(stackPresets[step.stack]);
      return {
        step,
        groups: caseGroups(step.row),
        predictedSeconds,
        logError: Math.log(predictedSeconds / step.seconds),
        leftOut: errors.modelLeftOut[step.id],
      };
    }),
  };
}

/** What of a plan is likely to decide its time, in a few words. */
export function planKind({ step: { described: { plan } } }: ComparedStep): string {
  const parts = [
    plan.zero === 3 ? "sharded" : "",
    plan.tp > 1 ? "tensor" : "",
    plan.pp > 1 ? "pipeline" : "",
    plan.cp > 1 ? "context" : "",
    plan.ep > 1 ? "experts" : "",
  ].filter((part) => part !== "");
  return parts.length > 0 ? parts.join(" + ") : "data alone";
}

/** A step in a few words. */
export function stepLabel({ step: { id, described }, groups }: ComparedStep): string {
  const { tp, pp, cp, ep, vpp } = described.plan;
  const degrees = Object.entries({ tp, cp, pp, vpp, ep }).filter(([, n]) => n > 1)
    .map(([name, n]) => `${name}${n}`);
  const plan = degrees.length > 0 ? ` ${degrees.join(" ")}` : "";
  return `${groups.source}: ${described.sizes.name}, ${described.cluster}${plan} (${id})`;
}
