/** A benchmark's file, made up. @module */
import { median } from "../../kernels/base/estimate.ts";
import type { BenchFile, BenchRow } from "../../reports/bench_file.ts";

/** A row whose samples lie around a time. */
export function benchRow(id: string, seconds: number, rest: Partial<BenchRow> = {}): BenchRow {
  const samples = [0.97, 1, 1.01, 0.99, 1.02, 1, 1.3].map((factor) => factor * seconds);
  const labels = { family: id.split(" ")[0], operator: id, shape: "8x8", by: "moelab" };
  return { id, labels, seconds: median(samples), samples, warnings: [], ...rest };
}

const percent = (value: number) => ({
  value,
  lo: 0.9 * value,
  hi: 1.1 * value,
  n: 7,
  method: "median",
});

/** A benchmark of three operators and a rival. */
export function benchFixture(): BenchFile {
  return {
    schema: 2,
    bench: "kernels",
    startedAt: "2026-01-02T03:04:05.000Z",
    wallSeconds: 61,
    command: "npx -y deno@2.9.6 task bench kernels --quick",
    commit: "0123abc",
    versions: { deno: "2.9.6" },
    cpu: "a CPU, 2 cores",
    os: "linux x86_64",
    lockHash: "abc",
    notes: ["On a made-up device"],
    rows: [
      benchRow("gemm 1024", 0.05, { flops: 2.1e9, bytes: 1.2e7, roofFraction: percent(0.6) }),
      benchRow("gemm 1024 OpenBLAS", 0.012, { flops: 2.1e9, bytes: 1.2e7 }),
      benchRow("norm 4096", 0.01, { flops: 1.6e7, bytes: 3.3e7, roofFraction: percent(0.81) }),
      benchRow("map 4096", 0.03, {
        flops: 4e6,
        bytes: 3.3e7,
        roofFraction: percent(0.2),
        warnings: ["interval wider than half of its lower end: the machine was busy"],
      }),
      {
        ...benchRow("copy", 0.02, { bytes: 1.3e8 }),
        labels: { family: "roof", operator: "copy", shape: "64 MiB", by: "driver" },
      },
    ],
    contests: [
      {
        id: "gemm 1024 / gemm 1024 OpenBLAS",
        says: "dense product against OpenBLAS",
        ours: "gemm 1024",
        theirs: "gemm 1024 OpenBLAS",
        speed: percent(0.24),
        samples: [0.24],
        target: 0.3,
        goal: "at least 0.3 of its speed",
        verdict: "missed",
      },
      {
        id: "norm 4096 / copy",
        says: "norm against the driver's copy",
        ours: "norm 4096",
        theirs: "copy",
        speed: percent(0.84),
        samples: [0.84],
        target: 0.75,
        goal: "at least 0.75 of its speed",
        verdict: "reached",
      },
      {
        id: "map 4096 / copy",
        says: "map beside the driver's copy",
        ours: "map 4096",
        theirs: "copy",
        speed: percent(0.2),
        samples: [0.2],
        goal: "",
        verdict: "no goal",
      },
    ],
    skipped: [{ what: "jax-js", why: "it is not there" }],
    roof: { peakFlopsPerSecond: percent(7e10), copyBytesPerSecond: percent(4e9) },
    device: {
      adapter: {
        vendor: "none",
        architecture: "",
        device: "",
        description: "a made-up device",
        software: true,
        features: ["subgroups"],
        limits: { maxBufferSize: 1024 },
        subgroupSize: 8,
      },
      timer: { kind: "made up", resolutionSeconds: 1e-9 },
      kernels: { gemm: "tile" },
    },
  };
}
