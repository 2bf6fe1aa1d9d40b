import { groupTokens } from "../../../kernels/group_tokens/group_tokens.ts";
import { groupTokensOracle } from "../../../kernels/group_tokens/oracle.ts";
import {
  groupedGemm,
  groupedGemmGated,
  groupedGemmInputGrad,
  groupedGemmWeightGrad,
} from "../../../kernels/grouped_gemm/grouped_gemm.ts";
import {
  groupedGemmOracle,
  groupedGemmSwigluOracle,
  groupedInputGradOracle,
  groupedWeightGradOracle,
} from "../../../kernels/grouped_gemm/oracle.ts";
import { type Variant, variantName } from "../../../kernels/gemm/variant.ts";
import type { Recorder } from "../../../kernels/recorder.ts";
import type { Pool } from "../../../kernels/tensor.ts";
import { numbers } from "../compare.ts";
import { type Case, type Claim, smallVariants } from "./case.ts";

const { t, topK, experts, d, f } = { t: 23, topK: 2, experts: 4, d: 11, f: 19 };
const choices = t * topK;
/** The last expert gets nothing. */
const ids = Uint32Array.from({ length: choices }, (_, i) => i * i % (experts - 1));
const { rowIds } = groupTokensOracle(ids, { experts, tileRows: 1 });
const expert = rowIds.map((choice) => ids[choice]);
const token = rowIds.map((choice) => Math.floor(choice / topK));
const own = rowIds.map((_, i) => i);

const x = numbers("x", t * d);
const up = numbers("up", 2 * experts * d * f);
const h = numbers("h", choices * f);
const down = numbers("down", experts * f * d);

function claims(recorder: Recorder, pool: Pool, variant: Variant): Claim[] {
  const tensor = {
    ids: pool.upload("ids", [choices], ids),
    x: pool.upload("x", [t, d], x),
    up: pool.upload("up", [experts, 2, d, f], up),
    h: pool.upload("h", [choices, f], h),
    down: pool.upload("down", [experts, f, d], down),
  };
  const groups = groupTokens(recorder, tensor.ids, { experts, tileRows: variant.rows, topK });
  const shared = { groups, label: "c", variant };
  return [
    {
      what: "up",
      tensor: groupedGemmGated(recorder, tensor.x, {
        ...shared,
        w: tensor.up,
        gate: "silu",
      }).y,
      wanted: groupedGemmSwigluOracle(x, up, { rows: { expert, source: token }, k: d, n: f }),
    },
    {
      what: "down",
      tensor: groupedGemm(recorder, tensor.h, { ...shared, w: tensor.down }),
      wanted: groupedGemmOracle(h, down, { rows: { expert, source: own }, k: f, n: d }),
    },
    {
      what: "gradient of the rows",
      tensor: groupedGemmInputGrad(recorder, tensor.x, { ...shared, w: tensor.down, gather: true }),
      wanted: groupedInputGradOracle(x, down, {
        rows: { expert, source: token },
        k: f,
        n: d,
        planes: 1,
      }),
    },
    {
      what: "gradient of the weights",
      tensor: groupedGemmWeightGrad(recorder, tensor.h, {
        ...shared,
        dc: tensor.x,
        gather: "b",
      }),
      wanted: groupedWeightGradOracle(h, x, {
        expert,
        sourceA: own,
        sourceC: token,
        experts,
        k: f,
        n: d,
        planes: 1,
      }),
    },
  ];
}

/** Products with the weights of each row's expert, and their gradients. */
export const groupedCases: readonly Case[] = [{
  name: "grouped gemm and its gradients",
  record: (recorder, pool) =>
    smallVariants(pool.device).slice(0, 2).flatMap((variant) =>
      claims(recorder, pool, variant)
        .map((claim) => ({ ...claim, what: `${claim.what} ${variantName(variant)}` }))
    ),
}];
