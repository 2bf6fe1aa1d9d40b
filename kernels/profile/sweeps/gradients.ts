/**
 * Sweeps of the products of a backward pass.
 *
 * Operands are in the state in which a training step has them. The gradient of weights comes before
 * that of the input: it finds the gradient of the output fresh and the input mirrored, and leaves
 * both mirrored, as the weights are since the forward pass. Rows of experts have a gradient that
 * another kernel has just written.
 *
 * Where a dimension is rounded up to tiles, its axis begins at the largest of them: below, times
 * would not fall, and between such a point and the next one no power law holds.
 *
 * @module
 */
import { gemm } from "../../gemm/gemm.ts";
import { columnsOf, plainProgram } from "../../gemm/variant.ts";
import { groupedGemmInputGrad, groupedGemmWeightGrad } from "../../grouped_gemm/grouped_gemm.ts";
import { PAD } from "../../layout.ts";
import { fresh, staged, type Sweep, type SweepContext } from "../sweep.ts";
import { groupMaker, GROUPS } from "./groups.ts";

/** The dense product with B transposed. */
export function inputGradSweep({ device, kernels: { transposed: variant } }: SweepContext): Sweep {
  const columns = columnsOf(variant, plainProgram("nt"), device.subgroupSize);
  return {
    kind: "gemm_nt",
    axes: { m: [128, 1024], n: [128, 1024], k: [8, 64, 512] },
    quantum: { m: variant.rows, n: columns, k: PAD },
    fixed: {},
    prepare: staged(({ fill }) => (recorder, { m, n, k }, label) => [
      gemm(recorder, fill([m, k]), { b: fill([n, k]), transposeB: true, label, variant }),
    ]),
  };
}

/** The dense product with A transposed. */
export function weightGradSweep({ device, kernels: { weightGrad: variant } }: SweepContext): Sweep {
  const columns = columnsOf(variant, plainProgram("tn"), device.subgroupSize);
  return {
    kind: "gemm_tn",
    axes: { m: [128, 512], n: [128, 512], k: [64, 256, 1024] },
    quantum: { m: variant.rows, n: columns, k: variant.depth },
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
  const columns = columnsOf(variant, plainProgram("nt"), device.subgroupSize);
  return {
    kind: "grouped_gemm_nt",
    axes: { m: [256, 2048], n: [128, 512], k: [64, 192, 512] },
    quantum: { m: variant.rows, n: columns, k: PAD },
    fixed: { groups: GROUPS },
    prepare: staged(({ inputs, fill }) => {
      const groupsOf = groupMaker(inputs, { tileRows: variant.rows });
      return (recorder, { m, n, k }, label) => {
        const groups = groupsOf(recorder, m);
        const options = { w: fill([GROUPS, n, k]), groups, label, variant };
        return [groupedGemmInputGrad(recorder, fresh(fill([m, k])), options)];
      };
    }),
  };
}

/** The gradient of a grouped product's weights: the more experts, the more is written. */
export function groupedWeightGradSweep({ device, kernels }: SweepContext): Sweep {
  const variant = kernels.weightGrad;
  const columns = columnsOf(variant, plainProgram("tn"), device.subgroupSize);
  return {
    kind: "grouped_gemm_tn",
    axes: { groups: [4, 16, 48], m: [128, 256], n: [128, 256], k: [256, 1024, 2048] },
    quantum: { m: variant.rows, n: columns, k: variant.depth },
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
