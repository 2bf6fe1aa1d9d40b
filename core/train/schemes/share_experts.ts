/**
 * Experts weight averaging (EWA, arXiv 2308.06093): tokens go to experts by chance, and after each step
 * every expert is drawn towards the mean of the others; in the end all are averaged to one dense network,
 * {@linkcode gatherExperts}. The rule and the course of its share are not confirmed:
 *
 *     W_i <- (1 - b) W_i + b / (E - 1) sum over j != i of W_j
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { isExpert } from "./branch_train_mix.ts";
import { checkAlike, type HostWeight, type WeightedModel } from "./model_weights.ts";
import { sparseSpec } from "./networks.ts";

/**
 * The model after each expert was drawn a share of the way towards the mean of the others. The mean of
 * all experts stays what it is.
 *
 * @throws {UserError} where the model has one expert or none, or the share is none from 0 to 1.
 */
export function shareExperts(
  source: WeightedModel,
  { share }: { share: number },
): WeightedModel {
  checkAlike([source]);
  const { experts } = sparseSpec(source.model, "average the experts of");
  if (!(share >= 0 && share <= 1) || experts < 2) {
    throw new UserError(
      `Cannot draw ${experts} experts together by ${share}: wanted 2 or more, and a share of 0 to 1`,
    );
  }
  const weights = Object.entries(source.weights).map(([name, one]): [string, HostWeight] => {
    if (!isExpert(name)) return [name, one];
    const size = one.data.length / experts;
    const total = new Float64Array(size);
    one.data.forEach((w, i) => total[i % size] += w);
    const data = one.data.map((w, i) =>
      (1 - share) * w + share * (total[i % size] - w) / (experts - 1)
    );
    return [name, { shape: one.shape, data }];
  });
  return { model: source.model, weights: Object.fromEntries(weights) };
}
