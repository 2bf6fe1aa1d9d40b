import { assertEquals } from "@std/assert";
import { spreadOf } from "../../reports/sections/samples.tsx";
import { columnsOf, methodsOf } from "../../reports/sections/table_columns.ts";
import { fixture } from "./fixture.ts";

const { rows, tables } = fixture();
const of = (id: string) => rows.filter((r) => r.table === id);
const info = (id: string) => tables.find((t) => t.id === id)!;

Deno.test("columns keep the table's order and share a scale", () => {
  const columns = columnsOf(of("kernels"), info("kernels"));
  assertEquals(columns.labels, ["kernel", "m", "n", "k"]);
  assertEquals(columns.metrics.map((m) => [m.name, m.scale?.symbol]), [
    ["time", "µs"],
    ["speed", "GFLOP/s"],
    ["bandwidth", "GB/s"],
  ]);
  assertEquals(columns.samples, 31);
});

Deno.test("best marks the end that the table asks for, and nothing elsewhere", () => {
  const { metrics } = columnsOf(of("plans"), info("plans"));
  const values = (key: string) => of("plans").flatMap((r) => r.metrics[key]?.value ?? []);
  const best = Object.fromEntries(metrics.map((m) => [m.key, m.best]));
  assertEquals(best.stepSeconds, Math.min(...values("stepSeconds")));
  assertEquals(best.tokensPerSecond, Math.max(...values("tokensPerSecond")));
  assertEquals(best.peakBytes, undefined);
});

Deno.test("numbers too far apart for one scale get none", () => {
  const [row] = of("kernels");
  const at = (value: number) => ({
    ...row,
    metrics: { seconds: { value, lo: value, hi: value, n: 0, method: "" } },
  });
  const [column] = columnsOf([at(1e-8), at(10)], info("gates")).metrics;
  assertEquals(column.scale, undefined);
});

Deno.test("methods are named once, with the columns that used them", () => {
  assertEquals(methodsOf(of("gates")), [
    ["interpolated in the profile, leave-one-out error", ["imbalance", "dropped"]],
    ["counted", ["dropped tokens"]],
  ]);
});

Deno.test("spread: quartiles, and outliers by Tukey's fences", () => {
  assertEquals(spreadOf([5, 1, 2, 3, 4, 8.5, 100]), {
    min: 1,
    q1: 2.5,
    median: 4,
    q3: 6.75,
    max: 100,
    mild: 0,
    severe: 1,
  });
  assertEquals(spreadOf([1, 2, 3, 4, 5, 10]).mild, 1);
  assertEquals(spreadOf([2]), { min: 2, q1: 2, median: 2, q3: 2, max: 2, mild: 0, severe: 0 });
});
