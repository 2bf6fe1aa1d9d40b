/**
 * Kernels of the trace of a training step on H800 (deepseek-ai/profile-data, train.json) whose
 * work their launch grids tell: DeepSeek-V3, 4096 tokens of width 7168, 128 heads of 192 and 128.
 *
 * They ran beside exchanges, which held 20 of the device's 132 multiprocessors: grids of persistent
 * kernels are 112 wide. What is bound by multiprocessors took 132 / 112 times as long as alone.
 *
 * @module
 */
import type { PublishedCase } from "../case.ts";
import type { AttentionWork, KernelRow, PassWork } from "./kernel_rows.ts";

/** Multiprocessors of an H800, and those that exchanges left to other kernels. */
export const traceMultiprocessors = { all: 132, left: 112 };

/** Rows and columns of a tile of the kernels that cast and transpose. */
const transposedTile = 128;

/** Bytes of a cast of BF16 to FP8 with transposition; of other casts the grid does not tell them. */
function castBytes(op: string, [x, y]: readonly number[]): number | undefined {
  if (!op.startsWith("cuda::per_channel_cast_and_transpose<256, 128, false")) return undefined;
  return x * transposedTile * y * transposedTile * 3;
}

/** The rows of the trace that can be told. */
export function traceRows(cases: readonly PublishedCase[]): KernelRow[] {
  return cases.filter(({ source }) => source.ref.endsWith("/profile-data")).flatMap(
    (row): KernelRow[] => {
      const op = String(row.workload.op);
      const grid = row.workload.grid as number[];
      const mean = Number(row.result.mean_us) * 1e-6;
      const common = { id: row.id, gpu: row.hardware.gpu, precision: "bf16" as const };
      const bytes = castBytes(op, grid);
      if (bytes) {
        const work: PassWork = { kind: "cast", bytes };
        return [{ ...common, work, seconds: mean, family: `cast ${grid.join("x")}` }];
      }
      if (!op.startsWith("flash::compute_attn_ws<Flash_fwd")) return [];
      const queries = Number(row.workload.seq_len);
      const work: AttentionWork = {
        kind: "forward",
        ...{ heads: grid[1], queries, keys: queries / 2, qkDim: 192, vDim: 128 },
      };
      const seconds = mean * traceMultiprocessors.left / traceMultiprocessors.all;
      return [{ ...common, work, seconds, family: "forward 128 heads of 192 and 128" }];
    },
  );
}
