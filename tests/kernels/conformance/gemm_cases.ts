import { gemm, gemmGated } from "../../../kernels/gemm/gemm.ts";
import { gemmOracle, gemmSwigluOracle } from "../../../kernels/gemm/oracle.ts";
import { variantName } from "../../../kernels/gemm/variant.ts";
import { numbers } from "../compare.ts";
import { type Case, smallVariants } from "./case.ts";

const shapes = [{ m: 1, n: 1, k: 1 }, { m: 19, n: 37, k: 13 }];
const forms = [{ name: "nn" }, { name: "nt", transposeB: true }, { name: "tn", transposeA: true }];

const products: Case[] = forms.map((form) => ({
  name: `gemm ${form.name}`,
  record: (recorder, pool) =>
    shapes.flatMap(({ m, n, k }) => {
      const [a, b] = [numbers("a", m * k), numbers("b", k * n)];
      const ta = pool.upload("a", form.transposeA ? [k, m] : [m, k], a);
      const tb = pool.upload("b", form.transposeB ? [n, k] : [k, n], b);
      const wanted = gemmOracle(a, b, { m, n, k, ...form });
      const list = smallVariants(pool.device).slice(0, form.name === "nn" ? 3 : 2);
      return list.map((variant) => ({
        what: `${variantName(variant)} ${m}x${n}x${k}`,
        tensor: gemm(recorder, ta, { ...form, b: tb, label: "c", variant }),
        wanted,
      }));
    }),
}));

const epilogue: Case = {
  name: "gemm with bias, activation and residual",
  record(recorder, pool) {
    const { m, n, k } = { m: 9, n: 11, k: 10 };
    const [a, b] = [numbers("a", m * k), numbers("b", k * n)];
    const [bias, add] = [numbers("bias", n), numbers("add", m * n)];
    const options = { label: "c", activation: "silu" } as const;
    const [ta, tb] = [pool.upload("a", [m, k], a), pool.upload("b", [k, n], b)];
    const extra = { bias: pool.upload("bias", [n], bias), add: pool.upload("add", [m, n], add) };
    return smallVariants(pool.device).slice(1, 2).map((variant) => ({
      what: variantName(variant),
      tensor: gemm(recorder, ta, { ...options, ...extra, b: tb, variant }),
      wanted: gemmOracle(a, b, { m, n, k, ...options, bias, add }),
    }));
  },
};

const gated: Case = {
  name: "gated gemm",
  record(recorder, pool) {
    const { m, n, k } = { m: 21, n: 18, k: 7 };
    const [a, w] = [numbers("a", m * k), numbers("w", 2 * k * n)];
    const [ta, b] = [pool.upload("a", [m, k], a), pool.upload("w", [2, k, n], w)];
    return smallVariants(pool.device).slice(0, 2).map((variant) => ({
      what: variantName(variant),
      tensor: gemmGated(recorder, ta, { b, label: "h", variant, gate: "silu" }).y,
      wanted: gemmSwigluOracle(a, w, { m, n, k }),
    }));
  },
};

/** Dense products in each variant that the device runs. */
export const gemmCases: readonly Case[] = [...products, epilogue, gated];
