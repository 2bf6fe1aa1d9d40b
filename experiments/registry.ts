/**
 * Every experiment, in the order in which the list shows them. A new one is a line here.
 *
 * @module
 */
import { unknownName } from "../kernels/base/errors.ts";
import type { Experiment } from "./define.ts";
import { moeLayerExperiment } from "./routing/moe_layer.ts";
import { publishedExperiment } from "./simulate/published/published.ts";

/** The experiments; the first is what `experiment` without a name runs. */
export const experiments: readonly Experiment[] = [moeLayerExperiment, publishedExperiment];

/** The experiment of that id, or an error that names the nearest one and all of them. */
export function findExperiment(
  id: string,
  known: readonly Experiment[] = experiments,
): Experiment {
  const found = known.find((experiment) => experiment.id === id);
  if (!found) throw unknownName("experiment", id, known.map((experiment) => experiment.id));
  return found;
}
