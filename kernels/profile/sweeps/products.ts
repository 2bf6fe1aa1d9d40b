/**
 * Sweeps of the products of a forward pass.
 *
 * Operands are in the state in which a layer has them: the input of the router and of the down
 * products is fresh (its mirror is copied and counted), that of the up products is mirrored. Weights
 * are mirrored, but for the products that only a training step has: there they were just updated.
 *
 * @module
 */
import { gemm, gemmGated, gemmSwiglu } from "../../gemm/gemm.ts";
import {
  groupedGemm,
  groupedGemmGated,
  groupedGemmSwiglu,
} from "../../grouped_gemm/grouped_gemm.ts";
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
  innerSizes,
  steppedColumns,
} from "./steps.ts";

/** The dense product. */
export function gemmSweep({ device, kernels: { gemm: variant } }: SweepContext): Sweep {
  return {
    kind: "gemm",
    axes: { m: [...denseRows], n: [32, ...steppedColumns, 1024], k: [...innerSizes] },
    quantum: { m: variant.rows, n: columnStep(variant, device), k: PAD },
    fixed: {},
    prepare: staged(({ fill }) => (recorder, { m, n, k }, label) => [
      gemm(recorder, fresh(fill([m, k])), { b: fill([k, n]), label, variant }),
    ]),
  };
}

/** The dense SwiGLU product. */
export function swigluSweep({ device, kernels: { gemmSwiglu: variant } }: SweepContext): Sweep {
  return {
    kind: "gemm_swiglu",
    axes: { m: [...denseRows], n: [...columns], k: [...innerSizes] },
    quantum: {
      m: variant.rows,
      n: columnStep(variant, { subgroupSize: device.subgroupSize, gated: true }),
      k: PAD,
    },
    fixed: {},
    prepare: staged(({ fill }) => (recorder, { m, n, k }, label) => [
      gemmSwiglu(recorder, fill([m, k]), { b: fill([2, k, n]), label, variant }),
    ]),
  };
}

const grouped = (swiglu: boolean) => ({ device, kernels }: SweepContext): Sweep => {
  const variant = kernels.grouped;
  return {
    kind: swiglu ? "grouped_gemm_swiglu" : "grouped_gemm",
    axes: {
      groups: [...groupCounts],
      m: swiglu ? [32, 256, 1024, 2048] : [...groupedRows],
      n: swiglu ? [64, 128, 256, 512] : [...steppedColumns],
      k: [64, 192, 512],
    },
    quantum: {
      m: variant.rows,
      n: columnStep(variant, { subgroupSize: device.subgroupSize, gated: swiglu }),
      k: PAD,
    },
    fixed: {},
    begun: begunTiles(variant.rows),
    prepare: staged(({ inputs, fill }) => {
      const groupsOf = groupMaker(inputs, { tileRows: variant.rows });
      return (recorder, { groups: experts, m, n, k, evenly }, label) => {
        const groups = groupsOf(recorder, m, { experts, evenly: evenly === 1 });
        const shared = { groups, label, variant };
        return swiglu
          ? [groupedGemmSwiglu(recorder, fill([m, k]), {
            ...{ ...shared, w: fill([experts, 2, k, n]) },
          })]
          : [groupedGemm(recorder, fresh(fill([m, k])), {
            ...{ ...shared, w: fill([experts, k, n]) },
          })];
      };
    }),
  };
};

/** The grouped product. */
export const groupedSweep: (context: SweepContext) => Sweep = grouped(false);
/** The grouped SwiGLU product, its rows gathered. */
export const groupedSwigluSweep: (context: SweepContext) => Sweep = grouped(true);

/** What both gated products of a training step are told beside their operands. */
const kept = { gate: "silu", keep: true } as const;

/** The dense SwiGLU product of a training step. */
export function swigluKeptSweep({ device, kernels }: SweepContext): Sweep {
  const variant = kernels.gemmSwiglu;
  return {
    kind: "gemm_swiglu_kept",
    axes: { m: [...denseRows], n: [...columns], k: [...innerSizes] },
    quantum: {
      m: variant.rows,
      n: columnStep(variant, { subgroupSize: device.subgroupSize, gated: true }),
      k: PAD,
    },
    fixed: {},
    prepare: staged(({ fill }) => (recorder, { m, n, k }, label) => {
      const options = { ...kept, b: fresh(fill([2, k, n])), label, variant };
      return Object.values(gemmGated(recorder, fill([m, k]), options));
    }),
  };
}

/** The grouped SwiGLU product of a training step. */
export function groupedSwigluKeptSweep({ device, kernels }: SweepContext): Sweep {
  const variant = kernels.grouped;
  return {
    kind: "grouped_gemm_swiglu_kept",
    // Its weights were just updated: their mirror is made, the more the more experts there are.
    axes: {
      groups: [...groupCounts],
      m: [...groupedRows],
      n: [...columns],
      k: [...innerSizes],
    },
    quantum: {
      m: variant.rows,
      n: columnStep(variant, { subgroupSize: device.subgroupSize, gated: true }),
      k: PAD,
    },
    fixed: {},
    begun: begunTiles(variant.rows),
    prepare: staged(({ inputs, fill }) => {
      const groupsOf = groupMaker(inputs, { tileRows: variant.rows });
      return (recorder, { groups: experts, m, n, k, evenly }, label) => {
        const groups = groupsOf(recorder, m, { experts, evenly: evenly === 1 });
        const by = { groups, label, variant };
        const options = { ...kept, ...by, w: fresh(fill([experts, 2, k, n])) };
        return Object.values(groupedGemmGated(recorder, fill([m, k]), options));
      };
    }),
  };
}
