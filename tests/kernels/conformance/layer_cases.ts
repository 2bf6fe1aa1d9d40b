import * as k from "../../../kernels/mod.ts";
import { numbers } from "../compare.ts";
import type { Case } from "./case.ts";

const GRADIENT = 1e-4;

const norms: Case = {
  name: "norm and its gradient",
  record(recorder, pool) {
    const [kind, t, d] = ["layer", 37, 13] as const;
    const [x, gamma, dy] = [numbers("x", t * d), numbers("gamma", d), numbers("dy", t * d)];
    const tx = pool.upload("x", [t, d], x);
    const tgamma = pool.upload("gamma", [d], gamma);
    const normed = k.norm(recorder, tx, { kind, gamma: tgamma });
    const tdy = pool.upload("dy", [t, d], dy);
    const { dx, dgamma } = k.normBackward(recorder, tdy, { kind, x: tx, normed, gamma: tgamma });
    const back = k.normBackwardOracle(x, { kind, t, d, gamma, dy });
    return [
      { what: "y", tensor: normed.y, wanted: k.normOracle(x, { kind, t, d, gamma }).y },
      { what: "dx", tensor: dx, wanted: back.dx, tolerance: GRADIENT },
      { what: "dgamma", tensor: dgamma!, wanted: back.dgamma!, tolerance: GRADIENT },
    ];
  },
};

const shares: Case = {
  name: "softmax and its gradient",
  record: (recorder, pool) =>
    [[1, 1], [67, 19]].flatMap(([t, n]) => {
      const [x, dy] = [numbers("x", t * n, 3), numbers("dy", t * n)];
      const { y, lse } = k.softmax(recorder, pool.upload("x", [t, n], x));
      const dx = k.softmaxBackward(recorder, pool.upload("dy", [t, n], dy), { y });
      const wanted = k.softmaxOracle(x, { t, n });
      const back = k.softmaxBackwardOracle(dy, { t, n, y: wanted.y.values });
      const least = { ...back, scale: back.scale.map((s) => s + 1e-6) };
      return [
        { what: `y ${t}x${n}`, tensor: y, wanted: wanted.y },
        { what: `log-sum-exp ${t}x${n}`, tensor: lse, wanted: wanted.lse },
        { what: `dx ${t}x${n}`, tensor: dx, wanted: least, tolerance: GRADIENT },
      ];
    }),
};

const rotations: Case = {
  name: "rotary embedding",
  record(recorder, pool) {
    const [rows, width, heads, length] = [14, 32, 2, 7];
    const angles = { rotary: 8 };
    const x = numbers("x", rows * width);
    const table = k.ropeTable(pool, { ...angles, positions: length });
    const options = { heads, length, pairing: "interleaved" } as const;
    const tensor = k.rope(recorder, pool.upload("x", [rows, width], x), { ...options, table });
    const wanted = k.ropeOracle(x, { ...angles, ...options, rows, width: width / heads });
    return [{ what: "turned", tensor, wanted }];
  },
};

const words: Case = {
  name: "embedding and its gradient",
  record(recorder, pool) {
    const [t, vocabulary, d] = [71, 9, 5];
    const ids = Uint32Array.from({ length: t }, (_, i) => i * i % vocabulary);
    const [table, dy] = [numbers("table", vocabulary * d), numbers("dy", t * d)];
    const tids = pool.upload("ids", [t], ids);
    const y = k.embed(recorder, pool.upload("table", [vocabulary, d], table), { ids: tids });
    const tdy = pool.upload("dy", [t, d], dy);
    return [
      { what: "rows", tensor: y, wanted: [...k.embedOracle(table, { ids, d })] },
      {
        what: "gradient",
        tensor: k.embedBackward(recorder, tdy, { ids: tids, vocabulary }),
        wanted: k.embedBackwardOracle(dy, { ids, d, vocabulary }),
      },
    ];
  },
};

const expert: Case = {
  name: "gated activation and its gradients",
  record(recorder, pool) {
    const [rows, f] = [19, 21];
    const choice = { kind: "silu", gated: true } as const;
    const [h, da, weights] = [
      numbers("h", 2 * rows * f),
      numbers("da", rows * f),
      numbers("weights", rows),
    ];
    const rowIds = Uint32Array.from({ length: rows }, (_, i) => rows - 1 - i);
    const th = pool.upload("h", [2, rows, f], h);
    const tda = pool.upload("da", [rows, f], da);
    const row = {
      weights: pool.upload("weights", [rows], weights),
      rowIds: pool.upload("row ids", [rows], rowIds),
    };
    const a = k.activation(recorder, th, choice);
    const { dh, dweights } = k.expertBackward(recorder, tda, { ...choice, h: th, row });
    const back = k.expertBackwardOracle(da, { ...choice, h, f, row: { weights, rowIds } });
    return [
      { what: "a", tensor: a, wanted: k.activationOracle(h, choice) },
      { what: "dh", tensor: dh, wanted: back.dh, tolerance: GRADIENT },
      { what: "weighted a", tensor: tda, wanted: back.as },
      { what: "dweights", tensor: dweights!, wanted: back.dweights, tolerance: GRADIENT },
    ];
  },
};

const attended: Case = {
  name: "attention and its gradients",
  record(recorder, pool) {
    const [length, heads, kvHeads, dqk, dv] = [13, 2, 1, 8, 8];
    const tokens = 2 * length;
    const shapes = { q: heads * dqk, k: kvHeads * dqk, v: kvHeads * dv, grad: heads * dv };
    const names = Object.keys(shapes) as (keyof typeof shapes)[];
    const pick = <V>(make: (name: keyof typeof shapes) => V) =>
      Object.fromEntries(names.map((name) => [name, make(name)])) as Record<
        typeof names[number],
        V
      >;
    const host = pick((name) => numbers(name, tokens * shapes[name]));
    const tensors = pick((name) => pool.upload(name, [tokens, shapes[name]], host[name]));
    const options = { length, heads, kvHeads };
    const forward = k.attention(recorder, tensors, options);
    const back = k.attentionBackward(recorder, { ...tensors, ...forward }, options);
    const dims = { ...options, tokens, dqk, dv };
    const wanted = k.attentionOracle(host, dims);
    const slopes = k.attentionBackwardOracle(host, dims);
    const gradients = (["dq", "dk", "dv"] as const).map((what) => ({
      what,
      tensor: back[what],
      wanted: slopes[what],
      tolerance: GRADIENT,
    }));
    return [
      { what: "o", tensor: forward.o, wanted: wanted.o },
      { what: "log-sum-exp", tensor: forward.lse, wanted: wanted.lse },
      ...gradients,
    ];
  },
};

/** What stands around the experts of a layer. */
export const layerCases: readonly Case[] = [norms, shares, rotations, words, expert, attended];
