/**
 * What communication software adds to links: latencies of steps, shares of bandwidth and the cost of
 * kernels that route rows, measured machine by machine.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig, type Schema } from "../../kernels/base/config.ts";
import a100 from "./fabrics/a100.json" with { type: "json" };
import a100Pairwise from "./fabrics/a100-pairwise.json" with { type: "json" };
import a100Pcie from "./fabrics/a100-pcie.json" with { type: "json" };
import a100Vidur from "./fabrics/a100-vidur.json" with { type: "json" };
import b200 from "./fabrics/b200.json" with { type: "json" };
import h100 from "./fabrics/h100.json" with { type: "json" };
import h100A3mega from "./fabrics/h100-a3mega.json" with { type: "json" };
import h100Pairwise from "./fabrics/h100-pairwise.json" with { type: "json" };
import h20Nic from "./fabrics/h20-nic.json" with { type: "json" };

/** What the software makes of one tier; a field that is missing is as the link says. */
export interface TierSoftware {
  /** Share of the port's rate that a ring of large messages reaches. */
  efficiency?: number;
  /** Seconds of a step in the bulk protocol. */
  latencySeconds?: number;
  /** Seconds of a step in the low-latency protocol. */
  lowLatencySeconds?: number;
  /** Share of the bandwidth that the low-latency protocol reaches. */
  lowLatencyShare?: number;
  /** Rate of an all-to-all over that of a ring. */
  exchangeShare?: number;
  /** Rate of a message between two ranks over that of a ring. */
  sendShare?: number;
  /** Rate of reductions in the switches over that of a ring. */
  reductionShare?: number;
}

/** Libraries of kernels that send a row once to each domain. */
export type DispatchKernel = "deepep" | "hybridep";

/** Kernels that send a row once to each domain and fan it out there. */
export interface DispatchSoftware {
  /** Seconds of a call beside its rows: barriers and flags. */
  fixedSeconds: number;
  /** Seconds that one multiprocessor takes to begin a row on the way out. */
  dispatchRowSeconds: number;
  /** The same on the way back, where rows are added up. */
  combineRowSeconds: number;
  /** Bytes a second that one multiprocessor copies. */
  copyBytesPerSecond: number;
  /** Multiprocessors that the kernels take unless told otherwise. */
  multiprocessors: number;
  /** Rate of the ports under these kernels over that of an all-to-all. */
  portShare: number;
}

/** Communication software on a kind of cluster; see the module. */
export interface FabricSoftware {
  /** Version of this format. */
  schema: 1;
  /** Name of the file. */
  id: string;
  /** What it is, in a sentence. */
  description: string;
  /** Ids of the clusters it holds for, unless another is asked for; none for a single site. */
  clusters: readonly string[];
  /** Seconds of a collective beside its steps. */
  launchSeconds: number;
  /** The same of a message between two ranks. */
  sendLaunchSeconds: number;
  /**
   * Least seconds from one collective to the next where a framework's host issues each for itself,
   * as its benchmarks do. Closed forms leave it out: in a step, the host is the stack's to say.
   */
  issueSeconds: number;
  /** By tier, innermost first; the last stands for all further ones. */
  tiers: readonly TierSoftware[];
  /** Kernels that route rows, by library. */
  dispatch: Readonly<Record<DispatchKernel, DispatchSoftware>>;
  /** Where each figure comes from, and how well it fits. */
  sources: readonly string[];
}

const seconds = z.number().min(0);
const share = z.number().positive();

const dispatchSchema = z.strictObject({
  fixedSeconds: seconds,
  dispatchRowSeconds: seconds,
  combineRowSeconds: seconds,
  copyBytesPerSecond: share,
  multiprocessors: z.int().positive(),
  portShare: share,
});

const fabricSoftwareSchema: Schema<FabricSoftware> = z.strictObject({
  schema: z.literal(1),
  id: z.string(),
  description: z.string(),
  clusters: z.array(z.string()),
  launchSeconds: seconds,
  sendLaunchSeconds: seconds,
  issueSeconds: seconds,
  tiers: z.array(z.strictObject({
    efficiency: share.max(1).optional(),
    latencySeconds: seconds.optional(),
    lowLatencySeconds: seconds.optional(),
    lowLatencyShare: share.max(1).optional(),
    exchangeShare: share.optional(),
    sendShare: share.optional(),
    reductionShare: share.optional(),
  })),
  dispatch: z.strictObject({ deepep: dispatchSchema, hybridep: dispatchSchema }),
  sources: z.array(z.string()),
});

const bareDispatch: DispatchSoftware = {
  fixedSeconds: 0,
  dispatchRowSeconds: 0,
  combineRowSeconds: 0,
  copyBytesPerSecond: Infinity,
  multiprocessors: 1,
  portShare: 1,
};

/** No software at all: links alone. */
export const bareSoftware: FabricSoftware = {
  schema: 1,
  id: "bare",
  description: "Links alone",
  clusters: [],
  launchSeconds: 0,
  sendLaunchSeconds: 0,
  issueSeconds: 0,
  tiers: [],
  dispatch: { deepep: bareDispatch, hybridep: bareDispatch },
  sources: [],
};

const files = [
  a100,
  a100Pairwise,
  a100Pcie,
  a100Vidur,
  b200,
  h100,
  h100A3mega,
  h100Pairwise,
  h20Nic,
];

/** The software that ships with the suite. */
export const fabricSoftware: readonly FabricSoftware[] = files.map((json) =>
  parseConfig(fabricSoftwareSchema, json, `sim/network/fabrics/${json.id}.json`)
);

/** The software of a cluster, or undefined where none was measured. */
export function softwareOf(cluster: string): FabricSoftware | undefined {
  return fabricSoftware.find(({ clusters }) => clusters.includes(cluster));
}
