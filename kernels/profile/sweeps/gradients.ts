/**
 * Sweeps of the products of a backward pass.
 *
 * Operands are in the state in which a training step has them. The gradient of weights comes before
 * that of the input: it finds the gradient of the output fresh and the input mirrored, and leaves
 * both mirrored, as the weights are since the forward pass. Rows of experts have a gradient that
 * another kernel has just written.
 *
 * The gradient of a gated product's weights has the columns of both its planes, that of its input
 * both their inner sizes: these axes reach twice as far.
 *
 * @module
 */
import { gemm } from "../../gemm/gemm.ts";
import { groupedGemmInputGrad, groupedGemmWeightGrad } from "../../grouped_gemm/grouped_gemm.ts";
import { PAD } from "../../layout.ts";
import { fresh, staged, type Sweep, type SweepContext } from "../sweep.ts";
import { groupMaker } from "./groups.ts";
import {
  begunTiles,
  columns,
  columnStep,
  denseRows,
  groupCounts,
  groupedRows,
  steppedColumns,
} from "./steps.ts";

/** The dense product with B transposed. */
export function inputGradSweep({ device, kernels: { transposed: variant } }: SweepContext): Sweep {
  return {
    kind: "gemm_nt",
    axes: { m: [...denseRows], n: [...columns], k: [8, 64, 1024] },
    quantum: { m: variant.rows, n: columnStep(variant, device), k: PAD },
    fixed: {},
    prepare: staged(({ fill }) => (recorder, { m, n, k }, label) => [
      gemm(recorder, fill([m, k]), { b: fill([n, k]), transposeB: true, label, variant }),
    ]),
  };
}

/** The dense product with A transposed. */
export function weightGradSweep({ device, kernels: { weightGrad: variant } }: SweepContext): Sweep {
  return {
    kind: "gemm_tn",
    axes: { m: [64, 192, 512], n: [32, 64, 256, 512, 1024], k: [32, 256, 1024] },
    quantum: { m: variant.rows, n: columnStep(variant, device), k: variant.depth },
    fixed: {},
    prepare: staged(({ fill }) => (recorder, { m, n, k }, label) => [
      gemm(recorder, fill([k, m], "x"), {
        ...{ b: fresh(fill([k, n], "dy")), transposeA: true, label, variant },
      }),
    ]),
  };
}

/** The gradient of a grouped product's rows. */
export function groupedInputGradSweep({ device, kernels }: SweepContext): Sweep {
  const variant = kernels.grouped;
  return {
    kind: "grouped_gemm_nt",
    axes: {
      groups: [...groupCounts],
      m: [...groupedRows],
      n: [...steppedColumns],
      k: [64, 1024],
    },
    quantum: { m: variant.rows, n: columnStep(variant, device), k: PAD },
    fixed: {},
    begun: begunTiles(variant.rows),
    prepare: staged(({ inputs, fill }) => {
      const groupsOf = groupMaker(inputs, { tileRows: variant.rows });
      return (recorder, { groups: experts, m, n, k, evenly }, label) => {
        const groups = groupsOf(recorder, m, { experts, evenly: evenly === 1 });
        const options = { w: fill([experts, n, k]), groups, label, variant };
        return [groupedGemmInputGrad(recorder, fresh(fill([m, k])), options)];
      };
    }),
  };
}

/**
 * The gradient of a grouped product's weights: the more experts, the more is written. With few rows
 * an expert, writing takes most of the time, and only what there is of a tile is written.
 */
export function groupedWeightGradSweep({ kernels }: SweepContext): Sweep {
  const variant = kernels.weightGrad;
  return {
    kind: "grouped_gemm_tn",
    axes: { groups: [4, 12, 32], m: [64, 192, 512], n: [64, 256, 1024], k: [32, 512, 2048] },
    quantum: { m: PAD, n: PAD, k: variant.depth },
    fixed: {},
    prepare: staged(({ inputs, fill }) => {
      const groupsOf = groupMaker(inputs, { tileRows: kernels.grouped.rows });
      return (recorder, { groups: experts, m, n, k }, label) => {
        const groups = groupsOf(recorder, k, { experts, evenly: true });
        const dc = fill([k, n], "dy");
        const options = { dc, gather: "b" as const, groups, label, variant };
        return [groupedGemmWeightGrad(recorder, fresh(fill([k, m], "x")), options)];
      };
    }),
  };
}
