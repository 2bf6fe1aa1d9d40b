/**
 * Launches a generated matrix kernel, dense or grouped: the one place that knows its bindings.
 *
 * @module
 */
import { shaderText } from "../shader_text.ts";
import { UserError } from "../base/errors.ts";
import type { Device } from "../device.ts";
import { PAD, roundUp } from "../layout.ts";
import { compile, type Input, type Kernel, type Recorder } from "../recorder.ts";
import { storageBytes } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import { epilogueName } from "./epilogue.ts";
import { extraBindings, FLAGS, UNIFORMS } from "./shader_parts.ts";
import { subgroupShader } from "./subgroup_shader.ts";
import { tileShader } from "./tile_shader.ts";
import {
  columnsOf,
  type Program,
  transposesA,
  transposesB,
  type Variant,
  variantName,
} from "./variant.ts";

/** The WGSL of a program in a variant. */
export function shaderOf(v: Variant, program: Program, subgroupSize: number): string {
  return v.family === "subgroup"
    ? subgroupShader(v, program, subgroupSize)
    : tileShader(v, program);
}

/** A program as a word: gemm_nn, gemm_tn, gemm_nn_gated_silu and so on. */
export function programName(program: Program): string {
  const { form, epilogue, storage, weights, gathered } = program;
  const types = storage === "f32" && weights === "f32" ? "" : `_${storage}_${weights}`;
  return `gemm_${form}${gathered ? "_gathered" : ""}${epilogueName(epilogue)}${types}`;
}

function kernelOf(device: Device, v: Variant, program: Program): Kernel {
  const label = `${programName(program)} ${variantName(v)}`;
  const { subgroupSize } = device;
  const key = `gemm ${JSON.stringify([v, program, subgroupSize])}`;
  return compile(device, label, shaderText(key, () => shaderOf(v, program, subgroupSize)));
}

/** Rows sorted by group on the device, for grouped products. */
export interface RowGroups {
  /** Number of groups. */
  count: number;
  /** Tiles of rows ("nn", "nt") or the first row of each group ("tn"). */
  map: Tensor;
  /** How many tiles there can be. */
  mostTiles: number;
}

/** Rows of A or B that are read by index. */
export interface Gather {
  /** Which operand. */
  of: "a" | "b";
  /** u32, one for each row. */
  ids: Tensor;
}

/** Operands of one launch. */
export interface Matmul {
  label: string;
  a: Tensor;
  b: Tensor;
  c: Tensor;
  /** Rows of the result (of all groups); where A is transposed, of one group. */
  m: number;
  /** Columns of one plane of the result. */
  n: number;
  /** Inner size; where A is transposed, all its rows. */
  k: number;
  /** Planes that are summed over ("nt"), or that the result has ("tn"). */
  planes?: number;
  program: Program;
  variant: Variant;
  groups?: RowGroups;
  gather?: Gather;
  /** Both sums of a gated product are stored here, [2, rows, n]. */
  kept?: Tensor;
  bias?: Tensor;
  added?: Tensor;
  scales?: Tensor;
}

/** Groups whose weights fit one binding, and where they begin. */
interface Slice {
  first: number;
  count: number;
}

/** Deals the groups to as few bindings as the device's limit asks for. */
function slicesOf(device: Device, label: string, bytes: number, groups: number): Slice[] {
  const most = device.gpu.limits.maxStorageBufferBindingSize;
  const fit = Math.floor(most / bytes);
  if (fit < 1) {
    throw new UserError(
      `Cannot bind the weights of one group of ${label}: ${bytes} bytes exceed the device's ` +
        `maxStorageBufferBindingSize of ${most}`,
    );
  }
  const slices: Slice[] = [];
  for (let first = 0; first < groups; first += fit) {
    slices.push({ first, count: Math.min(fit, groups - first) });
  }
  return slices;
}

/** Bytes of one group's part of a bank of weights. */
function groupBytes(bank: Tensor, groups: number): number {
  const planes = bank.shape.slice(0, -2).reduce((a, b) => a * b, 1);
  return planes / groups * bank.plane * storageBytes[bank.dtype];
}

const quarter = (elements: number) => elements / 4;

/** The uniforms of a launch over some groups. */
function uniformsOf(p: Matmul, { first, count }: Slice, textures: boolean): number[] {
  const { a, b, c, kept, scales, gather, groups, program: { form } } = p;
  // Words of quantised weights are vectors already.
  const vectors = scales ? (words: number) => words : quarter;
  const values: Record<typeof UNIFORMS[number], number> = {
    flags: (groups ? FLAGS.grouped : 0) |
      (gather ? gather.of === "a" ? FLAGS.gatherA : FLAGS.gatherB : 0),
    m: p.m,
    b_rows: transposesB(form) ? p.n : p.k,
    depth: transposesA(form) ? p.k : roundUp(p.k, PAD),
    planes: p.planes ?? 1,
    // A view of rows is bound where it begins; its mirror is that of the whole.
    a_first: textures ? quarter(a.offset) : 0,
    a_pitch: quarter(a.pitch),
    a_plane: quarter(a.plane),
    b_first: textures ? quarter(b.offset) : 0,
    b_pitch: vectors(b.pitch),
    b_plane: vectors(b.plane),
    c_pitch: quarter(c.pitch),
    c_plane: quarter(c.plane),
    group: first,
    groups: count,
    kept_plane: quarter(kept?.plane ?? 0),
    s_pitch: quarter(scales?.pitch ?? 0),
    s_plane: quarter(scales?.plane ?? 0),
  };
  return UNIFORMS.map((name) => values[name]);
}

/** The tensors of the bindings after A, B and C. */
function extraTensors(p: Matmul): Tensor[] {
  const tensors: Record<string, Tensor | undefined> = {
    // A dense launch reads neither: any buffer that the launch only reads will do.
    row_ids: p.gather?.ids ?? p.a,
    row_map: p.groups?.map ?? p.a,
    kept: p.kept,
    bias: p.bias,
    added: p.added,
    scales: p.scales,
  };
  return extraBindings(p.program).map((name) => tensors[name]!);
}

/** Records a product; what has no mirror yet is mirrored first. */
export function matmul(recorder: Recorder, p: Matmul): void {
  const { device } = recorder;
  const { program, groups } = p;
  const byColumns = transposesA(program.form);
  const bank = byColumns ? p.c : p.b;
  const bytes = groups ? groupBytes(bank, groups.count) : 0;
  const slices = groups && bank.buffer.size > device.gpu.limits.maxStorageBufferBindingSize
    ? slicesOf(device, p.label, bytes, groups.count)
    : [{ first: 0, count: groups?.count ?? 1 }];
  // A slice of a bank is bound as a buffer: a mirror would have to hold all of it.
  const inMirrors = slices.length === 1 && program.storage === "f32" && program.weights === "f32";
  const variant: Variant = inMirrors ? p.variant : { ...p.variant, source: "buffer" };
  const textures = variant.source === "texture";
  const strips = Math.ceil(p.c.pitch / columnsOf(variant, program, device.subgroupSize));
  const tiles = groups && !byColumns ? groups.mostTiles : Math.ceil(p.m / variant.rows);
  for (const slice of slices) {
    const bound = (t: Tensor): Input =>
      slices.length > 1 && t === bank
        ? { slice: t, offset: slice.first * bytes, bytes: slice.count * bytes }
        : t;
    const read = (t: Tensor): Input => textures ? { mirror: t } : bound(t);
    recorder.launch({
      label: p.label,
      copies: textures ? [...new Set([p.a, p.b])].filter((t) => !t.slot.mirrored) : [],
      kernel: kernelOf(device, variant, program),
      inputs: [read(p.a), read(p.b), bound(p.c), ...extraTensors(p)],
      uniforms: uniformsOf(p, slice, textures),
      grid: byColumns ? [strips * (p.planes ?? 1), tiles, slice.count] : [strips, tiles],
    });
  }
}
