/**
 * What the closed forms say of a described row.
 *
 * @module
 */
import {
  allGatherSeconds,
  allReduceSeconds,
  allToAllSeconds,
  compileFabric,
  dispatchSeconds,
  distinctDomains,
  distinctRanks,
  type Fabric,
  type FabricSoftware,
  fabricSoftware,
  pairwiseAllToAllSeconds,
  parseCluster,
  sendOverSeconds,
} from "../../../sim/mod.ts";
import type { CollectiveCase, CommCase, TokensCase } from "./describe_comm.ts";

/** Bytes of an element on its way, scales included. */
export const elementBytes = { fp8: 1 + 4 / 128, bf16: 2 } as const;

/** Direction and format of a row exchange. */
export interface Way {
  /** Format on the way. */
  format: keyof typeof elementBytes;
  /** Whether rows go back to be added up. */
  combine: boolean;
}

const compiled = new Map<string, Fabric>();

/** The fabric of a row, with `software` in place of the one that ships with the suite. */
export function fabricOf(row: CommCase, software?: FabricSoftware): Fabric {
  const own = row.software === undefined
    ? undefined
    : fabricSoftware.find(({ id }) => id === row.software);
  if (software) return compileFabric(parseCluster(row.cluster), { software });
  const key = `${row.cluster}/${row.software}`;
  const known = compiled.get(key) ??
    compileFabric(parseCluster(row.cluster), own ? { software: own } : {});
  compiled.set(key, known);
  return known;
}

/** Seconds of a collective as a benchmark of a framework sees it: the host issues each for itself. */
export function collectiveSeconds(row: CollectiveCase, fabric: Fabric): number {
  const { kind, bytes, group, tier } = row;
  if (kind === "send") return sendOverSeconds(bytes, tier, fabric);
  if (kind === "all-reduce") {
    return Math.max(fabric.issueSeconds, allReduceSeconds(bytes, group, fabric));
  }
  return pairwiseAllToAllSeconds(bytes, group, fabric);
}

/** Bytes that a rank brings, all copies counted. */
function ownBytes(row: TokensCase, { format }: Way): number {
  return row.tokens * row.copies * row.width * elementBytes[format];
}

/** Bytes that the printed bandwidths are reckoned from: a row for each place that a token goes to. */
export function logicalBytes(row: TokensCase, way: Way, fabric: Fabric): number {
  const bytes = ownBytes(row, way);
  if (row.kernel === "low-latency") return bytes;
  const places = row.counted === "ranks" ? distinctRanks : distinctDomains;
  return bytes / row.copies * places(row.group, fabric, row);
}

/** Seconds of the kernels of a dispatch or combine. */
export function kernelSeconds(row: TokensCase, way: Way, fabric: Fabric): number {
  const bytes = ownBytes(row, way);
  if (row.kernel === "low-latency") return allToAllSeconds(bytes, row.group, fabric);
  return dispatchSeconds(bytes, row.group, fabric, {
    copies: row.copies,
    experts: row.experts,
    domainLimit: row.domainLimit,
    multiprocessors: row.multiprocessors,
    kernel: row.kernel,
    combine: way.combine,
    rowBytes: row.width * elementBytes[way.format],
  });
}

/** Seconds of an all-to-all that sends a row for every expert of a token. */
export function plainSeconds(row: TokensCase, way: Way, fabric: Fabric): number {
  return allToAllSeconds(ownBytes(row, way), row.group, fabric);
}

/**
 * Seconds that the call from the framework adds to the kernels: received rows are copied out of
 * (before a combine, into) the buffers of the kernels, one read and one write of memory, and before
 * a dispatch the ranks gather the map of all tokens to all experts, a byte an entry.
 */
export function callSeconds(
  row: TokensCase,
  way: Way,
  options: { fabric: Fabric; memoryBytesPerSecond: number },
): number {
  const { fabric, memoryBytesPerSecond } = options;
  const received = ownBytes(row, way) / row.copies * distinctRanks(row.group, fabric, row);
  const copy = 2 * received / memoryBytesPerSecond;
  if (way.combine) return copy;
  return copy + allGatherSeconds(row.tokens * row.experts * row.group.ranks, row.group, fabric);
}
