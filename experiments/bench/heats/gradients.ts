/**
 * The gradients of the products: of their rows, and of their weights, dense and grouped.
 *
 * @module
 */
import { op } from "../../../kernels/base/op.ts";
import { gemm } from "../../../kernels/gemm/gemm.ts";
import {
  groupedGemmInputGrad,
  groupedGemmWeightGrad,
} from "../../../kernels/grouped_gemm/grouped_gemm.ts";
import { contenderOf, type Contest, type Heat, operatorId } from "../heat.ts";
import { fresh, type Ring } from "../ring.ts";
import { type GroupedPair, groupsOf } from "./grouped.ts";
import { skewedChoices } from "./skew.ts";

const TOKENS = 1024;
const EXPERTS = 8;
const WIDTH = 512;
const ROWS = 2 * TOKENS;

function pairs(ring: Ring): GroupedPair[] {
  const { kernels } = ring;
  const { ids, rows } = skewedChoices({ tokens: TOKENS, experts: EXPERTS });
  const groups = groupsOf(ring, ids, EXPERTS);
  const shape = `${ROWS}x${WIDTH}x${WIDTH}`;
  const dims = { m: ROWS, n: WIDTH, k: WIDTH };
  const label = "gradient";
  const grouped = {
    shape: `${shape}, ${EXPERTS} groups of ${Math.min(...rows)} to ${Math.max(...rows)}`,
    work: op("grouped_gemm", { ...dims, groups: EXPERTS }, { rows }),
  };
  const dense = { shape, work: op("gemm", dims) };
  const rowsBy = { groups, label, variant: kernels.grouped };
  const sumsBy = { groups, label, variant: kernels.weightGrad };
  const { transposed, weightGrad } = kernels;
  return [
    {
      says: "gradient of a grouped product's rows against that of a dense one",
      grouped: {
        name: "grouped_gemm rows' gradient",
        ...grouped,
        prepare({ fill }) {
          const [dc, w] = [fill("dc", [ROWS, WIDTH]), fill("w", [EXPERTS, WIDTH, WIDTH])];
          return (r) => [groupedGemmInputGrad(r, fresh(dc), { ...rowsBy, w })];
        },
      },
      dense: {
        name: "gemm rows' gradient",
        ...dense,
        prepare({ fill }) {
          const [dc, b] = [fill("dc", [ROWS, WIDTH]), fill("one", [WIDTH, WIDTH])];
          const options = { b, transposeB: true, label, variant: transposed };
          return (r) => [gemm(r, fresh(dc), options)];
        },
      },
    },
    {
      says: "gradient of a grouped product's weights against that of a dense one",
      grouped: {
        name: "grouped_gemm weights' gradient",
        ...grouped,
        prepare({ fill }) {
          const [a, dc] = [fill("a", [ROWS, WIDTH]), fill("dc", [ROWS, WIDTH])];
          return (r) => [groupedGemmWeightGrad(r, fresh(a), { ...sumsBy, dc: fresh(dc) })];
        },
      },
      dense: {
        name: "gemm weights' gradient",
        ...dense,
        prepare({ fill }) {
          const [a, dc] = [fill("a", [ROWS, WIDTH]), fill("dc", [ROWS, WIDTH])];
          const options = { transposeA: true, label, variant: weightGrad };
          return (r) => [gemm(r, fresh(a), { ...options, b: fresh(dc) })];
        },
      },
    },
  ];
}

/** T = 1024, top-2 of 8 experts, 512 wide. */
export const gradientHeat: Heat = {
  id: "gradients",
  family: "products",
  says: `gradients of the products, T = ${TOKENS}, top-2 of ${EXPERTS} experts, ${WIDTH} wide`,
  prepare(ring) {
    const all = pairs(ring);
    return {
      contenders: all.flatMap(({ grouped, dense }) =>
        [grouped, dense].map((operator) => contenderOf(ring, operator))
      ),
      contests: all.map(({ says, grouped, dense }): Contest => ({
        says,
        ours: operatorId(grouped),
        theirs: operatorId(dense),
      })),
    };
  },
};
