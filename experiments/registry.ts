/**
 * Every experiment, in the order in which the list shows them. A new one is a line here.
 *
 * @module
 */
import { unknownName } from "../kernels/base/errors.ts";
import { adaptersExperiment } from "./adapters/adapters.ts";
import type { Experiment } from "./define.ts";
import { applicationsExperiment } from "./applications/applications.ts";
import { bamExperiment } from "./bam/bam.ts";
import { bamCostExperiment } from "./bam/cost/bam_cost.ts";
import { derivativesExperiment } from "./derivatives/derivatives.ts";
import { activationsExperiment } from "./experts/activations.ts";
import { depthOrWidthExperiment } from "./experts/depth_or_width.ts";
import { expertKindsExperiment } from "./experts/expert_kinds.ts";
import { expertPlacementExperiment } from "./experts/expert_placement.ts";
import { sharedExpertsExperiment } from "./experts/shared_experts.ts";
import { speedOfExpertsExperiment } from "./experts/speed_of_experts.ts";
import { fusionExperiment } from "./fusion/fusion.ts";
import { moeLayerExperiment } from "./routing/moe_layer.ts";
import { checkpointSpeedExperiment } from "./checkpoints/speed/speed.ts";
import { routingExperiment } from "./checkpoints/routing/routing.ts";
import { publishedPlansExperiment } from "./planner/publishers/published_plans.ts";
import { scalingExperiment } from "./scaling/scaling.ts";
import { placementExperiment } from "./placement/placement.ts";
import { publishedExperiment } from "./simulate/published/published.ts";
import { balanceExperiment } from "./training/balance/balance.ts";
import { capacityExperiment } from "./training/capacity/capacity.ts";
import { gatesExperiment } from "./training/gates/gates.ts";
import { granularityExperiment } from "./training/granularity/granularity.ts";
import { softExperiment } from "./training/soft/soft_against_sparse.ts";
import { routingTraceExperiment } from "./training/trace/routing_trace.ts";
import { trainStepExperiment } from "./training/train_step.ts";

/** The experiments; the first is what `experiment` without a name runs. */
export const experiments: readonly Experiment[] = [
  moeLayerExperiment,
  trainStepExperiment,
  publishedExperiment,
  publishedPlansExperiment,
  scalingExperiment,
  gatesExperiment,
  balanceExperiment,
  capacityExperiment,
  granularityExperiment,
  softExperiment,
  routingTraceExperiment,
  routingExperiment,
  checkpointSpeedExperiment,
  bamExperiment,
  bamCostExperiment,
  fusionExperiment,
  derivativesExperiment,
  applicationsExperiment,
  adaptersExperiment,
  expertKindsExperiment,
  sharedExpertsExperiment,
  expertPlacementExperiment,
  activationsExperiment,
  depthOrWidthExperiment,
  speedOfExpertsExperiment,
  placementExperiment,
];

/** The experiment of that id, or an error that names the nearest one and all of them. */
export function findExperiment(
  id: string,
  known: readonly Experiment[] = experiments,
): Experiment {
  const found = known.find((experiment) => experiment.id === id);
  if (!found) throw unknownName("experiment", id, known.map((experiment) => experiment.id));
  return found;
}
