/**
 * What lies between a gate and its experts: choosing, sorting, combining.
 *
 * @module
 */
import { op } from "../../../kernels/base/op.ts";
import { combine } from "../../../kernels/combine/combine.ts";
import { groupTensors, groupTokens } from "../../../kernels/group_tokens/group_tokens.ts";
import { router } from "../../../kernels/router/router.ts";
import { type Heat, type Operator, operatorHeat } from "../heat.ts";
import type { Ring } from "../ring.ts";
import { OF_COPY, tensorsOf } from "./sizes.ts";

const T = 8192;
const E = 64;
const K = 4;
/** Tokens and columns that are combined: their rows are more than a cache holds. */
const ROWS = { t: 4096, k: 2, d: 1024 };

/** A stride that shares no factor with `n` scatters rows as a routing does. */
const scattered = (n: number, below = n) =>
  Uint32Array.from({ length: n }, (_, i) => i * 7919 % n % below);

const operators = ({ kernels }: Ring): Operator[] => [
  {
    name: "router",
    shape: `T = ${T}, top-${K} of ${E}`,
    work: op("router", { t: T, e: E, k: K }),
    prepare({ fill }) {
      const logits = fill("logits", [T, E]);
      return (r) => tensorsOf(router(r, logits, { topK: K, renormalise: true }));
    },
  },
  {
    name: "group_tokens",
    shape: `T = ${T}, top-${K} of ${E}`,
    work: op("group_tokens", { t: T, e: E, k: K }),
    prepare({ upload }) {
      const ids = upload("ids", [T * K], scattered(T * K, E));
      const options = { experts: E, tileRows: kernels.grouped.rows };
      return (r) => groupTensors(groupTokens(r, ids, options));
    },
  },
  {
    name: "combine",
    shape: `${ROWS.t}x${ROWS.d}, top-${ROWS.k}`,
    work: op("combine", ROWS),
    ofCopy: OF_COPY,
    prepare({ fill, upload }) {
      const { t, k, d } = ROWS;
      const rows = fill("rows", [t * k, d]);
      const places = upload("places", [t * k], scattered(t * k));
      const weights = fill("weights", [t * k]);
      return (r) => [combine(r, rows, { places, weights, topK: k })];
    },
  },
];

/** Router, sort and combine. */
export const routingHeat: Heat = operatorHeat({
  id: "routing",
  family: "routing",
  says: "router, sort by expert, combine",
  operators,
});
