/**
 * The small model that routers are compared in: the same attention, norms and tables around every
 * router.
 *
 * @module
 */
import type { Model } from "../../core/spec/model.ts";
import { readModel } from "../../core/spec/schema.ts";

/** Sizes of the model. */
export interface ProbeSizes {
  /** Layers. */
  layers: number;
  /** Model width D. */
  dModel: number;
  /** Width of a head of attention. */
  headDim: number;
  /** Token ids. */
  vocab: number;
}

/** The experts of the model. */
export interface ProbeExperts {
  /** Routed experts. */
  experts: number;
  /** Experts a token. */
  topK: number;
  /** Width of an expert. */
  width: number;
  /** Shared experts, of the same width. */
  shared?: number;
}

/** What both kinds of model share. */
function around({ layers, dModel, headDim, vocab }: ProbeSizes) {
  return {
    year: 2026,
    layers,
    dModel,
    attention: { kind: "mha", heads: dModel / headDim, headDim },
    embedding: { vocab, tied: true },
    norm: {},
  };
}

/** The model with experts in every layer. */
export function probeModel(sizes: ProbeSizes, moe: ProbeExperts): Model {
  const { experts, topK, width, shared = 0 } = moe;
  return readModel({
    ...around(sizes),
    id: "probe",
    name: "probe",
    moe: {
      ...{ experts, topK, width, activation: "swiglu" },
      ...(shared > 0 && { shared: { count: shared, width } }),
    },
  }, "the probe model");
}

/** The dense model whose networks have a width. */
export function denseProbe(sizes: ProbeSizes, width: number): Model {
  return readModel({
    ...around(sizes),
    id: "probe-dense",
    name: "probe, dense",
    ffn: { width, activation: "swiglu" },
  }, "the dense probe model");
}
