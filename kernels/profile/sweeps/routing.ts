/**
 * Sweeps of what routes tokens, forwards and backwards.
 *
 * @module
 */
import { split } from "../../base/random.ts";
import { combine } from "../../combine/combine.ts";
import { groupTensors, groupTokens } from "../../group_tokens/group_tokens.ts";
import { PAD } from "../../layout.ts";
import { routerBackward } from "../../router/backward.ts";
import { router } from "../../router/router.ts";
import { scattered, staged, type Sweep, type SweepContext, UNTIMED } from "../sweep.ts";

const tokens = [16, 128, 1024];

/** Scores and top-k. */
export function routerSweep(): Sweep {
  return {
    kind: "router",
    axes: { t: tokens, e: [4, 16, 64], k: [1, 2, 4] },
    quantum: {},
    fixed: {},
    prepare: staged(({ fill }) => (recorder, { t, e, k }, label) => {
      const options = { topK: k, renormalise: true, label };
      return Object.values(router(recorder, fill([t, e]), options));
    }),
  };
}

/** The gradient of the logits. */
export function routerBackwardSweep(): Sweep {
  return {
    kind: "router_backward",
    axes: { t: [32, 256, 1024], e: [4, 16, 64], k: [1, 4] },
    quantum: {},
    fixed: {},
    prepare: staged(({ fill, count }) => (recorder, { t, e, k }, label) => {
      const ids = count(t * k, `ids of ${e}`, (i) => (Math.floor(i / k) * 7919 + i % k) % e);
      const options = { ids, dweights: fill([t * k]), topK: k, renormalise: true, label };
      return [routerBackward(recorder, fill([t, e]), options)];
    }),
  };
}

/** Counts, offsets, ranks and the tile map. */
export function groupTokensSweep({ kernels: { grouped } }: SweepContext): Sweep {
  return {
    kind: "group_tokens",
    axes: { t: tokens, e: [4, 16, 64], k: [1, 2, 4] },
    quantum: {},
    fixed: {},
    prepare: staged(({ count }) => {
      const stream = split(0, "profile ids");
      return (recorder, { t, e, k }, label) => {
        const ids = count(t * k, `ids of ${e}`, () => stream.int(0, e - 1));
        const options = { experts: e, tileRows: grouped.rows, label };
        return groupTensors(groupTokens(recorder, ids, options));
      };
    }),
  };
}

/** The weighted sum of each token's rows. */
export function combineSweep(): Sweep {
  return {
    kind: "combine",
    axes: { t: tokens, k: [1, 2, 5], d: [64, 192, 512] },
    quantum: { d: PAD },
    fixed: {},
    prepare: staged(({ fill, count }) => (recorder, { t, k, d }, label) => {
      const n = t * k;
      const places = count(n, "places", scattered(n));
      const weights = fill([n]);
      // In a layer the rows were written just before: so they are here, by a copy of their own.
      const copy = { places, weights, topK: 1, label: UNTIMED };
      const rows = combine(recorder, fill([n, d]), copy);
      return [rows, combine(recorder, rows, { places, weights, topK: k, label })];
    }),
  };
}
