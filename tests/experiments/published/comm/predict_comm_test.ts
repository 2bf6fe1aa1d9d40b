import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { CommRow } from "../../../../experiments/published/comm/comm_row.ts";
import { describeComm } from "../../../../experiments/published/comm/describe_comm.ts";
import {
  commRows,
  leftOutErrors,
  medianError,
  quantileError,
} from "../../../../experiments/published/comm/fit_comm.ts";
import {
  commErrors,
  commValues,
  fitSite,
  withValues,
} from "../../../../experiments/published/comm/fit_site.ts";
import { predictComm, wayOfKey } from "../../../../experiments/published/comm/predict_comm.ts";
import { sites } from "../../../../experiments/published/comm/sites.ts";
import { fabricSoftware } from "../../../../sim/network/software.ts";

const rows = await commRows();
const rowOf = (id: string) => rows.find((row) => row.id === id)!;
const numbers = (row: CommRow) => predictComm(row) as Record<string, number>;

Deno.test("a prediction has the row's own keys and units", () => {
  const row = rowOf("vidur-all_reduce-h100_dgx-n8-dpn8-67108864B");
  const predicted = numbers(row);
  assertEquals(Object.keys(predicted), ["time_us", "busbw_GBps"]);
  assertAlmostEquals(
    predicted.busbw_GBps,
    67108864 * 2 * 7 / 8 / (predicted.time_us * 1e-6) / 1e9,
    1e-9,
  );
});

Deno.test("no printed figure of a row is read", () => {
  for (const row of rows) {
    const { comm_sms, ...printed } = row.result;
    const hidden = Object.fromEntries(Object.keys(printed).map((key) => [key, -1]));
    const result = comm_sms === undefined ? hidden : { comm_sms, ...hidden };
    const blind = predictComm({ ...row, result }) as Record<string, number>;
    const seen = numbers(row);
    for (const key of Object.keys(blind)) assertEquals(blind[key], seen[key], `${row.id} ${key}`);
  }
});

Deno.test("bandwidths of a dispatch count a row for each place that a token goes to", () => {
  const row = rowOf("deepep-v1-2502-lowlat-ep8");
  const { dispatch_latency_us, dispatch_bw_GBps, combine_latency_us, combine_bw_GBps } = numbers(
    row,
  );
  const bytes = 128 * 8 * 7168;
  assertAlmostEquals(dispatch_bw_GBps * 1e3 * dispatch_latency_us / (bytes * (1 + 4 / 128)), 1);
  assertAlmostEquals(combine_bw_GBps * 1e3 * combine_latency_us / (bytes * 2), 1);
  assertEquals(wayOfKey("torch_api_dispatch_bf16_GBps"), { combine: false, format: "bf16" });
  assertEquals(wayOfKey("combine_bottleneck_bw_GBps"), { combine: true, format: "bf16" });
  assertEquals(wayOfKey("kernel_dispatch_fp8_GBps"), { combine: false, format: "fp8" });
});

Deno.test("rows are described by the words of their sources", () => {
  const described = (id: string) => describeComm(rowOf(id)) as unknown as Record<string, unknown>;
  assertEquals(described("deepep-v1-2502-normal-ep16").domainLimit, 4);
  assertEquals(described("deepep-v1-2502-normal-ep16").counted, "domains");
  assertEquals(described("hybridep-gb200-ranks36-sm32").group, { ranks: 36, perDomain: 36 });
  assertEquals(described("hybridep-gb200-ranks36-sm32").experts, 288);
  assertEquals(described("deepep-v1-2502-lowlat-ep8").group, { ranks: 8, perDomain: 1 });
  assertEquals(described("deepep-v1-2506-lowlat-ep8").group, { ranks: 8, perDomain: 8 });
});

Deno.test("what cannot be priced says why", () => {
  const reasons = new Set(rows.flatMap((row) => {
    const predicted = predictComm(row);
    return "unsupported" in predicted ? [predicted.unsupported] : [];
  }));
  assertEquals([...reasons].sort(), [
    "an alpha-beta law is an input, not a measurement",
    "the number of tokens is not printed",
  ]);
});

Deno.test("the shipped software predicts the published rows", () => {
  const values = commValues(rows);
  const errors = commErrors(values);
  const timed = errors.filter((_, i) => values[i].row.workload.op !== undefined);
  const dispatched = errors.filter((_, i) => values[i].row.workload.op === undefined);
  assert(timed.length > 100 && dispatched.length > 100);
  assert(medianError(timed) < 0.1, `${medianError(timed)}`);
  assert(medianError(dispatched) < 0.08, `${medianError(dispatched)}`);
  assert(quantileError(dispatched, 0.9) < 0.25, `${quantileError(dispatched, 0.9)}`);
});

Deno.test("a fit finds the software that made its rows", () => {
  const site = sites.find(({ start }) => start.id === "h20-nic")!;
  const truth = withValues(site.start, ["tiers.0.efficiency"], [0.6]);
  const made = rows.filter(site.holds).map((row): CommRow => ({
    ...row,
    result: {
      comm_sms: row.result.comm_sms,
      ...predictComm(row, { software: truth }) as Record<string, number>,
    },
  }));
  const values = commValues(made);
  const software = fitSite(site, values);
  assertAlmostEquals(software.tiers[0].efficiency!, 0.6, 0.01);
  const fitted = { site, software, values, errors: commErrors(values, software) };
  const left = leftOutErrors(fitted, ({ row }) => row.id);
  assertEquals(left.length, values.length);
  assert(medianError(left) < 0.02);
});

Deno.test("the shipped files hold what is fitted to the rows", () => {
  for (const id of ["h100-pairwise", "h20-nic"]) {
    const site = sites.find(({ start }) => start.id === id)!;
    const fitted = fitSite(site, commValues(rows.filter(site.holds)));
    const shipped = fabricSoftware.find((software) => software.id === id)!;
    assertEquals({ ...fitted, sources: [] }, { ...shipped, sources: [] });
  }
});

Deno.test("quantiles of errors lie between neighbours", () => {
  assertAlmostEquals(medianError([Math.log(1.1), Math.log(1.3)]), 0.2);
  assertAlmostEquals(quantileError([0, Math.log(2)], 0.9), 0.9);
});
