/**
 * Launches a generated attention kernel: its tile, its text, its grid.
 *
 * @module
 */
import { shaderText } from "../shader_text.ts";
import { MIRRORED_SEQUENCE } from "../base/layout.ts";
import { compile, type Input, type Recorder } from "../recorder.ts";
import { storagePrelude } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import { keyGradientShader, queryGradientShader } from "./backward_shaders.ts";
import { forwardShader } from "./forward_shader.ts";
import { type Geometry, uniformsOf } from "./geometry.ts";
import type { AttentionOptions, HeadWidths } from "./options.ts";
import { type AttentionKernel, attentionTile, exchangeOf, rowsOfTile, type Tile } from "./tile.ts";

const shaders: Record<AttentionKernel, (tile: Tile, widths: HeadWidths) => string> = {
  forward: forwardShader,
  dq: queryGradientShader,
  dkv: keyGradientShader,
};

/** The WGSL of an attention kernel, without the storage prelude. */
export function attentionShader(kernel: AttentionKernel, tile: Tile, widths: HeadWidths): string {
  return shaders[kernel](tile, widths);
}

/** Most workgroups in one dimension of a grid. */
const MOST = 65535;

/** Records one kernel; `streaming` are the matrices that stream by, `own` comes before them. */
export function launchAttention(
  recorder: Recorder,
  kernel: AttentionKernel,
  options: AttentionOptions & {
    geometry: Geometry;
    own: readonly Tensor[];
    streaming: readonly Tensor[];
    rest: readonly Tensor[];
  },
): void {
  const { device } = recorder;
  const { geometry, own, streaming, rest, label = "attention" } = options;
  const { dtype } = own[0];
  const exchange = options.exchange ?? exchangeOf(device);
  const textures = exchange === "subgroup" && device.adapter.software && dtype === "f32" &&
    geometry.length >= MIRRORED_SEQUENCE && options.past === undefined &&
    streaming.every((t) => t.offset === 0);
  const source = textures ? "texture" : "buffer";
  const tile = attentionTile(device, kernel, { ...geometry, exchange, source });
  const blocks = Math.ceil(geometry.length / rowsOfTile(tile));
  const heads = kernel === "dkv" ? geometry.kvHeads : geometry.heads;
  const workgroups = blocks * heads * (geometry.tokens / geometry.length);
  const folds = Math.ceil(workgroups / MOST);
  const read = (t: Tensor): Input => textures ? { mirror: t } : t;
  recorder.launch({
    label: `${label} ${kernel}`,
    copies: textures ? [...new Set(streaming)].filter((t) => !t.slot.mirrored) : [],
    kernel: compile(
      device,
      `attention ${kernel} ${geometry.dqk}x${geometry.dv}`,
      shaderText(
        `attention ${JSON.stringify([kernel, tile, geometry.dqk, geometry.dv, dtype])}`,
        () => storagePrelude(dtype) + attentionShader(kernel, tile, geometry),
      ),
    ),
    inputs: [...own, ...streaming.map(read), ...rest],
    uniforms: uniformsOf(geometry, { ...options, blocks, workgroups }),
    grid: [Math.ceil(workgroups / folds), folds],
  });
}
