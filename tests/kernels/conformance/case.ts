/**
 * The conformance subset: one short list of cases that any device has to pass, whoever provides it
 * and however many lanes its subgroups have. Shapes are tiny and odd; the long tests are beside it.
 */
import { assert, assertEquals } from "@std/assert";
import type { Scaled } from "../../../kernels/gemm/oracle.ts";
import { parseVariant, type Variant } from "../../../kernels/gemm/variant.ts";
import { createRecorder, type Recorder } from "../../../kernels/recorder.ts";
import { createPool, download, type Pool, type Tensor } from "../../../kernels/tensor.ts";
import type { Device } from "../../../kernels/device.ts";
import { assertClose } from "../compare.ts";

/** A tensor, and what it has to hold: the very numbers, or numbers near them. */
export interface Claim {
  what: string;
  tensor: Tensor;
  wanted: Scaled | readonly number[];
  tolerance?: number;
}

/** Kernels of both families and sources, the smallest, for software drivers compile them slowly. */
export function smallVariants(device: Device): Variant[] {
  const lanes = device.subgroupSize;
  const rows = Math.max(lanes, 16);
  const own = lanes > 0 ? [`subgroup-${rows}x1x4x4-texture`, `subgroup-${rows}x1x4x4-buffer`] : [];
  return ["tile-16x1x16x1-buffer", ...own].map(parseVariant);
}

/** Records launches and claims what comes out of them. */
export interface Case {
  name: string;
  record(recorder: Recorder, pool: Pool): Claim[];
}

async function runCase({ record }: Case, pool: Pool): Promise<void> {
  const recorder = createRecorder(pool);
  const claims = record(recorder, pool);
  recorder.submit();
  assert(claims.length > 0);
  const got = await download(pool.device, claims.map(({ tensor }) => tensor));
  claims.forEach(({ what, wanted, tolerance }, i) => {
    if ("scale" in wanted) assertClose(got[i], wanted, { what, tolerance });
    else assertEquals([...got[i]].slice(0, wanted.length), wanted, what);
  });
}

/** Runs the cases one after another and gives the failures by name. */
export async function runCases(
  device: Device,
  cases: readonly Case[],
): Promise<{ name: string; error: Error }[]> {
  const failures: { name: string; error: Error }[] = [];
  const pool = createPool(device);
  for (const one of cases) {
    try {
      await runCase(one, pool);
      device.check();
    } catch (error) {
      failures.push({ name: one.name, error: error as Error });
    }
  }
  pool.trim();
  return failures;
}
