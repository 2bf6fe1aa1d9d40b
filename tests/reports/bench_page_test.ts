import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseConfig } from "../../kernels/base/config.ts";
import { benchResult, renderBench } from "../../reports/bench_page.ts";
import { benchFileSchema } from "../../reports/bench_schema.ts";
import { validateResult } from "../../reports/validate.ts";
import { benchFixture } from "../experiments/bench_fixture.ts";
import { dataOf, tableText, visibleBody } from "./page_parts.ts";

const file = benchFixture();

Deno.test("a benchmark's file is read back as it was, and a wrong field is named", () => {
  assertEquals(parseConfig(benchFileSchema, JSON.parse(JSON.stringify(file)), "file"), file);
  assertThrows(
    () => parseConfig(benchFileSchema, { ...file, schema: 1 }, "old.json"),
    TypeError,
    "Cannot read old.json: at /schema expected one of 2 but found 1",
  );
});

Deno.test("a benchmark becomes a result that the report accepts", () => {
  const result = benchResult(file);
  assertEquals(validateResult(JSON.parse(JSON.stringify(result)), "result"), result);
  assertEquals(
    result.verdict.replaceAll("\u00a0", " "),
    "Goals: 1 reached, 1 missed, 0 left open by their intervals. " +
      "Nearest to the roof is norm 4096, at 73 % of it or more.",
  );
  assertStringIncludes(result.decision, "dense product against OpenBLAS, at 0.24 where at least");
  const tableOf = (id: string) => result.rows.find((row) => row.id === id)?.table;
  assertEquals([tableOf("gemm 1024"), tableOf("copy")], ["operators", "roof"]);
  assertEquals(Object.keys(result.samples), file.rows.map(({ id }) => id));
});

Deno.test("every operator with a share of the roof is a point under it", () => {
  const { roofline } = benchResult(file);
  assertEquals(roofline?.peakFlopsPerSecond, 7e10);
  assertEquals(roofline?.memoryBytesPerSecond, 4e9);
  assertEquals(roofline?.points.map(({ label }) => label), [
    "gemm gemm 1024",
    "norm norm 4096",
    "map map 4096",
  ]);
  const [point] = roofline!.points;
  assertEquals(point.flopPerByte, 2.1e9 / 1.2e7);
  assertEquals(point.flopsPerSecond.value, 2.1e9 / file.rows[0].seconds.value);
});

Deno.test("the page shows contests, operators, what was left out, and asks for nothing", () => {
  const page = renderBench(file);
  assertEquals(renderBench(benchFixture()), page);
  const tables = tableText(page);
  assert(/dense product against OpenBLAS at least 0\.3 of its speed ✗ missed 0\.24/.test(tables));
  assert(/gemm 1024 8x8 moelab 60 ± 6/.test(tables), tables);
  assertStringIncludes(visibleBody(page), "jax-js: it is not there.");
  assertStringIncludes(page, "default-src &#39;none&#39;".replaceAll("&#39;", "'"));
  assert(!/(src|href)="https?:/.test(page));
  const plots = dataOf(page, "plots") as { id: string; series: { name: string }[] }[];
  assertEquals(plots.map(({ id }) => id), ["roofline-plot"]);
  assertEquals(plots[0].series.map(({ name }) => name), ["gemm", "norm", "map"]);
});

Deno.test("without a goal the verdict sets none, and without a miss the decision names none", () => {
  const { verdict, decision } = benchResult({ ...file, contests: [] });
  assertStringIncludes(verdict, "Rows timed, with no goal set: 5.");
  assertStringIncludes(decision, "No goal is missed");
});

Deno.test("a benchmark without a device has no page", () => {
  const { device: _, ...without } = file;
  assertThrows(() => renderBench(without), TypeError, "found no device in it");
});
