/** A result as an experiment would write it, made up from a seed. @module */
import { type Estimate, exactly, median } from "../../kernels/base/estimate.ts";
import { split, type Stream } from "../../kernels/base/random.ts";
import type { Pair, PairSummary, Result, Row, Timeline } from "../../reports/result.ts";
import type { Span } from "../../sim/engine/span.ts";

const peak = 1.9e12;
const bandwidth = 9.4e10;

const shapes = [8, 64, 256, 512, 1024, 2048].flatMap((m) =>
  [256, 1024].flatMap((n) => [512, 2048].map((k) => ({ m, n, k })))
);

const kernels = ["gemm", "grouped_gemm"] as const;

/** Samples around a time: a narrow body, a tail to the right, now and then an outlier. */
function timings(random: Stream, seconds: number, n: number): number[] {
  return Array.from({ length: n }, () => {
    const tail = random.uniform() < 0.04 ? 1 + random.uniform() : 1;
    return seconds * tail * (1 + 0.012 * Math.abs(random.normal()));
  });
}

const around = (value: number, share: number): Estimate => ({
  value,
  lo: value * (1 - share),
  hi: value * (1 + share),
  n: 0,
  method: "interpolated in the profile, leave-one-out error",
});

interface Case {
  id: string;
  label: string;
  kernel: string;
  dims: { m: number; n: number; k: number };
  flops: number;
  bytes: number;
  samples: number[];
  measured: Estimate;
  predicted: Estimate;
  inside: boolean;
}

function cases(seed: number): Case[] {
  return kernels.flatMap((kernel) =>
    shapes.map((dims): Case => {
      const id = `${kernel}-m${dims.m}-n${dims.n}-k${dims.k}`;
      const random = split(seed, id);
      const flops = 2 * dims.m * dims.n * dims.k;
      const bytes = 4 * (dims.m * dims.k + dims.k * dims.n + dims.m * dims.n);
      const efficiency = (kernel === "gemm" ? 0.82 : 0.6) /
        (1 + 60 / dims.m + 40 / dims.n + 30 / dims.k);
      const seconds = Math.max(flops / (peak * efficiency), bytes / bandwidth) + 4e-6;
      const samples = timings(random, seconds, 31);
      const measured = median(samples);
      const inside = dims.m <= 1024;
      const error = inside ? 0.05 * random.normal() + 0.01 : 0.12 * random.normal() + 0.08;
      return {
        id,
        label: `${kernel} ${dims.m}×${dims.n}×${dims.k}`,
        kernel,
        dims,
        flops,
        bytes,
        samples,
        measured,
        predicted: around(measured.value * (1 + error), inside ? 0.04 : 0.12),
        inside,
      };
    })
  );
}

function summary(group: string, pairs: readonly Pair[]): PairSummary {
  const signed = pairs.map((p) => p.predicted.value / p.measured.value - 1);
  const absolute = signed.map(Math.abs);
  const worst = absolute.indexOf(Math.max(...absolute));
  return {
    group,
    n: pairs.length,
    medianAbsoluteError: median(absolute).value,
    meanAbsoluteError: absolute.reduce((a, b) => a + b, 0) / absolute.length,
    medianSignedError: median(signed).value,
    worst: { id: pairs[worst].id, label: pairs[worst].label, error: absolute[worst] },
    kendallTau: 0.97 - pairs.length / 1000,
  };
}

/** One step of a mixture of experts on eight ranks; overlapped, dispatch hides behind experts. */
function timeline(seed: number, id: string, overlapped: boolean): Timeline {
  const spans: Span[] = [];
  for (let rank = 0; rank < 8; rank++) {
    const random = split(seed, `${id}/${rank}`);
    let now = 0;
    const span = (name: string, kind: Span["class"], seconds: number, start: number): Span => ({
      rank,
      stream: kind === "communication" ? "communication" : "compute",
      name,
      class: kind,
      startSeconds: start,
      endSeconds: start + seconds,
      ...(kind === "communication" ? { bytes: Math.round(seconds * 5e10) } : {}),
      ...(kind === "compute" ? { flops: Math.round(seconds * 3e14) } : {}),
    });
    for (let layer = 0; layer < 10; layer++) {
      const jitter = () => 1 + 0.15 * random.uniform();
      const attention = 210e-6 * jitter();
      spans.push(span(`attention, layer ${layer}`, "compute", attention, now));
      spans.push(span(`router, layer ${layer}`, "compute", 4e-6, now + attention));
      now += attention + 4e-6;
      const dispatch = 120e-6 * jitter();
      const experts = 340e-6 * jitter();
      const combine = 130e-6 * jitter();
      spans.push(span(`dispatch, layer ${layer}`, "communication", dispatch, now));
      const lead = overlapped ? dispatch * 0.3 : dispatch;
      spans.push(span(`wait for tokens, layer ${layer}`, "waiting", lead, now));
      spans.push(span(`experts, layer ${layer}`, "compute", experts, now + lead));
      const end = now + lead + experts;
      const from = Math.max(now + dispatch, overlapped ? end - combine * 0.6 : end);
      spans.push(span(`combine, layer ${layer}`, "communication", combine, from));
      if (from + combine > end) {
        spans.push(span(`wait for combine, layer ${layer}`, "waiting", from + combine - end, end));
      }
      now = Math.max(end, from + combine);
    }
  }
  return {
    id,
    title: overlapped ? "One step, communication overlapped" : "One step, in sequence",
    note: overlapped
      ? "Experts start on the first tokens that arrive."
      : "Each rank waits for all its tokens before its experts start.",
    kind: "simulated",
    spans,
  };
}

function plans(seed: number): Row[] {
  return [1, 2, 4, 8].flatMap((ep) =>
    [1, 2].map((tp): Row => {
      const id = `plan-ep${ep}-tp${tp}`;
      const random = split(seed, id);
      const labels = { plan: `ep${ep} tp${tp}`, ep, tp };
      if (ep === 1 && tp === 1) {
        const infeasible = "needs 112 GiB on a device of 80 GiB";
        return {
          id,
          table: "plans",
          labels,
          kind: "simulated",
          metrics: {},
          warnings: [],
          infeasible,
        };
      }
      const step = 0.42 / Math.sqrt(ep) * (1 + 0.1 * random.uniform()) * (tp === 2 ? 1.08 : 1);
      return {
        id,
        table: "plans",
        labels,
        kind: "simulated",
        metrics: {
          stepSeconds: around(step, 0.06),
          peakBytes: exactly(Math.round(6.1e10 / ep / tp + 1.2e10), "sum of tensors"),
          exposedCommunicationFraction: around(0.04 + 0.03 * Math.log2(ep), 0.1),
          tokensPerSecond: around(8192 * 8 / step, 0.06),
        },
        warnings: ep === 8 ? ["more ranks than one node holds: the slow link decides"] : [],
      };
    })
  );
}

function gates(seed: number): Row[] {
  return ["switch", "gshard", "expert choice", "sigmoid, bias update", "hash"].map(
    (gate, i): Row => {
      const random = split(seed, `gate/${gate}`);
      return {
        id: `gate-${i}`,
        table: "gates",
        labels: { gate, k: i === 0 || i === 4 ? 1 : 2 },
        kind: i === 2 ? "published" : "measured",
        metrics: {
          imbalance: around(1.05 + random.uniform(), 0.03),
          droppedFraction: around(0.002 + 0.05 * random.uniform(), 0.2),
          droppedTokensCount: exactly(random.int(0, 90_000), "counted"),
        },
        warnings: [],
      };
    },
  );
}

/** The result of a seed; the same seed gives the same result. */
export function fixture(seed = 7): Result {
  const all = cases(seed);
  const pairs = all.map(({ id, label, predicted, measured, inside }): Pair => ({
    id,
    label,
    predicted,
    measured,
    inside,
  }));
  const speed = (c: Case): Estimate => ({
    ...c.measured,
    value: c.flops / c.measured.value,
    lo: c.flops / c.measured.hi,
    hi: c.flops / c.measured.lo,
  });
  return {
    schema: 1,
    experiment: "parity",
    title: "Does the simulator predict this machine?",
    question:
      "How far from the measurement are the simulator's times for matrix products and expert " +
      "layers on this machine, inside and outside the range that was profiled?",
    verdict:
      "Inside the profiled range the median error is 3.6 % (2.9 to 4.4 %, n = 40); outside it " +
      "grows to 10 % and is biased to the slow side.",
    decision:
      "Plans that differ by more than 10 % can be ranked without measuring them. A profile that " +
      "reaches 2048 rows, or another driver, would change this.",
    notes: [
      {
        heading: "How times were taken",
        paragraphs: [
          "Every kernel ran 31 times after 5 warm-up runs. The number shown is the median; its " +
          "interval comes from order statistics and assumes nothing of the distribution.",
        ],
      },
      {
        heading: "Limits",
        paragraphs: [
          "One machine, one driver, one day. Inputs are random and dense; a real model's " +
          "activations may run at another clock.",
          'Text that could break a page does not: </script><b>&amp; "quotes".',
        ],
      },
    ],
    provenance: {
      runId: "parity-5f0c2a91",
      startedAt: "2026-03-14T09:26:53Z",
      wallSeconds: 83.21,
      command: "deno task run parity --profile profiles/local.json --seed 7",
      commit: "95b59ff0a1c2d3e4f5061728394a5b6c7d8e9f00, clean",
      versions: { moelab: "0.1.0", deno: "2.9.6", v8: "15.0.245" },
      os: "linux x86_64",
      cpu: "Example CPU at 2.4 GHz, 16 cores",
      adapter: {
        vendor: "example",
        architecture: "llvm",
        device: "0x0000",
        description: "Example rasterizer (256 bits)",
        software: true,
        features: ["shader-f16", "subgroups", "timestamp-query"],
        limits: {
          maxBufferSize: 2147483648,
          maxComputeInvocationsPerWorkgroup: 1024,
          maxComputeWorkgroupStorageSize: 32768,
        },
        subgroupSize: 8,
      },
      timer: { kind: "timestamp query", resolutionSeconds: 1e-9 },
      seed,
      inputs: { profile: "sha256:8d1f3c07", cluster: "sha256:02ab77e4" },
      lockHash: "sha256:1f9e60c2",
      kernels: { gemm: "tile 64x64x16, 4x4 a thread", grouped_gemm: "tile 32x64x16" },
    },
    tables: [
      {
        id: "kernels",
        title: "Kernels",
        note: "Median time of each kernel and shape, and the speed that it amounts to.",
        columns: ["kernel", "m", "n", "k", "seconds"],
      },
      {
        id: "plans",
        title: "Plans for eight devices",
        note: "Predicted step time and peak memory of each plan.",
        columns: ["plan", "ep", "tp"],
        best: { stepSeconds: "lowest", tokensPerSecond: "highest" },
      },
      { id: "gates", title: "Gates", note: "Load of the fullest expert over the mean." },
    ],
    rows: [
      ...all.map((c): Row => ({
        id: c.id,
        table: "kernels",
        labels: { kernel: c.kernel, ...c.dims },
        kind: "measured",
        metrics: {
          seconds: c.measured,
          flopsPerSecond: speed(c),
          bytesPerSecond: {
            ...speed(c),
            value: c.bytes / c.measured.value,
            lo: c.bytes / c.measured.hi,
            hi: c.bytes / c.measured.lo,
          },
        },
        warnings: c.measured.value < 1.2e-5 ? ["shorter than ten launches"] : [],
      })),
      ...plans(seed),
      ...gates(seed),
    ],
    samples: Object.fromEntries(all.map((c) => [c.id, c.samples])),
    pairs,
    pairSummaries: [
      summary("inside", pairs.filter((p) => p.inside)),
      summary("outside", pairs.filter((p) => !p.inside)),
    ],
    roofline: {
      peakFlopsPerSecond: peak,
      memoryBytesPerSecond: bandwidth,
      points: all.map((c) => ({
        id: c.id,
        label: c.label,
        flopPerByte: c.flops / c.bytes,
        flopsPerSecond: speed(c),
      })),
    },
    timelines: [timeline(seed, "sequence", false), timeline(seed, "overlap", true)],
    checks: [
      {
        name: "GEMM against the oracle",
        value: 3.1e-6,
        limit: 1e-4,
        passed: true,
        note: "Largest relative error over all shapes, in double precision on the CPU.",
      },
      {
        name: "Clock steps",
        value: 2100,
        limit: 100,
        passed: true,
        note: "Shortest timing, in steps of the clock.",
      },
      {
        name: "Drift",
        value: 0.043,
        limit: 0.03,
        passed: false,
        note: "Change of the reference kernel between the first and the last minute.",
      },
    ],
  };
}
