import * as k from "../../../kernels/mod.ts";
import { numbers } from "../compare.ts";
import { type Case, smallVariants } from "./case.ts";

const GRADIENT = 1e-4;

const loss: Case = {
  name: "cross-entropy and its gradients",
  record(recorder, pool) {
    const [t, d, v] = [9, 5, 70];
    const [x, w] = [numbers("x", t * d), numbers("w", v * d)];
    const targets = Uint32Array.from({ length: t }, (_, i) => i * 11 % v);
    const tx = pool.upload("x", [t, d], x);
    const options = {
      w: pool.upload("w", [v, d], w),
      targets: pool.upload("targets", [t], targets),
      variant: smallVariants(pool.device)[0],
      chunk: 64,
    };
    const forward = k.crossEntropy(recorder, tx, options);
    const { dx, dw } = k.crossEntropyBackward(recorder, tx, { ...options, forward });
    const dims = { t, d, v, w, targets };
    const back = k.crossEntropyBackwardOracle(x, dims);
    return [
      { what: "losses", tensor: forward.losses, wanted: k.crossEntropyOracle(x, dims).losses },
      { what: "dx", tensor: dx, wanted: back.dx, tolerance: GRADIENT },
      { what: "dw", tensor: dw, wanted: back.dw, tolerance: GRADIENT },
    ];
  },
};

const routerGradient: Case = {
  name: "gradient of the router",
  record(recorder, pool) {
    const [t, e, topK] = [19, 7, 3];
    const scoring = { topK, renormalise: true };
    const [logits, dweights] = [numbers("logits", t * e), numbers("dweights", t * topK)];
    const { ids } = k.routerOracle(logits, { t, e, k: topK, renormalise: true });
    const tensor = k.routerBackward(recorder, pool.upload("logits", [t, e], logits), {
      ...scoring,
      ids: pool.upload("ids", [t * topK], ids),
      dweights: pool.upload("dweights", [t * topK], dweights),
    });
    const options = { t, e, k: topK, renormalise: true, ids, dweights };
    const wanted = k.routerBackwardOracle(logits, options);
    const least = { ...wanted, scale: wanted.scale.map((s) => s + 1e-6) };
    return [{ what: "dlogits", tensor, wanted: least, tolerance: GRADIENT }];
  },
};

const step: Case = {
  name: "AdamW",
  record(recorder, pool) {
    const shape = [5, 13];
    const n = 65;
    const [p, gradient] = [numbers("p", n), numbers("g", n)];
    const zeros = new Float32Array(n);
    const up = (name: string, data: Float32Array<ArrayBuffer>) => pool.upload(name, shape, data);
    const tensors = { gradient: up("g", gradient), m: up("m", zeros), v: up("v", zeros) };
    const told = { step: 1, rate: 0.01, decay: 0.1 };
    const tp = up("p", p);
    k.adamw(recorder, tp, { ...tensors, ...told });
    const wanted = k.adamwOracle(p, { gradient, m: zeros, v: zeros, ...told });
    return [
      { what: "p", tensor: tp, wanted: wanted.p },
      { what: "m", tensor: tensors.m, wanted: wanted.m },
      { what: "v", tensor: tensors.v, wanted: wanted.v },
    ];
  },
};

const sums: Case = {
  name: "sums, clipping and column sums",
  record(recorder, pool) {
    const [rows, n] = [67, 13];
    const x = numbers("x", rows * n);
    const tensor = pool.upload("x", [rows, n], x);
    const { norm } = k.clipOf(recorder, [tensor], { maxNorm: 0.5 });
    const wantedNorm = Float64Array.of(k.clipOracle([x], { maxNorm: 0.5 }).norm);
    return [
      { what: "sum", tensor: k.sumOf(recorder, [tensor]), wanted: k.sumOracle([x]) },
      { what: "norm", tensor: norm, wanted: { values: wantedNorm, scale: wantedNorm } },
      {
        what: "columns",
        tensor: k.columnSums(recorder, tensor),
        wanted: k.columnSumsOracle(x, { rows, n }),
      },
    ];
  },
};

const weights: Case = {
  name: "gemm with weights of 8 and 4 bits",
  record(recorder, pool) {
    const { m, n, k: inner } = { m: 9, n: 24, k: 64 };
    const [a, b] = [numbers("a", m * inner), numbers("b", inner * n)];
    const ta = pool.upload("a", [m, inner], a);
    const variant = smallVariants(pool.device)[0];
    return ([8, 4] as const).map((bits) => {
      const values = k.quantise(b, { shape: [inner, n], bits });
      const tb = k.uploadQuantised(pool, values, { label: "b" });
      return {
        what: `${bits} bits`,
        tensor: k.gemm(recorder, ta, { b: tb, label: "c", variant }),
        wanted: k.gemmOracle(a, k.dequantise(values), { m, n, k: inner }),
      };
    });
  },
};

/** What training adds, and weights in few bits. */
export const trainingCases: readonly Case[] = [loss, routerGradient, step, sums, weights];
