/**
 * The shapes that a profile measures, by operator: axes of dimensions, tile sizes that dimensions
 * are rounded up to, and how a shape is recorded.
 *
 * Operands are in the state in which a layer has them: the input of the router and of the down
 * products is fresh (its mirror is copied and counted), that of the up products is mirrored.
 *
 * @module
 */
import type { OpKind } from "./base/op.ts";
import { normals, split } from "./base/random.ts";
import { combine } from "./combine/combine.ts";
import type { Device } from "./device.ts";
import { gemm, gemmSwiglu } from "./gemm/gemm.ts";
import { columnsOf, plainProgram, type Program, type Variant } from "./gemm/variant.ts";
import { groupedGemm, groupedGemmSwiglu } from "./grouped_gemm/grouped_gemm.ts";
import { groupTensors, groupTokens, type TokenGroups } from "./group_tokens/group_tokens.ts";
import { PAD } from "./layout.ts";
import type { Recorder } from "./recorder.ts";
import { router } from "./router/router.ts";
import type { Pool, Tensor } from "./tensor.ts";
import type { KernelChoice } from "./tune.ts";

/** Dimensions of a corner by name. */
type Dims = Record<string, number>;

/** One operator's grid and how to run it. */
export interface Sweep {
  kind: OpKind;
  axes: Record<string, number[]>;
  quantum: Dims;
  fixed: Dims;
  /** Makes the inputs of all corners; `record` gives the tensors to put back. */
  prepare(pool: Pool): {
    inputs: Tensor[];
    record(recorder: Recorder, dims: Dims, label: string): Tensor[];
  };
}

/** Tensors by shape, filled with seeded normal numbers when first asked for. */
function filler(pool: Pool): { inputs: Tensor[]; fill: (...shape: number[]) => Tensor } {
  const known = new Map<string, Tensor>();
  const inputs: Tensor[] = [];
  const values = normals(split(0, "profile"), 65537, 0.1);
  const fill = (...shape: number[]) => {
    const key = shape.join("x");
    const at = known.get(key);
    if (at) return at;
    const n = shape.reduce((a, b) => a * b);
    const data = new Float32Array(n);
    for (let i = 0; i < n; i += values.length) data.set(values.subarray(0, n - i), i);
    const tensor = pool.upload(key, shape, data);
    inputs.push(tensor);
    known.set(key, tensor);
    return tensor;
  };
  return { inputs, fill };
}

function fresh(tensor: Tensor): Tensor {
  tensor.slot.mirrored = false;
  return tensor;
}

/** Doubling sizes. The axes are the same whatever kernels were tuned: so is what is drawn from them. */
const powers = (from: number, to: number): number[] =>
  from > to ? [] : [from, ...powers(2 * from, to)];

/** The program of a plain product, or of a SwiGLU one. */
function programOf(swiglu: boolean): Program {
  return { ...plainProgram("nn"), ...(swiglu && { epilogue: { gate: "silu" } }) };
}

function denseSweep(device: Device, swiglu: boolean, variant: Variant): Sweep {
  const columns = columnsOf(variant, programOf(swiglu), device.subgroupSize);
  return {
    kind: swiglu ? "gemm_swiglu" : "gemm",
    axes: swiglu
      ? { m: powers(32, 1024), n: powers(64, 512), k: [64, 256, 512] }
      : { m: powers(32, 1024), n: powers(64, 1024), k: powers(64, 512) },
    quantum: { m: variant.rows, n: columns, k: PAD },
    fixed: {},
    prepare(pool) {
      const { inputs, fill } = filler(pool);
      return {
        inputs,
        record(recorder, { m, n, k }, label) {
          return swiglu
            ? [gemmSwiglu(recorder, fill(m, k), { b: fill(2, k, n), label, variant })]
            : [gemm(recorder, fresh(fill(m, k)), { b: fill(k, n), label, variant })];
        },
      };
    },
  };
}

const GROUPS = 8;

function groupedSweep(device: Device, swiglu: boolean, variant: Variant): Sweep {
  const columns = columnsOf(variant, programOf(swiglu), device.subgroupSize);
  return {
    kind: swiglu ? "grouped_gemm_swiglu" : "grouped_gemm",
    axes: {
      m: powers(32, 4096),
      n: powers(64, 512),
      k: [64, 192, 512],
    },
    quantum: { m: variant.rows, n: columns, k: PAD },
    fixed: { groups: GROUPS },
    prepare(pool) {
      const { inputs, fill } = filler(pool);
      const setup = new Map<string, TokenGroups>();
      /** Rows of `m` in whole tiles, dealt to the experts in turn. */
      const groupsOf = (recorder: Recorder, m: number, n: number) => {
        const key = `${m}x${n}`;
        const known = setup.get(key);
        if (known) return known;
        const ids = pool.upload(
          "ids",
          [m],
          Uint32Array.from({ length: m }, (_, i) => Math.floor(i / variant.rows) % GROUPS),
        );
        const groups = groupTokens(recorder, ids, {
          experts: GROUPS,
          tileRows: variant.rows,
          label: "-1",
        });
        setup.set(key, groups);
        inputs.push(ids, ...groupTensors(groups));
        return groups;
      };
      return {
        inputs,
        record(recorder, { m, n, k }, label) {
          const groups = groupsOf(recorder, m, n);
          return swiglu
            ? [groupedGemmSwiglu(recorder, fill(m, k), {
              w: fill(GROUPS, 2, k, n),
              groups,
              topK: 1,
              label,
              variant,
            })]
            : [groupedGemm(recorder, fresh(fill(m, k)), {
              w: fill(GROUPS, k, n),
              groups,
              label,
              variant,
            })];
        },
      };
    },
  };
}

const tokens = [16, 64, 256, 1024];

function routerSweep(): Sweep {
  return {
    kind: "router",
    axes: { t: tokens, e: [4, 16, 64], k: [1, 2, 4] },
    quantum: {},
    fixed: {},
    prepare(pool) {
      const { inputs, fill } = filler(pool);
      return {
        inputs,
        record(recorder, { t, e, k }, label) {
          return Object.values(router(recorder, fill(t, e), { topK: k, renormalise: true, label }));
        },
      };
    },
  };
}

function groupTokensSweep(variant: Variant): Sweep {
  return {
    kind: "group_tokens",
    axes: { t: tokens, e: [4, 16, 64], k: [1, 2, 4] },
    quantum: {},
    fixed: {},
    prepare(pool) {
      const stream = split(0, "profile ids");
      const known = new Map<string, Tensor>();
      const inputs: Tensor[] = [];
      const idsOf = (n: number, e: number) => {
        const key = `${n}x${e}`;
        if (!known.has(key)) {
          const ids = Uint32Array.from({ length: n }, () => stream.int(0, e - 1));
          known.set(key, pool.upload("ids", [n], ids));
          inputs.push(known.get(key)!);
        }
        return known.get(key)!;
      };
      return {
        inputs,
        record(recorder, { t, e, k }, label) {
          const options = { experts: e, tileRows: variant.rows, label };
          return groupTensors(groupTokens(recorder, idsOf(t * k, e), options));
        },
      };
    },
  };
}

function combineSweep(): Sweep {
  return {
    kind: "combine",
    axes: { t: tokens, k: [1, 2, 5], d: [64, 192, 512] },
    quantum: { d: PAD },
    fixed: {},
    prepare(pool) {
      const { inputs, fill } = filler(pool);
      const known = new Map<number, Tensor>();
      const placesOf = (n: number) => {
        if (!known.has(n)) {
          // A stride that shares no factor with n scatters the rows as a routing does.
          const places = Uint32Array.from({ length: n }, (_, i) => (i * 7919) % n);
          known.set(n, pool.upload("places", [n], places));
          inputs.push(known.get(n)!);
        }
        return known.get(n)!;
      };
      return {
        inputs,
        record(recorder, { t, k, d }, label) {
          const n = t * k;
          const places = placesOf(n);
          // In a layer the rows were written just before: so they are here, by a copy of their own.
          const copy = { places, weights: fill(n), topK: 1, label: "-1" };
          const rows = combine(recorder, fill(n, d), copy);
          return [rows, combine(recorder, rows, { places, weights: fill(n), topK: k, label })];
        },
      };
    },
  };
}

/** The grids of all operators of a layer. */
export function sweeps(device: Device, kernels: KernelChoice): Sweep[] {
  return [
    denseSweep(device, false, kernels.gemm),
    denseSweep(device, true, kernels.gemmSwiglu),
    groupedSweep(device, true, kernels.grouped),
    groupedSweep(device, false, kernels.grouped),
    routerSweep(),
    groupTokensSweep(kernels.grouped),
    combineSweep(),
  ];
}
