/** A device and a cluster simple enough to follow on paper. */
import type { Estimate } from "../../../../kernels/base/estimate.ts";
import type { AnyOp } from "../../../../kernels/base/op.ts";
import type { Cluster } from "../../../../sim/cluster/cluster.ts";

const secondsOf = (op: AnyOp): number => {
  switch (op.kind) {
    case "gemm":
    case "gemm_swiglu":
      return 1;
    case "router":
      return 0.5;
    case "group_tokens":
      return 0.25;
    case "elementwise":
      return op.dims.n / 16;
    case "grouped_gemm_swiglu":
      return 0.2 * op.dims.m;
    case "grouped_gemm":
      return 0.1 * op.dims.m;
    case "combine":
      return 0.1 * op.dims.t;
    default:
      throw new Error(`No toy price of ${op.kind}`);
  }
};

/** Seconds with an interval of half to double. */
export function toyPrice(op: AnyOp): Estimate {
  const value = secondsOf(op);
  return { value, lo: value / 2, hi: value * 2, n: 0, method: "toy" };
}

/** Devices at 100 B/s after 1 s within a node, 10 B/s after 2 s between nodes. */
export function toyCluster(devices: number, options: { perNode?: number; faster?: number } = {}) {
  const { perNode = devices, faster = 1 } = options;
  const link = (latencySeconds: number, rate: number) => ({
    latencySeconds,
    bandwidthBytesPerSecond: rate * faster,
    efficiency: 1,
  });
  const cluster: Cluster = {
    schema: 2,
    id: "toy",
    description: "",
    device: "toy",
    devices,
    tiers: [
      { name: "nvlink", span: perNode, fabric: { kind: "switch" }, link: link(1, 100) },
      {
        name: "nic",
        span: Math.max(devices, perNode),
        fabric: { kind: "fat-tree" },
        link: link(2, 10),
      },
    ],
    sources: [],
  };
  return cluster;
}
