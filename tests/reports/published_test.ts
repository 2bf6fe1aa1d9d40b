import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { h } from "preact";
import { render } from "preact-render-to-string";
import { parityPlot, seriesOf } from "../../reports/charts/parity.ts";
import { Ranges, rangesOf } from "../../reports/svg/ranges.tsx";
import { renderReport } from "../../reports/report.ts";
import { exactly } from "../../kernels/base/estimate.ts";
import type { Pair, Result, Row, TableInfo } from "../../reports/result.ts";
import { validateResult } from "../../reports/validate.ts";
import { fixture } from "./fixture.ts";

const pair = (i: number, group: string): Pair => ({
  id: `p${i}`,
  label: `pair ${i}`,
  group,
  predicted: exactly(1 + i / 1000, "closed form"),
  measured: exactly(1, "published"),
  inside: true,
});

const style = { measured: "published", series: "group" } as const;

Deno.test("pairs are told apart by group where the result says so", () => {
  const pairs = ["a", "b", "a", "c"].map((group, i) => pair(i, group));
  const plot = parityPlot(pairs, style);
  assertEquals(plot.series.map((s) => [s.name, s.points.length]), [["a", 2], ["b", 1], ["c", 1]]);
  assertEquals([plot.x.title, plot.series[1].shape], ["published", "triangle"]);
  const many = [..."abcdefgh"].map((group, i) => pair(i, group));
  const names = seriesOf(many, (p) => ({ row: p.id, x: [1, 1, 1], y: [1, 1, 1] }), style)
    .map((s) => [s.name, s.points.length]);
  assertEquals(names, [["a", 1], ["b", 1], ["c", 1], ["d", 1], ["e", 1], ["others", 3]]);
});

const info: TableInfo = {
  id: "t",
  title: "Errors",
  note: "",
  ranges: { low: "lowFraction", middle: "biasFraction", high: "highFraction" },
};

const row = (name: string, low: number, middle: number, high: number): Row => ({
  id: name,
  table: "t",
  labels: { name },
  kind: "derived",
  metrics: {
    lowFraction: exactly(low, ""),
    biasFraction: exactly(middle, ""),
    highFraction: exactly(high, ""),
  },
  warnings: [],
});

Deno.test("ranges lie on one linear axis that holds 0", () => {
  const rows = [row("wide", -0.2, 0.1, 0.4), row("narrow", 0.1, 0.2, 0.3)];
  assertEquals(rangesOf(rows, info).map(({ name, high }) => [name, high]), [
    ["wide", 0.4],
    ["narrow", 0.3],
  ]);
  const svg = render(h(Ranges, { rows, info }));
  const [low, high] = /class="bar" d="M([\d.]+) \d+H([\d.]+)/.exec(svg)!.slice(1).map(Number);
  const [middle] = /cx="([\d.]+)"/.exec(svg)!.slice(1).map(Number);
  assertAlmostEquals((middle - low) / (high - low), 0.5, 0.01);
  const zero = Number(/class="rule" d="M([\d.]+) 0V/.exec(svg)![1]);
  assertAlmostEquals((zero - low) / (high - low), 1 / 3, 0.01);
  assert(svg.includes(">wide<") && svg.includes(">narrow<"));
});

Deno.test("a row without a range is in the table and not in the drawing", () => {
  const { lowFraction: _, ...metrics } = row("x", 0, 0, 0).metrics;
  assertEquals(rangesOf([{ ...row("x", 0, 0, 0), metrics }], info), []);
  assertEquals(rangesOf([row("x", 0, 0, 0)], { ...info, ranges: undefined }), []);
});

const many: Result = {
  ...fixture(),
  pairs: Array.from({ length: 700 }, (_, i) => pair(i, i % 2 ? "odd" : "even")),
  pairStyle: style,
  pairSummaries: [],
  tables: [info],
  rows: [row("wide", -0.2, 0.1, 0.4)],
};

Deno.test("a page of many pairs draws all, lists the farthest and says where the others are", () => {
  const page = renderReport(validateResult(JSON.parse(JSON.stringify(many)), "r.json"));
  const listed = [...page.matchAll(/id="pair-p(\d+)"/g)].map(([, i]) => Number(i));
  assertEquals(listed.length, 300);
  assertEquals(Math.min(...listed), 400);
  assert(page.includes("The 300 of 700 pairs that are farthest off"));
  assert(page.includes("without its 700 pairs") || page.includes("and its 700 pairs"));
  const plots = JSON.parse(/id="plots">(.*?)<\/script>/s.exec(page)![1]);
  const points = plots[0].series.map((s: { points: unknown[] }) => s.points.length);
  assertEquals(points, [350, 350]);
});
