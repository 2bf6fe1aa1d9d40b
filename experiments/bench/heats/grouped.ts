/**
 * The grouped products of a skewed routing, against dense ones with as many rows, columns and FLOP.
 * The FLOP are those of the rows that there are: the padding of tiles counts as lost time.
 *
 * @module
 */
import { op } from "../../../kernels/base/op.ts";
import { gemm, gemmSwiglu } from "../../../kernels/gemm/gemm.ts";
import { groupedGemm, groupedGemmSwiglu } from "../../../kernels/grouped_gemm/grouped_gemm.ts";
import {
  groupTensors,
  groupTokens,
  type TokenGroups,
} from "../../../kernels/group_tokens/group_tokens.ts";
import { createRecorder } from "../../../kernels/recorder.ts";
import { contenderOf, type Contest, type Heat, type Operator, operatorId } from "../heat.ts";
import { fresh, type Ring } from "../ring.ts";
import { skewedChoices } from "./skew.ts";

const TOKENS = 4096;
const TOP_K = 2;
const EXPERTS = 8;
const WIDTH = 512;
const ROWS = TOKENS * TOP_K;

/** Sorts a routing once; its tensors stay in the ring. */
export function groupsOf(
  { pool, kernels, upload, keep }: Ring,
  ids: Uint32Array<ArrayBuffer>,
  experts: number,
): TokenGroups {
  const chosen = upload("ids", [ids.length], ids);
  const recorder = createRecorder(pool);
  const groups = groupTokens(recorder, chosen, {
    experts,
    tileRows: kernels.grouped.rows,
    topK: TOP_K,
  });
  recorder.submit();
  keep(...groupTensors(groups));
  return groups;
}

/** A grouped product and the dense one that it is held against. */
export interface GroupedPair {
  says: string;
  grouped: Operator;
  dense: Operator;
}

function pairs(ring: Ring): GroupedPair[] {
  const { kernels } = ring;
  const { ids, rows } = skewedChoices({ tokens: TOKENS, experts: EXPERTS });
  const groups = groupsOf(ring, ids, EXPERTS);
  const dims = { m: ROWS, n: WIDTH, k: WIDTH };
  const shape = `${ROWS}x${WIDTH}x${WIDTH}`;
  const skewed = `${shape}, ${EXPERTS} groups of ${Math.min(...rows)} to ${Math.max(...rows)}`;
  const by = { label: "product", variant: kernels.grouped };
  const groupedDims = { ...dims, groups: EXPERTS };
  const grouped = (name: "grouped_gemm" | "grouped_gemm_swiglu", prepare: Operator["prepare"]) => ({
    name,
    shape: skewed,
    work: op(name, groupedDims, { rows }),
    prepare,
  });
  const dense = (name: "gemm" | "gemm_swiglu", prepare: Operator["prepare"]) => ({
    name,
    shape,
    work: op(name, dims),
    prepare,
  });
  return [
    {
      says: "grouped up product (gather and SwiGLU fused) against the dense one",
      grouped: grouped("grouped_gemm_swiglu", ({ fill }) => {
        const x = fill("x", [TOKENS, WIDTH]);
        const w = fill("up", [EXPERTS, 2, WIDTH, WIDTH]);
        return (r) => [groupedGemmSwiglu(r, fresh(x), { w, groups, ...by })];
      }),
      dense: dense("gemm_swiglu", ({ fill }) => {
        const a = fill("a", [ROWS, WIDTH]);
        const b = fill("both", [2, WIDTH, WIDTH]);
        const variant = kernels.gemmSwiglu;
        return (r) => [gemmSwiglu(r, fresh(a), { b, label: "product", variant })];
      }),
    },
    {
      says: "grouped down product against the dense one",
      grouped: grouped("grouped_gemm", ({ fill }) => {
        const h = fill("h", [ROWS, WIDTH]);
        const w = fill("down", [EXPERTS, WIDTH, WIDTH]);
        return (r) => [groupedGemm(r, fresh(h), { w, groups, ...by })];
      }),
      dense: dense("gemm", ({ fill }) => {
        const a = fill("a", [ROWS, WIDTH]);
        const b = fill("one", [WIDTH, WIDTH]);
        const variant = kernels.gemm;
        return (r) => [gemm(r, fresh(a), { b, label: "product", variant })];
      }),
    },
  ];
}

/** T = 4096, top-2 of 8 experts, 512 wide, the fullest expert at twice the mean. */
export const groupedHeat: Heat = {
  id: "grouped",
  family: "products",
  says: `grouped products, T = ${TOKENS}, top-${TOP_K} of ${EXPERTS} experts, ${WIDTH} wide`,
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
        goal: { speed: 0.93 },
      })),
    };
  },
};
