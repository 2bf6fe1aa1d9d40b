/**
 * Launches a generated matrix kernel, dense or grouped: the one place that knows its bindings.
 *
 * @module
 */
import type { Device } from "../device.ts";
import { compile, type Grid, type Kernel, type Recorder } from "../recorder.ts";
import { PAD, roundUp } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { subgroupShader } from "./subgroup_shader.ts";
import { tileShader } from "./tile_shader.ts";
import { columnsOf, type Program, type Variant, variantName } from "./variant.ts";

/** The WGSL of a program in a variant. */
export function shaderOf(v: Variant, program: Program, subgroupSize: number): string {
  return v.family === "subgroup"
    ? subgroupShader(v, program, subgroupSize)
    : tileShader(v, program);
}

/** A program as a word: gemm, gemm_swiglu, grouped_gemm, grouped_gemm_swiglu (gathering). */
export function programName(program: Program): string {
  return `${program.grouped ? "grouped_" : ""}gemm${program.swiglu ? "_swiglu" : ""}`;
}

function kernelOf(device: Device, v: Variant, program: Program): Kernel {
  const label = `${programName(program)} ${variantName(v)}`;
  return compile(device, label, shaderOf(v, program, device.subgroupSize));
}

/** Operands of one launch; `k` is the inner size, `n` the columns of one plane. */
export interface Matmul {
  label: string;
  a: Tensor;
  b: Tensor;
  c: Tensor;
  n: number;
  k: number;
  program: Program;
  variant: Variant;
  /** Rows of the output, for dense programs. */
  m?: number;
  /** Row ids (for gather), their divisor, the tile map and its indirect arguments. */
  groups?: { rowIds: Tensor; divisor: number; tileMap: Tensor; grid: Grid };
}

/** Workgroups over the columns and rows of a dense product. */
export function denseGrid(
  device: Device,
  v: Variant,
  program: Program,
  options: { m: number; n: number },
): [number, number] {
  const { m, n } = options;
  const columns = columnsOf(v, program, device.subgroupSize);
  return [Math.ceil(n / columns), Math.ceil(m / v.rows)];
}

/** Records a product; what has no mirror yet is mirrored first. */
export function matmul(recorder: Recorder, p: Matmul): void {
  const { device } = recorder;
  const { program, variant, groups } = p;
  const textures = variant.source === "texture";
  const copies = textures ? [p.a, p.b].filter((t) => !t.mirrored) : [];
  const source = (t: Tensor) => textures ? { mirror: t } : t;
  const extra = [
    ...(program.gather ? [groups!.rowIds] : []),
    ...(program.grouped ? [groups!.tileMap] : []),
  ];
  recorder.launch({
    label: p.label,
    copies,
    kernel: kernelOf(device, variant, program),
    inputs: [source(p.a), source(p.b), p.c, ...extra],
    uniforms: [
      p.m ?? 0,
      p.c.pitch / 4,
      roundUp(p.k, PAD),
      p.a.pitch / 4,
      p.b.pitch / 4,
      p.b.plane / 4,
      groups?.divisor ?? 1,
    ],
    grid: groups?.grid ?? denseGrid(device, variant, program, { m: p.m!, n: p.n }),
  });
}
