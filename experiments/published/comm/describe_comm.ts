/**
 * From a published communication row to what the closed forms take.
 *
 * What a row leaves out and is taken from its source instead: DeepEP's tests draw 8 of 256 experts,
 * from at most 4 nodes where there are more, and count a token once for each place it goes to, its
 * own included (tests/test_intranode.py, tests/test_internode.py); Hybrid-EP's draw from 8 experts a
 * rank (tests/test_hybrid_ep.py). FP8 rows carry one FP32 scale for 128 elements. The rows of the
 * Megatron Core report are DeepSeek-V3 layers, which keep to 4 nodes (arXiv 2412.19437).
 *
 * @module
 */
import type { DispatchKernel, Group } from "../../../sim/mod.ts";
import type { CommRow, Unsupported } from "./comm_row.ts";

/** A collective of `bytes` (as its closed form counts them). */
export interface CollectiveCase {
  /** What it is; "small-messages" is an exchange in a domain, cut for `ranks` goals. */
  kind: "all-reduce" | "send" | "small-messages";
  /** Cluster text, such as "h100:16". */
  cluster: string;
  /** Id of the communication software, where it is not the cluster's own. */
  software?: string;
  /** Size. */
  bytes: number;
  /** Who takes part. */
  group: Group;
  /** Place of the tier in which the two ranks of a send meet. */
  tier: number;
}

/** A dispatch and combine of tokens. */
export interface TokensCase {
  /** What it is. */
  kind: "tokens";
  /** Cluster text. */
  cluster: string;
  /** Id of the communication software, where it is not the cluster's own. */
  software?: string;
  /** Kernels: in bulk, or for few tokens without taking duplicates out. */
  kernel: DispatchKernel | "low-latency";
  /** Who takes part. */
  group: Group;
  /** Tokens of a rank, width of a row, experts a token uses, experts of the layer. */
  tokens: number;
  width: number;
  copies: number;
  experts: number;
  /** Nodes that a token may reach. */
  domainLimit?: number;
  /** Multiprocessors of the kernels, where printed. */
  multiprocessors?: number;
  /** Places that the printed bandwidth counts a token for. */
  counted: "ranks" | "domains";
}

/** What a row describes. */
export type CommCase = CollectiveCase | TokensCase;

const vidurMachines: Readonly<Record<string, { cluster: string; software?: string }>> = {
  "A100 DGX": { cluster: "a100", software: "a100-vidur" },
  "A100 pairwise NVLink": { cluster: "a100-pairwise" },
  "H100 DGX": { cluster: "h100" },
  "H100 pairwise NVLink": { cluster: "h100-pairwise" },
};

function collective(row: CommRow): CommCase | Unsupported {
  const { workload: { op = "", bytes = 0 }, hardware: { gpu, n_gpus: ranks } } = row;
  const machine = vidurMachines[gpu];
  if (!machine) return { unsupported: `no cluster for ${gpu}` };
  const perDomain = row.hardware.gpus_per_node_used ?? ranks;
  const pair = gpu.includes("pairwise");
  const nodes = ranks / perDomain;
  const group: Group = pair
    ? { ranks, perDomain: Math.min(perDomain, 2), stride: 1 }
    : { ranks, perDomain };
  const tier = nodes === 1 ? 0 : pair ? 2 : 1;
  const kind = op === "send_recv" ? "send" : op === "all_reduce" ? "all-reduce" : undefined;
  if (!kind) return { unsupported: `no form for ${op}` };
  const { cluster, software } = machine;
  const size = nodes * (pair ? 4 : 8);
  return { kind, cluster: `${cluster}:${size}`, software, bytes, group, tier };
}

/** Devices of an innermost domain, by the words of a row. */
function tokensMachine(gpu: string): { cluster: string; domain: number } | undefined {
  if (gpu.startsWith("H20")) return { cluster: "h20-nic", domain: Infinity };
  if (gpu.startsWith("GB200")) return { cluster: "gb200", domain: 72 };
  if (gpu.startsWith("B200")) return { cluster: "b200", domain: 8 };
  if (gpu.startsWith("H800")) return { cluster: "h800", domain: 8 };
  if (gpu.startsWith("H100")) return { cluster: "h100", domain: 8 };
  return undefined;
}

function tokens(row: CommRow): CommCase | Unsupported {
  const { workload, hardware, result, id, notes = "" } = row;
  const count = workload.tokens_per_gpu ??
    (workload.seq_len === undefined ? undefined : workload.seq_len * (workload.mbs ?? 1));
  if (count === undefined) return { unsupported: "the number of tokens is not printed" };
  const machine = tokensMachine(hardware.gpu);
  if (!machine) return { unsupported: `no cluster for ${hardware.gpu}` };
  const ranks = row.plan.ep ?? hardware.n_gpus;
  const low = id.includes("lowlat");
  const perDomain = low && notes.includes("NVLink unused") ? 1 : Math.min(ranks, machine.domain);
  const hybridTable = row.source.file?.includes("Hybrid-EP") ?? false;
  const domains = ranks / perDomain;
  return {
    kind: "tokens",
    cluster: `${machine.cluster}:${ranks}`,
    kernel: low
      ? "low-latency"
      : id.startsWith("hybridep") || "hybridep_us" in result || id.startsWith("deepep-v2")
      ? "hybridep"
      : "deepep",
    group: { ranks, perDomain },
    tokens: count,
    width: workload.hidden ?? 7168,
    copies: workload.topk ?? 8,
    experts: workload.experts ?? (workload.local_experts ? workload.local_experts * ranks : 256),
    domainLimit: hybridTable ? undefined : 4,
    multiprocessors: typeof result.comm_sms === "number" ? result.comm_sms : undefined,
    counted: domains > 1 ? "domains" : "ranks",
  };
}

/** What a row describes, or why it describes nothing that can be priced. */
export function describeComm(row: CommRow): CommCase | Unsupported {
  const { ref } = row.source;
  const { bytes = 0 } = row.workload;
  if (ref === "microsoft/vidur") return collective(row);
  if (ref.startsWith("MooreThreads/SimuMax")) {
    return { unsupported: "an alpha-beta law is an input, not a measurement" };
  }
  if (row.id.startsWith("nccl-allreduce-a3mega")) {
    const ranks = row.hardware.n_gpus;
    const group = { ranks, perDomain: 8 };
    return { kind: "all-reduce", cluster: `h100-a3mega:${ranks}`, bytes, group, tier: 1 };
  }
  if (row.id.startsWith("tutel-naive-intra")) {
    const ranks = row.hardware.n_gpus;
    const size = Number(/S=(\d+) MiB/.exec(row.workload.op ?? "")?.[1] ?? NaN) * 2 ** 20;
    if (!(size > 0)) return { unsupported: "the size is not printed" };
    const group = { ranks, perDomain: ranks, stride: 1 };
    return { kind: "small-messages", cluster: "a100:8", bytes: size, group, tier: 0 };
  }
  if (/DeepEP|2603\.07685|SGLang/.test(ref)) return tokens(row);
  return { unsupported: `no form for rows of ${ref}` };
}
