/**
 * A figure over seeds, layers or both.
 *
 * @module
 */
import type { Estimate } from "../../kernels/base/estimate.ts";

/** The mean, with the least and the greatest as its interval. */
export function overSeeds(values: readonly number[], of = "seeds"): Estimate {
  return {
    value: values.reduce((sum, value) => sum + value, 0) / values.length,
    ...{ lo: Math.min(...values), hi: Math.max(...values), n: values.length },
    method: `mean, least and greatest over ${of}`,
  };
}
