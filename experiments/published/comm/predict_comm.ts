/**
 * A published communication row to what the simulator says of it, in the row's own keys and units.
 *
 * @module
 */
import { deviceProfile, type Fabric, type FabricSoftware, parseCluster } from "../../../sim/mod.ts";
import type { CommRow, Unsupported } from "./comm_row.ts";
import { type CollectiveCase, describeComm, type TokensCase } from "./describe_comm.ts";
import {
  callSeconds,
  collectiveSeconds,
  fabricOf,
  kernelSeconds,
  logicalBytes,
  plainSeconds,
  type Way,
} from "./price_comm.ts";

const GIGA = 1e9;
const MICRO = 1e-6;

/** What an all-reduce or another collective prints: nccl-tests' definitions. */
function collectiveKeys(row: CollectiveCase, fabric: Fabric): Record<string, number> {
  const seconds = collectiveSeconds(row, fabric);
  const { ranks } = row.group;
  const algorithm = row.bytes / seconds / GIGA;
  return {
    time_us: seconds / MICRO,
    algbw_GBps: algorithm,
    busbw_GBps: row.kind === "all-reduce" ? algorithm * 2 * (ranks - 1) / ranks : algorithm,
  };
}

/** Way and side of a key that names them, such as "torch_api_dispatch_fp8_GBps". */
export function wayOfKey(key: string): Way {
  const combine = key.includes("combine");
  // What a key does not say, the sources do: dispatch in FP8, combine in BF16.
  return { combine, format: combine || key.includes("bf16") ? "bf16" : "fp8" };
}

/** The value of one key of a dispatch row, or undefined for a key that nothing predicts. */
function tokensKey(key: string, row: TokensCase, site: Site): number | undefined {
  const { fabric } = site;
  const way = wayOfKey(key);
  if (key === "hybridep_us" || key === "nccl_alltoall_us") {
    const both: Way = { format: "bf16", combine: site.combine };
    const seconds = key === "hybridep_us" ? kernelSeconds : plainSeconds;
    return seconds(row, both, fabric) / MICRO;
  }
  const kernel = kernelSeconds(row, way, fabric);
  if (/^(dispatch|combine)_latency_us$/.test(key)) return kernel / MICRO;
  const call = () => {
    const { memoryBandwidthBytesPerSecond: memoryBytesPerSecond } = deviceProfile(site.device);
    return callSeconds(row, way, { fabric, memoryBytesPerSecond });
  };
  const seconds = key.startsWith("torch_api") ? kernel + call() : kernel;
  const known = /^(torch_api_|kernel_)?(dispatch|combine)(_fp8|_bf16|_bottleneck_bw|_bw)?_GBps$/;
  return known.test(key) ? logicalBytes(row, way, fabric) / seconds / GIGA : undefined;
}

interface Site {
  fabric: Fabric;
  device: string;
  combine: boolean;
}

/**
 * Predictions for the keys of a row's result that can be predicted, or why there are none.
 *
 * @param row The row; of its result, only the names of the keys and `comm_sms` are read.
 * @param options Communication software in place of what ships with the suite.
 */
export function predictComm(
  row: CommRow,
  options: { software?: FabricSoftware } = {},
): Record<string, number> | Unsupported {
  const described = describeComm(row);
  if ("unsupported" in described) return described;
  const fabric = fabricOf(described, options.software);
  const keys = Object.keys(row.result);
  const values = described.kind === "tokens"
    ? tokensValues(keys, described, {
      fabric,
      combine: row.id.endsWith("combine"),
      device: parseCluster(described.cluster).device,
    })
    : collectiveKeys(described, fabric);
  const entries = keys.filter((key) => values[key] !== undefined).map((key) => [key, values[key]]);
  return entries.length > 0
    ? Object.fromEntries(entries)
    : { unsupported: `no form for ${keys.join(", ")}` };
}

function tokensValues(
  keys: readonly string[],
  row: TokensCase,
  site: Site,
): Record<string, number> {
  const values: Record<string, number> = {};
  for (const key of keys) {
    const value = tokensKey(key, row, site);
    if (value !== undefined) values[key] = value;
  }
  return values;
}
