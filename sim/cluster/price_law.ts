/**
 * What an op costs by the laws of its device, where no curve was measured.
 *
 * Products and attention in a format that the profile has laws for cost what a planner's closed form
 * says of them (`sim/cost/device.ts`); every other op is a roofline whose compute side falls off on
 * small sizes. The launch comes on top.
 *
 * @module
 */
import { type AnyOp, bytes, type DType, dtypeBytes, flops } from "../../kernels/base/op.ts";
import type { Law, ProductFormat, Profile } from "../../kernels/base/profile_schema.ts";
import {
  attentionSeconds,
  compileDevice,
  type DeviceModel,
  gemmSeconds,
  groupedGradientSeconds,
  groupedSeconds,
} from "../cost/device.ts";

/** The dimension that the rows of an op's groups are: of the result, or those that are added up. */
export const rowsOf = (op: AnyOp): "m" | "k" => op.kind === "grouped_gemm_tn" ? "k" : "m";

/** Formats that profiles have tile laws for, by storage type; 16 bits share theirs. */
const formatOf: Partial<Record<DType, { format: ProductFormat; laws: ProductFormat }>> = {
  bf16: { format: "bf16", laws: "bf16" },
  f16: { format: "fp16", laws: "bf16" },
  fp8: { format: "fp8", laws: "fp8" },
  fp4: { format: "fp4", laws: "fp4" },
};

const compiled = new WeakMap<Profile, Partial<Record<ProductFormat, DeviceModel>>>();

/** The device as numbers, where its profile has laws for the op's storage type. */
function modelFor(op: AnyOp, profile: Profile): DeviceModel | undefined {
  const known = formatOf[op.dtype];
  if (!known || !profile.precisions?.[known.laws]) return undefined;
  const key = known.format === "fp16" ? "f16" : known.format as "bf16" | "fp8" | "fp4";
  if (!profile.peakFlopsPerSecond[key]) return undefined;
  const models = compiled.get(profile) ?? {};
  compiled.set(profile, models);
  return models[known.format] ??= compileDevice(profile, known.format);
}

/** Groups that have rows, and the rows of the fullest. */
function groupsOf(op: AnyOp, groups: number, rows: number): [groups: number, largest: number] {
  if (!op.rows) return [groups, rows / groups];
  const used = op.rows.filter((r) => r > 0);
  return [Math.max(1, used.length), Math.max(0, ...used)];
}

/** Seconds of a product or of attention by the closed form; `undefined` for what is neither. */
function closedSeconds(op: AnyOp, device: DeviceModel): number | undefined {
  const size = dtypeBytes[op.dtype];
  const result = Math.max(2, size);
  switch (op.kind) {
    case "gemm":
      return gemmSeconds(op.dims.m, op.dims.n, op.dims.k, device);
    case "gemm_nt":
      return gemmSeconds(op.dims.m, op.dims.n, op.dims.k * (op.dims.planes ?? 1), device);
    case "gemm_tn":
      return gemmSeconds(op.dims.m, op.dims.n * (op.dims.planes ?? 1), op.dims.k, device);
    case "gemm_swiglu":
      return gemmSeconds(op.dims.m, 2 * op.dims.n, op.dims.k, device, result / 2);
    case "gemm_swiglu_kept":
      return gemmSeconds(op.dims.m, 2 * op.dims.n, op.dims.k, device, 1.5 * result);
    case "grouped_gemm":
    case "grouped_gemm_nt":
    case "grouped_gemm_swiglu":
    case "grouped_gemm_swiglu_kept": {
      const { m, n, k } = op.dims;
      const [groups, largest] = groupsOf(op, op.dims.groups, m);
      const columns = op.kind === "grouped_gemm" || op.kind === "grouped_gemm_nt" ? n : 2 * n;
      const inner = op.kind === "grouped_gemm_nt" ? k * (op.dims.planes ?? 1) : k;
      return groupedSeconds(m, groups, columns, inner, device, largest);
    }
    case "grouped_gemm_tn": {
      const { m, n, k } = op.dims;
      const [groups, largest] = groupsOf(op, op.dims.groups, k);
      const columns = n * (op.dims.planes ?? 1);
      return groupedGradientSeconds(k, groups, columns, m, device, largest, result);
    }
    case "attention":
    case "attention_backward": {
      // A token sees half of the sequence on average.
      const { t, s, heads, dqk, dv } = op.dims;
      const pass = op.kind === "attention" ? "forward" : "backward";
      return attentionSeconds(heads, t, s / 2, dqk, dv, pass, device);
    }
    default:
      return undefined;
  }
}

/** Factor by which a product is slower for being small; its groups share their rows. */
function fallOff(op: AnyOp, d: { m: number; n: number; k: number }, h: number): number {
  const used = op.rows
    ? op.rows.filter((r) => r > 0).length
    : "groups" in d
    ? d.groups as number
    : 1;
  const share = (name: string) => name === rowsOf(op) ? Math.max(1, used) : 1;
  return 1 + h * share("m") / d.m + h / d.n + h * share("k") / d.k;
}

/** A roofline whose compute side falls off on small sizes. */
function rooflineSeconds(op: AnyOp, profile: Profile): number {
  const law: Law = profile.laws[op.kind] ?? profile.law;
  const peaks = profile.peakFlopsPerSecond as Partial<Record<string, number>>;
  const peak = peaks[op.dtype] ?? Math.max(...Object.values(peaks) as number[]);
  const fall = "m" in op.dims && "k" in op.dims ? fallOff(op, op.dims, law.halfSize) : 1;
  const compute = flops(op) * fall / (peak * law.computeEfficiency);
  const memory = bytes(op) / (profile.memoryBandwidthBytesPerSecond * law.memoryEfficiency);
  return Math.max(compute, memory);
}

/** Seconds of an op by law, its launch included. */
export function lawSeconds(op: AnyOp, profile: Profile): number {
  const device = modelFor(op, profile);
  const closed = device ? closedSeconds(op, device) : undefined;
  return profile.launchSeconds + (closed ?? rooflineSeconds(op, profile));
}
