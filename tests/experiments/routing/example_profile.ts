/** A small made-up profile with curves, for tests that need no device. */
import type { Profile } from "../../../kernels/mod.ts";
import { deviceProfile } from "../../../sim/mod.ts";
import { gridCorners } from "../../../kernels/mod.ts";

function curve(axes: Record<string, number[]>, options: {
  quantum?: Record<string, number>;
  seconds: (dims: Record<string, number>) => number;
}) {
  const seconds = gridCorners(axes).map(options.seconds);
  const quantum = options.quantum ?? {};
  return {
    quantum,
    axes,
    fixed: {},
    seconds,
    lo: seconds.map((s) => 0.9 * s),
    hi: seconds.map((s) => 1.2 * s),
  };
}

const powers = [64, 128, 256, 512, 1024];
const product = (factor: number) => (d: Record<string, number>) => factor * d.m * d.n * d.k;
const quantum = { m: 64, n: 64, k: 8 };
/** Sizes of a backward pass: inner sizes reach down to few experts, and up to two planes. */
const gradient = (factor: number, axes: Record<string, number[]>) =>
  curve(axes, { quantum: { m: 8, n: 8, k: 8 }, seconds: product(factor) });
const wide = { m: [32, 4096], n: [8, 1024], k: [8, 4096] };
const t = [16, 64, 256, 1024];

/** Curves that follow known laws, so that interpolation has a right answer. */
export const exampleProfile: Profile = {
  ...deviceProfile("h100"),
  id: "example",
  kind: "measured",
  launchSeconds: 1e-5,
  curves: {
    gemm: curve({ m: powers, n: powers, k: [64, 512] }, { quantum, seconds: product(1e-10) }),
    gemm_swiglu: curve({ m: powers, n: powers, k: [64, 512] }, {
      quantum,
      seconds: product(2e-10),
    }),
    grouped_gemm_swiglu: curve(
      { m: [64, 512, 4096], n: [64, 512], k: [64, 512] },
      { quantum, seconds: product(2e-10) },
    ),
    grouped_gemm: curve(
      { m: [64, 512, 4096], n: [64, 512], k: [64, 512] },
      { quantum, seconds: product(1e-10) },
    ),
    router: curve({ t, e: [4, 16, 64], k: [1, 2, 4] }, { seconds: (d) => 1e-9 * d.t * d.e }),
    group_tokens: curve({ t, e: [4, 16, 64], k: [1, 2, 4] }, { seconds: (d) => 1e-8 * d.t * d.k }),
    gemm_nt: gradient(1e-10, wide),
    gemm_tn: gradient(1e-10, wide),
    grouped_gemm_nt: gradient(1e-10, wide),
    grouped_gemm_tn: gradient(1e-10, { ...wide, groups: [4, 64] }),
    activation_backward: curve({ m: [16, 4096], n: [64, 512] }, {
      seconds: (d) => 1e-9 * d.m * d.n,
    }),
    expert_backward: curve({ m: [16, 4096], n: [64, 512] }, { seconds: (d) => 1e-9 * d.m * d.n }),
    router_backward: curve({ t, e: [4, 64], k: [1, 4] }, { seconds: (d) => 1e-9 * d.t * d.e }),
    combine: curve({ t, k: [1, 2, 5], d: [64, 192, 512] }, {
      quantum: { d: 8 },
      seconds: (d) => 1e-9 * d.t * d.k * d.d,
    }),
  },
};
