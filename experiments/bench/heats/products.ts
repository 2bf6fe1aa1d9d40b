/**
 * The dense product, against who else multiplies matrices here.
 *
 * @module
 */
import { op } from "../../../kernels/base/op.ts";
import { gemm } from "../../../kernels/gemm/gemm.ts";
import { compile } from "../../../kernels/recorder.ts";
import { type Contender, contenderOf, type Heat, type Operator, operatorId } from "../heat.ts";
import { type PresentRival, presentRivals } from "../rivals/present.ts";
import { fresh, type Ring } from "../ring.ts";
import naiveCode from "./naive.wgsl" with { type: "text" };

const cube = (n: number) => `${n}x${n}x${n}`;
const work = (n: number) => op("gemm", { m: n, n, k: n });

/** The product of two n x n matrices that have just been written: mirrors are copied and counted. */
function dense({ kernels }: Ring, n: number): Operator {
  const variant = kernels.gemm;
  return {
    name: "gemm",
    shape: cube(n),
    work: work(n),
    prepare(ring) {
      const [a, b] = ["a", "b"].map((label) => ring.fill(label, [n, n]));
      return (r) => [gemm(r, fresh(a), { b: fresh(b), label: "gemm", variant })];
    },
  };
}

/** One thread a number. */
function naive(n: number): Operator {
  return {
    name: "gemm naive",
    shape: cube(n),
    work: work(n),
    prepare({ pool, fill }) {
      const [a, b] = ["a", "b"].map((label) => fill(label, [n, n]));
      const kernel = compile(pool.device, "naive", naiveCode);
      return (recorder) => {
        const c = pool.tensor("c", [n, n]);
        const grid = [n / 8, n / 8] as const;
        recorder.launch({ label: "naive", kernel, inputs: [a, b, c], uniforms: [n], grid });
        return [c];
      };
    },
  };
}

function rivalContender({ name, run }: PresentRival, ours: Contender, n: number): Contender {
  const { flops, bytes } = ours;
  const labels = { operator: "gemm", shape: cube(n), by: name };
  return { id: `gemm ${cube(n)} ${name}`, labels, flops, bytes, underRoof: false, run };
}

const SIZE = 1024;

/** 1024^3 against OpenBLAS, ONNX Runtime and jax-js, as far as they are there. */
export const productHeat: Heat = {
  id: "gemm",
  family: "products",
  says: "dense product, 1024^3, and its rivals",
  async prepare(ring) {
    const ours = contenderOf(ring, dense(ring, SIZE));
    const { present, skipped } = await presentRivals(SIZE, ring);
    const theirs = present.map((rival) => rivalContender(rival, ours, SIZE));
    return {
      contenders: [ours, ...theirs],
      contests: present.map(({ name, goal }, i) => ({
        says: `dense product against ${name}`,
        ours: ours.id,
        theirs: theirs[i].id,
        goal,
      })),
      skipped,
      notes: present.map(({ says }) => says),
      close: async () => void await Promise.all(present.map((rival) => rival.close())),
    };
  },
};

/** 256^3 against a kernel without any care. */
export const naiveHeat: Heat = {
  id: "naive",
  family: "products",
  says: "dense product, 256^3, and one thread a number",
  prepare(ring) {
    const both = [dense(ring, 256), naive(256)];
    return {
      contenders: both.map((operator) => contenderOf(ring, operator)),
      contests: [{
        says: "dense product against one thread a number",
        ours: operatorId(both[0]),
        theirs: operatorId(both[1]),
      }],
    };
  },
};
