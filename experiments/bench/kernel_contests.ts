/**
 * What the matrix products are held against, and on which shapes: OpenBLAS and a naive kernel for
 * the dense one, the dense one for the grouped ones.
 *
 * @module
 */
import { flops, op } from "../../kernels/base/op.ts";
import { normals, split, type Stream } from "../../kernels/base/random.ts";
import { gemm, gemmSwiglu } from "../../kernels/gemm/gemm.ts";
import { type Variant, variantName } from "../../kernels/gemm/variant.ts";
import { groupTokens } from "../../kernels/group_tokens/group_tokens.ts";
import { groupedGemm, groupedGemmSwiglu } from "../../kernels/grouped_gemm/grouped_gemm.ts";
import { compile, createRecorder, type Recorder } from "../../kernels/recorder.ts";
import type { Pool, Tensor } from "../../kernels/tensor.ts";
import { runTimed } from "../../kernels/time.ts";
import type { KernelChoice } from "../../kernels/tune.ts";
import type { BenchRow } from "./bench.ts";
import type { OpenBlas } from "./open_blas.ts";
import naiveCode from "./naive.wgsl" with { type: "text" };

/** One who takes part: a row without its time, and a run that gives its seconds. */
export interface Contender extends Omit<BenchRow, "seconds" | "warnings"> {
  /** Runs it once. */
  run(): Promise<number>;
}

/** Two who do the same work. */
export interface Contest {
  /** What is asked, such as "dense product against OpenBLAS". */
  says: string;
  /** The kernel in question. */
  ours: Contender;
  /** What it is held against. */
  theirs: Contender;
  /** Fraction of the other's speed that is wanted, where there is a goal. */
  target?: number;
}

/** What contests are made of. */
export interface Ring {
  /** Where tensors come from; whoever closes the device ends them. */
  pool: Pool;
  /** The device's variants. */
  kernels: KernelChoice;
}

/** Seeded normal numbers on the host. */
const numbers = (name: string, n: number) => normals(split(0, `bench/${name}`), n);

const fill = (pool: Pool, label: string, shape: number[]) =>
  pool.upload(label, shape, numbers(label, shape.reduce((a, b) => a * b)));

/** Seconds of a recording of one launch, whose result is put back. */
async function once(pool: Pool, record: (recorder: Recorder) => Tensor): Promise<number> {
  const [launch] = await runTimed(pool, (recorder) => pool.release(record(recorder)));
  return launch.endSeconds - launch.startSeconds;
}

/** Has the next product copy the tensor into its mirror, and count it. */
function fresh(tensor: Tensor): Tensor {
  tensor.slot.mirrored = false;
  return tensor;
}

const row = (product: string, shape: string, by: string) => ({
  id: `${product} ${shape} ${by}`,
  labels: { product, shape, by },
});

const cube = (n: number) => ({
  shape: `${n}x${n}x${n}`,
  flops: flops(op("gemm", { m: n, n, k: n })),
});

/** The dense product of two n x n matrices that have just been written. */
function square({ pool, kernels }: Ring, n: number): Contender {
  const [a, b] = [fill(pool, "a", [n, n]), fill(pool, "b", [n, n])];
  const variant = kernels.gemm;
  const { shape, flops } = cube(n);
  return {
    ...row("gemm", shape, `moelab ${variantName(variant)}`),
    flops,
    run: () => once(pool, (r) => gemm(r, fresh(a), { b: fresh(b), label: "gemm", variant })),
  };
}

/** Milliseconds that OpenBLAS's threads go on spinning after a call, generously. */
const SPIN_MS = 50;

/** The dense product, 1024^3, alone: for where there is no rival. */
export const denseAlone = (ring: Ring): Contender => square(ring, 1024);

/** The dense product against OpenBLAS, 1024^3; the copies into mirrors count. */
export function denseAgainstOpenBlas(
  ring: Ring,
  rival: OpenBlas,
  seconds: () => number,
): Contest {
  const n = 1024;
  const [a, b] = [numbers("a", n * n), numbers("b", n * n)];
  const c = new Float32Array(n * n);
  const { shape, flops } = cube(n);
  return {
    says: "dense product against OpenBLAS",
    target: 0.2,
    ours: denseAlone(ring),
    theirs: {
      ...row("gemm", shape, "OpenBLAS"),
      flops,
      async run() {
        const began = seconds();
        rival.sgemm(a, b, { c, m: n, n, k: n });
        const took = seconds() - began;
        await new Promise((resolve) => setTimeout(resolve, SPIN_MS));
        return took;
      },
    },
  };
}

/** The dense product against one thread a number, 256^3. */
export function denseAgainstNaive(ring: Ring): Contest {
  const { pool } = ring;
  const n = 256;
  const [a, b] = [fill(pool, "a", [n, n]), fill(pool, "b", [n, n])];
  const { shape, flops } = cube(n);
  const record = (recorder: Recorder) => {
    const c = pool.tensor("c", [n, n]);
    recorder.launch({
      label: "naive",
      kernel: compile(pool.device, "naive", naiveCode),
      inputs: [a, b, c],
      uniforms: [n],
      grid: [n / 8, n / 8],
    });
    return c;
  };
  return {
    says: "dense product against one thread a number",
    ours: square(ring, n),
    theirs: {
      ...row("gemm", shape, "naive"),
      flops,
      run: () => once(pool, record),
    },
  };
}

/** The shape of the grouped contests. */
const layer = { tokens: 1024, topK: 2, experts: 8, width: 512 };

/** An expert other than `not`: the first is twice as likely as the second, and so on down. */
function skewed(stream: Stream, not?: number): number {
  const weights = Array.from({ length: layer.experts }, (_, e) => e === not ? 0 : 1 / (e + 1));
  let rest = stream.uniform() * weights.reduce((a, b) => a + b);
  const at = weights.findIndex((w) => (rest -= w) < 0);
  return at < 0 ? layer.experts - 1 : at;
}

/** Two different experts for each token, and how many rows each expert gets. */
export function skewedChoices(): { ids: Uint32Array; rows: number[] } {
  const stream = split(0, "bench/ids");
  const rows: number[] = Array(layer.experts).fill(0);
  const ids = new Uint32Array(layer.tokens * layer.topK);
  for (let i = 0; i < ids.length; i++) {
    ids[i] = skewed(stream, i % 2 === 1 ? ids[i - 1] : undefined);
    rows[ids[i]]++;
  }
  return { ids, rows };
}

/** The grouped products against dense ones with as many rows, columns and FLOP. */
export async function groupedAgainstDense(ring: Ring): Promise<Contest[]> {
  const { pool, kernels } = ring;
  const { tokens, topK, experts, width } = layer;
  const variant: Variant = kernels.grouped;
  const dims = { m: tokens * topK, n: width, k: width };
  const { ids, rows } = skewedChoices();
  const recorder = createRecorder(pool);
  const groups = groupTokens(recorder, pool.upload("ids", [ids.length], ids), {
    experts,
    tileRows: variant.rows,
  });
  await recorder.finish();
  const [x, a] = [fill(pool, "x", [tokens, width]), fill(pool, "a", [dims.m, width])];
  const up = fill(pool, "up", [experts, 2, width, width]);
  const down = fill(pool, "down", [experts, width, width]);
  const both = fill(pool, "both", [2, width, width]);
  const one = fill(pool, "one", [width, width]);
  const shape = `${dims.m}x${width}x${width}`;
  const skewedShape = `${shape}, ${experts} groups of ${Math.min(...rows)} to ${Math.max(...rows)}`;
  const ours = `moelab ${variantName(variant)}`;
  const by = { label: "product", variant };
  const swigluFlops = flops(op("gemm_swiglu", dims));
  const plainFlops = flops(op("gemm", dims));
  return [
    {
      says: "grouped up product (gather and SwiGLU fused) against the dense one",
      target: 0.85,
      ours: {
        ...row("grouped_gemm_swiglu", skewedShape, ours),
        flops: swigluFlops,
        run: () => once(pool, (r) => groupedGemmSwiglu(r, x, { w: up, groups, topK, ...by })),
      },
      theirs: {
        ...row("gemm_swiglu", shape, `moelab ${variantName(kernels.gemmSwiglu)}`),
        flops: swigluFlops,
        run: () =>
          once(pool, (r) => gemmSwiglu(r, a, { b: both, ...by, variant: kernels.gemmSwiglu })),
      },
    },
    {
      says: "grouped down product against the dense one",
      target: 0.85,
      ours: {
        ...row("grouped_gemm", skewedShape, ours),
        flops: plainFlops,
        run: () => once(pool, (r) => groupedGemm(r, fresh(a), { w: down, groups, ...by })),
      },
      theirs: {
        ...row("gemm", shape, `moelab ${variantName(kernels.gemm)}`),
        flops: plainFlops,
        run: () => once(pool, (r) => gemm(r, fresh(a), { b: one, ...by, variant: kernels.gemm })),
      },
    },
  ];
}
