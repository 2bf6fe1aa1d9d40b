/**
 * Parameters of each kind of layer, whole and on one rank.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import type { LayerKind } from "./phases.ts";
import { projectionWidths, type Sizes } from "./sizes.ts";

/** Parameters that tensor ranks share out, that each of them has, and those of routed experts. */
export interface KindParameters {
  /** Split over tensor ranks. */
  split: number;
  /** On every tensor rank: norms, routers, low-rank parts of latent attention. */
  whole: number;
  /** Routed experts, all of them and their redundant replicas. */
  experts: number;
}

function attentionParameters({ attention: a, dModel }: Sizes): KindParameters {
  if (!a.latent) {
    const { inWidth, outWidth } = projectionWidths(a);
    const router = (a.experts ?? 0) * dModel;
    return { split: (inWidth + outWidth) * dModel, whole: router, experts: 0 };
  }
  const out = a.heads * a.vDim * dModel;
  const { qRank, kvRank, ropeDim } = a.latent;
  const up = (qRank || dModel) * a.heads * a.qkDim +
    kvRank * a.heads * (a.qkDim - ropeDim + a.vDim);
  const down = dModel * (qRank + kvRank + ropeDim) + qRank + kvRank;
  return { split: up + out, whole: down, experts: 0 };
}

/** Parameters of one layer of a kind. */
export function kindParameters(kind: LayerKind, sizes: Sizes): KindParameters {
  const { dModel, vocab, ffnWidth, ffnMatrices, moe } = sizes;
  if (kind === "embedding") return { split: vocab * dModel, whole: 0, experts: 0 };
  if (kind === "head") return { split: vocab * dModel, whole: dModel, experts: 0 };
  const { split, whole } = attentionParameters(sizes);
  const norms = sizes.norms.perLayer * dModel * (sizes.norms.bias ? 2 : 1);
  const join = kind === "mtp" ? 2 * dModel * dModel : 0;
  if (kind === "dense" || !moe) {
    return {
      split: split + ffnMatrices * dModel * ffnWidth,
      whole: whole + norms + join,
      experts: 0,
    };
  }
  return {
    split: split + ffnMatrices * dModel * moe.sharedWidth,
    whole: whole + norms + join + moe.experts * dModel,
    experts: (moe.experts + (moe.redundant ?? 0)) * ffnMatrices * dModel * moe.width,
  };
}

/** The same on one rank, dense and expert parameters apart: they are replicated differently. */
export function rankParameters(
  kind: LayerKind,
  sizes: Sizes,
  plan: Plan,
): { dense: number; experts: number } {
  const { split, whole, experts } = kindParameters(kind, sizes);
  return { dense: split / plan.tp + whole, experts: experts / (plan.ep * plan.etp) };
}
