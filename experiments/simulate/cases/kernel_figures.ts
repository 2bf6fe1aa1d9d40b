/**
 * What the simulator says of a published kernel, in the row's own figures.
 *
 * @module
 */
import { deviceProfile } from "../../../sim/cluster/profiles.ts";
import { attentionSeconds, compileDevice, gemmSeconds } from "../../../sim/cost/device.ts";
import { groupedProductSeconds } from "../../../sim/cost/tiles.ts";
import type { PublishedCase, UnsupportedCase } from "../../published/mod.ts";
import { idOf } from "../../published/devices/fit_devices.ts";
import { type KernelRow, kernelRows } from "../../published/devices/kernel_rows.ts";

/** Seconds of a kernel as a benchmark sees it: with its launch. */
export function kernelRowSeconds({ work, gpu, precision }: Omit<KernelRow, "seconds">): number {
  const profile = deviceProfile(idOf[gpu] ?? gpu.toLowerCase());
  const device = compileDevice(profile, precision);
  const launch = profile.launchSeconds;
  switch (work.kind) {
    case "product":
      return gemmSeconds(work.m, work.n, work.k, device, work.resultBytes) + launch;
    case "grouped": {
      const { m, n, k, groups, resultBytes } = work;
      return groupedProductSeconds(m, n, k, groups, m, device.grouped, resultBytes) +
        groups * device.groupSeconds;
    }
    case "forward":
    case "backward":
      return attentionSeconds(
        work.heads,
        work.queries,
        work.keys,
        work.qkDim,
        work.vDim,
        work.kind,
        device,
      );
    default: {
      const { elementwise, norm } = profile.laws;
      const { memoryEfficiency } = (work.kind === "norm" ? norm : elementwise) ?? profile.law;
      const share = work.kind === "cast" ? profile.castMemoryEfficiency : undefined;
      return launch +
        work.bytes / (profile.memoryBandwidthBytesPerSecond * (share ?? memoryEfficiency));
    }
  }
}

/** FLOP as the source prints them: attention with the full square of scores. */
function printedFlops(work: KernelRow["work"]): number {
  if ("m" in work) return 2 * work.groups * work.m * work.n * work.k;
  if ("bytes" in work) return 0;
  const { queries, heads, qkDim, vDim, kind } = work;
  return 2 * queries ** 2 * heads * (qkDim + vDim) * (kind === "backward" ? 2.5 : 1);
}

/** Bytes that a product has to move once, as DeepGEMM counts its bandwidth. */
function productBytes(work: KernelRow["work"], inputBytes: number): number {
  if (!("m" in work)) return 0;
  const { m, n, k, groups } = work;
  return groups * ((m + n) * k * inputBytes + m * n * 2);
}

/** The figures that one kernel of a row gives. */
function figuresOf(kernel: KernelRow, row: PublishedCase): Record<string, number> {
  const seconds = kernelRowSeconds(kernel);
  const part = kernel.id.slice(row.id.length + 1);
  if (part !== "") {
    const flops = printedFlops(kernel.work);
    return {
      [part]: seconds * 1e3,
      ...(flops > 0 && { [part.replace(/_ms$/, "_tflops")]: flops / seconds / 1e12 }),
    };
  }
  const peak = Number(row.workload.peak_tflops);
  const rate = printedFlops(kernel.work) / seconds / 1e12;
  const bytes = productBytes(kernel.work, kernel.precision === "fp8" ? 1 : 2);
  return {
    tflops: rate,
    derived_time_us: seconds * 1e6,
    ...(peak > 0 && { efficiency: rate / peak }),
    ...(bytes > 0 && { mem_bw_GBps: bytes / seconds / 1e9 }),
  };
}

/** Figures that decide which kernels a row is of; their values are never looked at. */
const vidurParts = ["up_proj", "down_proj", "qkv_proj", "o_proj", "act", "input_norm"];

/** The row with figures that say nothing, so that its work is told where its result is not. */
function withFigures(row: PublishedCase): PublishedCase {
  const result = { efficiency: 1, derived_time_us: 1 };
  const parts = vidurParts.map((name) => [`${name}_ms`, 1]);
  return { ...row, result: { ...result, ...Object.fromEntries(parts) } };
}

/** Predictions for the figures of a kernel row, those of its result where it has one. */
export function kernelFigures(row: PublishedCase): Record<string, number> | UnsupportedCase {
  const kernels = kernelRows([withFigures(row)]);
  if (kernels.length === 0) return { unsupported: "what the kernel works on is not told" };
  const all = Object.assign({}, ...kernels.map((kernel) => figuresOf(kernel, row)));
  const wanted = Object.keys(row.result);
  const said = wanted.length === 0
    ? all
    : Object.fromEntries(wanted.filter((key) => key in all).map((key) => [key, all[key]]));
  return Object.keys(said).length > 0 ? said : { unsupported: `no form for ${wanted.join(", ")}` };
}
