/**
 * Machines with published communication rows, what of their software is fitted, and on which rows.
 *
 * What the rows tell nothing of is taken from NCCL's own tuning model (src/graph/tuning.cc): a bulk
 * step takes 3.4 us over NVLink, 5.7 us over PCIe and 9.6 us over the network; a low-latency one 0.47,
 * 1.0 and 2.7 us at a quarter of the bandwidth. They are starting values and means of priors too.
 *
 * @module
 */
import type { FabricSoftware, Prior } from "../../../sim/mod.ts";
import type { CommRow } from "./comm_row.ts";

/** One parameter that rows decide. */
export interface FreeParameter {
  /** Where it stands in the software's record, such as "tiers.0.efficiency". */
  path: string;
  /** What is known before any row. */
  prior: Prior;
  /** Highest value that makes sense. */
  high?: number;
}

/** A machine; see the module. */
export interface Site {
  /** The record before the fit. */
  start: FabricSoftware;
  /** What is fitted. */
  free: readonly FreeParameter[];
  /** Whether a row is of this machine. */
  holds: (row: CommRow) => boolean;
  /** Site that is fitted before and whose record this one starts from. */
  from?: string;
  /** What of that record differs. */
  over?: Partial<FabricSoftware>;
}

const nvlink = {
  latencySeconds: 3.4e-6,
  lowLatencySeconds: 0.47e-6,
  lowLatencyShare: 0.25,
};
const pcie = { latencySeconds: 5.7e-6, lowLatencySeconds: 1e-6, lowLatencyShare: 0.25 };
const network = { latencySeconds: 9.6e-6, lowLatencySeconds: 2.7e-6, lowLatencyShare: 0.25 };

// Orders of magnitude to begin from; 24 multiprocessors: DeepEP's tests/test_intranode.py.
const kernels = {
  fixedSeconds: 2e-5,
  dispatchRowSeconds: 1e-7,
  combineRowSeconds: 1e-7,
  copyBytesPerSecond: 5e10,
  multiprocessors: 24,
  portShare: 1,
};

const tuning =
  "Steps that no row decides: NCCL's tuning model, NVIDIA/nccl src/graph/tuning.cc at commit 01afd20.";

function record(
  id: string,
  description: string,
  rest: Pick<FabricSoftware, "clusters" | "tiers"> & Partial<FabricSoftware>,
): FabricSoftware {
  return {
    schema: 1,
    id,
    description,
    launchSeconds: 3.6e-6,
    sendLaunchSeconds: 3.6e-6,
    issueSeconds: 0,
    dispatch: { deepep: kernels, hybridep: { ...kernels, multiprocessors: 16 } },
    ...rest,
    sources: [...rest.sources ?? [], tuning],
  };
}

const free = (path: string, mean: number, spread = 1, high?: number): FreeParameter => ({
  path,
  prior: { mean, spread },
  high,
});
const efficiency = (tier: number, mean = 0.8, spread = 0.3) =>
  free(`tiers.${tier}.efficiency`, mean, spread, 1);
const latency = (tier: number, mean: number) => free(`tiers.${tier}.latencySeconds`, mean);
const kernel = (name: string, ways: readonly string[] = ["dispatch", "combine"]) => [
  free(`dispatch.${name}.fixedSeconds`, 2e-5),
  ...ways.map((way) => free(`dispatch.${name}.${way}RowSeconds`, 1e-7)),
  free(`dispatch.${name}.copyBytesPerSecond`, 5e10),
  free(`dispatch.${name}.portShare`, 1, 0.3),
];
const vidur = (name: string) => (row: CommRow) =>
  row.source.file?.includes(`/network/${name}/`) ?? false;
const onGpu = (...names: string[]) => (row: CommRow) =>
  names.some((name) => row.hardware.gpu.split(/[ /]/).includes(name));

/** Between nodes, by the devices that a row used of each. */
const crosses = (row: CommRow) =>
  row.hardware.n_gpus > (row.hardware.gpus_per_node_used ?? row.hardware.n_gpus);

/** All sites, those that others start from first. */
export const sites: readonly Site[] = [
  {
    start: record("a100", "NCCL on A100 nodes with NVSwitch and InfiniBand or RoCE", {
      clusters: ["a100", "a100-40gb", "v100"],
      tiers: [nvlink, network],
      sources: ["The network's rates are the cluster's."],
    }),
    free: [
      free("issueSeconds", 4e-5),
      free("sendLaunchSeconds", 1e-5),
      efficiency(0),
      latency(0, nvlink.latencySeconds),
    ],
    holds: (row) =>
      (vidur("a100_dgx")(row) && !crosses(row)) || row.id.startsWith("tutel-naive-intra"),
  },
  {
    start: record("a100-vidur", "The A100 nodes of microsoft/vidur, whose network is slow", {
      clusters: [],
      tiers: [nvlink, network],
    }),
    from: "a100",
    free: [
      efficiency(1, 0.3),
      latency(1, network.latencySeconds),
      free("tiers.1.sendShare", 1, 0.3),
      free("tiers.1.lowLatencySeconds", network.lowLatencySeconds),
      free("tiers.1.lowLatencyShare", network.lowLatencyShare, 0.5, 1),
    ],
    holds: (row) => vidur("a100_dgx")(row) && crosses(row),
  },
  {
    start: record("a100-pairwise", "Four A100 on PCIe, linked in pairs by NVLink", {
      clusters: ["a100-pairwise"],
      tiers: [nvlink, pcie, network],
    }),
    free: pairwise(),
    holds: vidur("a100_pairwise_nvlink"),
  },
  {
    start: record("h100-pairwise", "Four H100 on PCIe, linked in pairs by NVLink", {
      clusters: ["h100-pairwise"],
      tiers: [nvlink, pcie, network],
    }),
    free: pairwise(),
    holds: vidur("h100_pairwise_nvlink"),
  },
  {
    start: record("h100", "NCCL and expert-parallel kernels on Hopper nodes with NVSwitch", {
      clusters: ["h100", "h100-96gb", "h200", "h800", "h20"],
      tiers: [{ ...nvlink, sendShare: 1, reductionShare: 0.75 }, { ...network, sendShare: 1 }],
    }),
    free: [
      free("issueSeconds", 4e-5),
      free("sendLaunchSeconds", 5e-6),
      // Held near what two ranks reach in messages (348 of 450 GB/s, rows of this machine): rings and
      // switches explain the same few all-reduces, and the rows alone do not tell them apart.
      efficiency(0, 0.77, 0.03),
      latency(0, nvlink.latencySeconds),
      free("tiers.0.reductionShare", 0.75, 0.3),
      free("tiers.0.sendShare", 1, 0.3),
      efficiency(1, 0.85),
      latency(1, network.latencySeconds),
      free("tiers.1.sendShare", 1, 0.3),
      free("tiers.1.lowLatencySeconds", network.lowLatencySeconds),
      ...kernel("deepep"),
      ...kernel("hybridep"),
    ],
    holds: (row) =>
      vidur("h100_dgx")(row) || (onGpu("H100", "H800")(row) && row.plan.ep !== undefined),
  },
  {
    start: record("h100-a3mega", "NCCL over GPUDirect-TCPXO on H100 nodes of Google Cloud", {
      clusters: ["h100-a3mega"],
      tiers: [nvlink, network],
    }),
    from: "h100",
    // nccl-tests issues its collectives without a framework.
    over: { issueSeconds: 0 },
    free: [
      efficiency(1, 0.85),
      latency(1, 5e-5),
      free("tiers.1.lowLatencySeconds", 1e-5),
      free("tiers.1.lowLatencyShare", network.lowLatencyShare, 0.5, 1),
    ],
    holds: (row) => row.id.startsWith("nccl-allreduce-a3mega"),
  },
  {
    start: record("b200", "NCCL and expert-parallel kernels on Blackwell with NVLink 5", {
      clusters: ["b200", "b300", "gb200", "gb300"],
      launchSeconds: 9.2e-6,
      tiers: [
        {
          ...nvlink,
          efficiency: 0.6735,
          reductionShare: 0.709,
          exchangeShare: 0.886,
          sendShare: 1.078,
        },
        network,
      ],
      sources: [
        "nvlink: laws that MooreThreads/SimuMax (commit 4dcaae5, configs/system/b200_bf16_ceperm.json) fitted to nccl-tests on eight B200: all-gather 0.6735 of 900 GB/s with 9.2 us to begin, all-reduce 0.7424 as a ring counts it, all-to-all 0.5968; its 1.4517 for messages of two ranks is taken to count both directions.",
      ],
    }),
    free: [free("tiers.0.exchangeShare", 0.886, 0.1), ...kernel("deepep"), ...kernel("hybridep")],
    holds: onGpu("B200", "GB200", "B300", "GB300"),
  },
  {
    start: record("h20-nic", "Expert-parallel kernels on H20 nodes whose NVLink is off", {
      clusters: ["h20-nic"],
      tiers: [network],
    }),
    free: [efficiency(0, 0.85)],
    holds: onGpu("H20"),
  },
  {
    start: record("a100-pcie", "NCCL on A100 nodes without NVLink", {
      clusters: ["a100-pcie"],
      tiers: [
        { ...pcie, efficiency: 0.69, exchangeShare: 0.925 },
        { ...pcie, efficiency: 0.544, exchangeShare: 1.54 },
        network,
      ],
      sources: [
        "pcie and socket: laws that MooreThreads/SimuMax (commit 4dcaae5, configs/system/a100_pcie.json) fitted to nccl-tests, of 30 GB/s: four devices 0.69 around rings and 0.638 in an all-to-all; eight 0.4176, 0.4497 and 0.3688 around rings (their mean is kept) and 0.2754 in an all-to-all, both of which the link between sockets bounds.",
      ],
    }),
    free: [],
    holds: () => false,
  },
];

function pairwise(): FreeParameter[] {
  return [
    free("issueSeconds", 3e-5),
    free("sendLaunchSeconds", 4e-6),
    efficiency(0),
    latency(0, nvlink.latencySeconds),
    free("tiers.0.sendShare", 1, 0.3),
    efficiency(1),
    latency(1, pcie.latencySeconds),
    efficiency(2, 0.3),
    latency(2, network.latencySeconds),
  ];
}
