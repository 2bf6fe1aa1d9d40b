import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../../kernels/base/errors.ts";
import { kernelRows } from "../../../../experiments/published/devices/kernel_rows.ts";
import { traceRows } from "../../../../experiments/published/devices/trace_rows.ts";
import { loadCases } from "../../../../experiments/published/load_cases.ts";

const cases = await loadCases();
const rows = kernelRows(cases);
const row = (id: string) => rows.find((one) => one.id === id)!;

Deno.test("rows are counted by device and kind", () => {
  const counts: Record<string, number> = {};
  for (const { gpu, work } of rows) {
    const key = `${gpu} ${work.kind}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  assertEquals(counts, {
    "A100-PCIe-80GB backward": 9,
    "A100-PCIe-80GB forward": 9,
    "A100-PCIe-80GB grouped": 6,
    "A100-PCIe-80GB product": 129,
    "A100 activation": 40,
    "A100 norm": 40,
    "A100 product": 160,
    "B200 backward": 22,
    "B200 forward": 19,
    "B200 grouped": 86,
    "B200 product": 219,
    "H100 activation": 42,
    "H100 norm": 42,
    "H100 product": 168,
    "H800 grouped": 11,
    "H800 product": 26,
  });
});

Deno.test("times that a source prints are the times of its rows", () => {
  for (const one of cases) {
    const printed = Number(one.result.derived_time_us) * 1e-6;
    const found = row(one.id);
    if (!found || !(printed > 0)) continue;
    // Printed to a tenth of a microsecond, from a rate of four digits.
    assertAlmostEquals(found.seconds, printed, 0.06e-6 + 1e-3 * printed, one.id);
  }
});

Deno.test("gradients of experts have the dimensions of what is multiplied", () => {
  const of = (id: string) => row(id)?.work;
  const forward = of("simumax-b200-group_matmul-1");
  assertEquals(forward, { kind: "grouped", m: 154, n: 3072, k: 5120, groups: 160, resultBytes: 2 });
  const shapes = cases.filter(({ id }) => id.startsWith("simumax-b200-group_matmul"));
  const gradient = shapes.find(({ workload }) =>
    /M=128, N=7168, K=2048.*main_grad_dtype=fp32.*bwd_grad_w/.test(String(workload.shape))
  )!;
  assertEquals(of(gradient.id), {
    ...{ kind: "grouped", m: 7168, n: 2048, k: 128, groups: 256, resultBytes: 8 },
  });
});

Deno.test("gate and up are one product of a tensor-parallel shard", () => {
  const { work, seconds } = row("vidur-mlp-h100-llama-2-70b-hf-tp1-t1024 up_proj_ms");
  assertEquals(work, {
    ...{ kind: "product", m: 1024, n: 2 * 28672, k: 8192, groups: 1, resultBytes: 2 },
  });
  // The source's own rate of this product is 695.4 TFLOP/s.
  assertAlmostEquals(2 * 1024 * 2 * 28672 * 8192 / seconds / 695.4e12, 1, 1e-3);
});

Deno.test("attention's printed efficiency counts the full square", () => {
  const { work, seconds } = row("simumax-a100-pcie-sdp_fwd-15");
  assert(work.kind === "forward");
  assertEquals([work.heads, work.queries, work.keys], [32, 4096, 2048]);
  const causal = 2 * 32 * 4096 * 2048 * (192 + 128) / seconds;
  assertAlmostEquals(causal / 312e12, 1.0153 / 2, 1e-3);
});

Deno.test("of the trace, casts and attention are told, and nothing else", () => {
  const told = traceRows(cases);
  assertEquals(told.filter(({ work }) => work.kind === "cast").length, 4);
  const [attention] = told.filter(({ work }) => work.kind === "forward");
  assertEquals(attention.seconds, 1237e-6 * 112 / 132);
  assertEquals(told.length, 5);
});

Deno.test("a shape without a size says which", () => {
  const wrong = cases.find(({ id }) => id === "simumax-a100-pcie-matmul-100")!;
  const workload = { ...wrong.workload, shape: "b=1, m=4096, n=4096" };
  assertThrows(() => kernelRows([{ ...wrong, workload }]), UserError, "wanted k=NUMBER");
});
