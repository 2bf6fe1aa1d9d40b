import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { logAxis, logTicks } from "../../reports/charts/axis.ts";
import { parityPlot } from "../../reports/charts/parity.ts";
import { ratioOf, residualPlot } from "../../reports/charts/residual.ts";
import { ridgeOf, roofAt, rooflinePlot } from "../../reports/charts/roofline.ts";
import { fixture } from "./fixture.ts";

const result = fixture();

Deno.test("ticks are round numbers within the bounds", () => {
  assertEquals(logTicks(0.8, 1200), [1, 10, 100, 1000]);
  assertEquals(logTicks(1, 12), [1, 2, 5, 10]);
  assertEquals(logTicks(1, 30), [1, 3, 10, 30]);
  const far = logTicks(1e-9, 1e9);
  assert(far.length <= 10 && far.includes(1));
});

Deno.test("an axis holds every positive value, with air; without one it still is an axis", () => {
  const axis = logAxis([0, -1, 2, 20, Infinity], { title: "t", unit: "seconds" });
  assert(axis.min < 2 && axis.max > 20 && axis.max < 30);
  assert(logAxis([], { title: "t", unit: "seconds" }).min > 0);
});

Deno.test("parity: measured along x, predicted along y, equal axes, sides told apart by shape", () => {
  const plot = parityPlot(result.pairs);
  assertEquals([plot.x.min, plot.x.max], [plot.y.min, plot.y.max]);
  assertEquals(plot.series.map((s) => [s.name, s.shape, s.points.length]), [
    ["inside the profiled range", "circle", 40],
    ["outside the profiled range", "triangle", 8],
  ]);
  const [first] = plot.series[0].points;
  assertEquals(first.row, `pair-${result.pairs[0].id}`);
  assertAlmostEquals(first.x[1] / result.pairs[0].measured.value, 1, 1e-4);
  assertAlmostEquals(first.y[2] / result.pairs[0].predicted.hi, 1, 1e-4);
  assertAlmostEquals(plot.bands[0].upper[1][1] / plot.x.max, 1.2, 1e-4);
});

Deno.test("a pair that a logarithmic axis cannot show is not drawn", () => {
  const zero = { ...result.pairs[0].measured, value: 0 };
  assertEquals(parityPlot([{ ...result.pairs[0], measured: zero }]).series, []);
});

Deno.test("residual: the interval of a ratio takes the worst of both", () => {
  const at = (value: number, lo: number, hi: number) => ({ value, lo, hi, n: 3, method: "" });
  const pair = { ...result.pairs[0], predicted: at(3, 2, 4), measured: at(2, 1, 4) };
  assertEquals(ratioOf(pair), [0.5, 1.5, 4]);
  const plot = residualPlot([pair]);
  assertAlmostEquals(plot.y.min * plot.y.max, 1, 1e-3);
  assert(plot.y.max > 4);
});

Deno.test("roofline: the roof bends at the ridge, which is labelled; one shape a kernel", () => {
  const roofline = result.roofline!;
  assertAlmostEquals(ridgeOf(roofline), 1.9e12 / 9.4e10);
  assertEquals(roofAt(roofline, 1), 9.4e10);
  assertEquals(roofAt(roofline, 1e6), 1.9e12);
  const plot = rooflinePlot(roofline);
  assertEquals(plot.marker?.text, "ridge: 20.2 FLOP a byte");
  assertEquals(plot.lines[0].points[2][1], 1.9e12);
  assertEquals(plot.series.map((s) => s.name), ["gemm", "grouped_gemm"]);
  assertEquals(new Set(plot.series.map((s) => s.shape)).size, 2);
});

Deno.test("more kernels than shapes share the last", () => {
  const points = Array.from({ length: 9 }, (_, i) => ({
    ...result.roofline!.points[0],
    id: `p${i}`,
    label: `kernel${i} 1×1`,
  }));
  const { series } = rooflinePlot({ ...result.roofline!, points });
  assertEquals(series.length, 6);
  assertEquals(series[5].name, "other kernels");
  assertEquals(series[5].points.length, 4);
});
