import { combine } from "../../../kernels/combine/combine.ts";
import { combineOracle } from "../../../kernels/combine/oracle.ts";
import { groupTokens } from "../../../kernels/group_tokens/group_tokens.ts";
import { groupTokensOracle } from "../../../kernels/group_tokens/oracle.ts";
import { routerOracle } from "../../../kernels/router/oracle.ts";
import { router } from "../../../kernels/router/router.ts";
import { numbers } from "../compare.ts";
import type { Case } from "./case.ts";

const sameScale = (values: Float64Array) => ({ values, scale: values.map(() => 1) });

const choice: Case = {
  name: "router",
  record: (recorder, pool) =>
    [[1, 1, 1], [67, 13, 3]].flatMap(([t, e, k]) => {
      const logits = numbers("logits", t * e, 2);
      const tensor = pool.upload("logits", [t, e], logits);
      return [false, true].flatMap((renormalise) => {
        const wanted = routerOracle(logits, { t, e, k, renormalise });
        const { ids, weights } = router(recorder, tensor, { topK: k, renormalise });
        return [
          { what: `ids ${t}x${e}`, tensor: ids, wanted: [...wanted.ids] },
          { what: `weights ${t}x${e}`, tensor: weights, wanted: sameScale(wanted.weights) },
        ];
      });
    }),
};

const ties: Case = {
  name: "router: ties go to the lower index, ids are distinct for NaN",
  record(recorder, pool) {
    const logits = Float32Array.of(1, 3, 3, 3, 0, 0, 0, 0, NaN, NaN, NaN, NaN);
    const tensor = pool.upload("logits", [3, 4], logits);
    const { ids } = router(recorder, tensor, { topK: 2, renormalise: false });
    return [{ what: "ids", tensor: ids, wanted: [1, 2, 0, 1, 0, 1] }];
  },
};

const groups: Case = {
  name: "token groups",
  record: (recorder, pool) =>
    [[1, 1, 16], [131, 70, 16], [200, 3, 32]].flatMap(([choices, experts, tileRows]) => {
      // The last expert stays without tokens where there is more than one.
      const ids = Uint32Array.from({ length: choices }, (_, i) => i * 7 % Math.max(1, experts - 1));
      const tensor = pool.upload("ids", [choices], ids);
      const got = groupTokens(recorder, tensor, { experts, tileRows });
      const wanted = groupTokensOracle(ids, { experts, tileRows });
      return [
        { what: "offsets", tensor: got.offsets, wanted: wanted.offsets },
        { what: "row ids", tensor: got.rowIds, wanted: wanted.rowIds },
        { what: "places", tensor: got.places, wanted: wanted.places },
        { what: "tiles", tensor: got.tileMap, wanted: wanted.tiles.flatMap((t) => [...t, 0]) },
      ];
    }),
};

const together: Case = {
  name: "combine",
  record: (recorder, pool) =>
    [[1, 1, 1], [9, 3, 13]].flatMap(([t, k, d]) => {
      const places = Uint32Array.from({ length: t * k }, (_, i) => t * k - 1 - i);
      const rows = numbers("rows", t * k * d);
      const [weights, extra] = [numbers("weights", t * k), numbers("extra", t * d)];
      const tensors = {
        places: pool.upload("places", [t * k], places),
        weights: pool.upload("weights", [t * k], weights),
        extra: pool.upload("extra", [t, d], extra),
      };
      const sorted = pool.upload("rows", [t * k, d], rows);
      return [{
        what: `${t}x${k}x${d}`,
        tensor: combine(recorder, sorted, { ...tensors, topK: k }),
        wanted: combineOracle(rows, { places, weights, extra, t, k, d }),
      }];
    }),
};

/** From logits to groups, and from rows to tokens. */
export const routingCases: readonly Case[] = [choice, ties, groups, together];
