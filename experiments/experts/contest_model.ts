/**
 * Models that differ in what their experts are, where they are, or how deep they lie, made equal in FLOP
 * a token or in parameters by the width of their networks.
 *
 * @module
 */
import type { Activation } from "../../core/spec/activation.ts";
import { flopsPerToken } from "../../core/spec/flops.ts";
import type { ExpertPlacement, Model } from "../../core/spec/model.ts";
import { parameters } from "../../core/spec/params.ts";
import { readModel } from "../../core/spec/schema.ts";
import { UserError } from "../../kernels/base/errors.ts";
import type { ProbeSizes } from "../training/probe_model.ts";

/** What a model of a contest is made of; its width is left open. */
export interface ContestForm {
  /** Routed experts. */
  experts: number;
  /** Experts a token. */
  topK: number;
  /** Nonlinearity; "swiglu" where absent. */
  activation?: Activation;
  /** Shared experts, as wide as the routed ones. */
  shared?: number;
  /** A dense network beside the experts, as wide as so many of them. */
  denseBeside?: number;
  /** Which layers have experts; all where absent. */
  placement?: ExpertPlacement;
  /** Layers; those of the sizes where absent. */
  layers?: number;
}

/** What models are equal in. */
export const contestMeasures = {
  flops: (model: Model, sequence: number) => flopsPerToken(model, { sequence }).total,
  parameters: (model: Model) => parameters(model).total,
} as const;

/** One of them. */
export type ContestMeasure = keyof typeof contestMeasures;

/**
 * The measure of a name.
 *
 * @throws {UserError} where there is none.
 */
export function readMeasure(name: string): ContestMeasure {
  if (name in contestMeasures) return name as ContestMeasure;
  throw new UserError(
    `Cannot make models equal in ${name}: wanted ${Object.keys(contestMeasures).join(" or ")}`,
  );
}

/** The model of a form whose experts have a width; dense layers have the width that a token uses. */
export function contestModel(sizes: ProbeSizes, form: ContestForm, width: number): Model {
  const { dModel, headDim, vocab } = sizes;
  const { experts, topK, shared = 0, denseBeside = 0, activation = "swiglu" } = form;
  const used = (topK + shared + denseBeside) * width;
  return readModel({
    ...{ id: "probe", name: "probe", year: 2026, layers: form.layers ?? sizes.layers, dModel },
    attention: { kind: "mha", heads: dModel / headDim, headDim },
    embedding: { vocab, tied: true },
    norm: {},
    ffn: { width: used, activation },
    moe: {
      ...{ experts, topK, width, activation },
      ...shared > 0 && { shared: { count: shared, width } },
      ...denseBeside > 0 && { denseBeside: { width: denseBeside * width, activation } },
      ...form.placement && { placement: form.placement },
    },
  }, "a model of the contest");
}

/** Widths are multiples of this, as the kernels want. */
const STEP = 8;

/** The widest that is tried, as a multiple of the control's. */
const WIDEST = 16;

/** A model, and how far it is from what it should equal. */
export interface FittedModel {
  /** The model. */
  model: Model;
  /** Its FLOP or parameters over those wanted. */
  ratio: number;
}

/**
 * The model of a form that is nearest to the control's FLOP or parameters.
 *
 * @example Two experts of half the width beside a shared one cost what three thirds do
 * ```ts
 * import { fitModel } from "@moelab/moelab/experiments";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const sizes = { layers: 2, dModel: 64, headDim: 16, vocab: 256 };
 * const control = { form: { experts: 8, topK: 2 }, width: 48 };
 * const { model, ratio } = fitModel(sizes, { experts: 8, topK: 2, shared: 1 }, {
 *   ...{ control, equal: "flops", sequence: 64 },
 * });
 * assertEquals(model.moe?.width, 32);
 * assertAlmostEquals(ratio, 1, 1e-9);
 * ```
 */
export function fitModel(
  sizes: ProbeSizes,
  form: ContestForm,
  { control, equal, sequence }: {
    control: { form: ContestForm; width: number };
    equal: ContestMeasure;
    sequence: number;
  },
): FittedModel {
  const measure = (model: Model) => contestMeasures[equal](model, sequence);
  const wanted = measure(contestModel(sizes, control.form, control.width));
  const tried = Array.from({ length: WIDEST * control.width / STEP }, (_, i) => {
    const model = contestModel(sizes, form, (i + 1) * STEP);
    return { model, ratio: measure(model) / wanted };
  });
  return tried.reduce((best, one) =>
    Math.abs(one.ratio - 1) < Math.abs(best.ratio - 1) ? one : best
  );
}
