/**
 * A router trained through a model of the loss: FLEXTRON, arXiv 2406.10260 (survey, section 4.1.1).
 * The language model's loss reaches a router through many layers and hardly moves it. So a small
 * network learns to predict the loss of a sequence from how the router spread it over the experts
 * (`surrogateError`); then it is frozen, and the router goes down its slope (`throughSurrogate`).
 * Which sizes and features the work used is not known here: two layers and mean gates are defaults
 * of this suite.
 *
 * @module
 */
import type { Arrays } from "../../arrays/arrays.ts";
import type { GateTensor } from "../gate.ts";

/** The parameters of a surrogate with F features and H hidden numbers. */
export interface Surrogate<A> {
  /** [F, H]. */
  w1: A;
  /** [1, H]. */
  b1: A;
  /** [H, 1]. */
  w2: A;
  /** [1, 1]. */
  b2: A;
}

/** Shapes and beginnings of a surrogate's parameters. */
export function surrogateTensors(
  { features, width }: { features: number; width: number },
): Record<keyof Surrogate<unknown>, GateTensor> {
  return {
    w1: { shape: [features, width], init: { normal: features ** -0.5 } },
    b1: { shape: [1, width], init: "zeros" },
    w2: { shape: [width, 1], init: { normal: width ** -0.5 } },
    b2: { shape: [1, 1], init: "zeros" },
  };
}

/**
 * What the surrogate sees: the mean gates of each of S sequences in every layer, side by side,
 * [S, L E], from gates [T, E] a layer.
 */
export function routerFeatures<A, I>(
  g: Arrays<A, I>,
  { gates_TE, length }: { gates_TE: readonly A[]; length: number },
): A {
  return g.beside(...gates_TE.map((gates) => g.segmentMeans(gates, length)));
}

/** The loss [S, 1] that the surrogate expects from features [S, F]. */
export function predictedLoss<A, I>(g: Arrays<A, I>, features_SF: A, of: Surrogate<A>): A {
  const hidden_SH = g.map("tanh", g.map("add", g.product(features_SF, of.w1), of.b1));
  return g.map("add", g.product(hidden_SH, of.w2), of.b2);
}

/** Mean squared error of the prediction [S, 1], [1, 1]; it trains the surrogate and nothing else. */
export function surrogateError<A, I>(
  g: Arrays<A, I>,
  { features_SF, losses_S1, of }: { features_SF: A; losses_S1: A; of: Surrogate<A> },
): A {
  const [sequences] = g.shapeOf(losses_S1);
  const predicted_S1 = predictedLoss(g, g.detach(features_SF), of);
  const error = g.map("square", g.map("subtract", predicted_S1, g.detach(losses_S1)));
  return g.scale(g.total(error), 1 / sequences);
}

/** The mean predicted loss, [1, 1]; it trains the router and leaves the surrogate as it is. */
export function throughSurrogate<A, I>(g: Arrays<A, I>, features_SF: A, of: Surrogate<A>): A {
  const [sequences] = g.shapeOf(features_SF);
  const frozen = {
    ...{ w1: g.detach(of.w1), b1: g.detach(of.b1) },
    ...{ w2: g.detach(of.w2), b2: g.detach(of.b2) },
  };
  return g.scale(g.total(predictedLoss(g, features_SF, frozen)), 1 / sequences);
}
