/**
 * The roofline (Williams, Waterman and Patterson, 2009): no kernel is faster than the peak, nor
 * than its arithmetic intensity times the memory bandwidth; both are measured here. Left of the
 * ridge memory bounds it, right of it arithmetic does.
 *
 * @module
 */
import { formatPlain } from "../format.ts";
import { anchor } from "../html.ts";
import type { Roofline, RooflinePoint } from "../result.ts";
import { logAxis } from "./axis.ts";
import { intervalOf, type Plot, type PlotSeries, rounded, type Shape } from "./plot.ts";

const shapes: readonly Shape[] = ["circle", "triangle", "rect", "rectRot", "star", "cross"];

/** FLOP a byte at which memory and arithmetic bound alike. */
export function ridgeOf(roofline: Roofline): number {
  return roofline.peakFlopsPerSecond / roofline.memoryBytesPerSecond;
}

/** FLOP/s that the roof allows at an intensity. */
export function roofAt(roofline: Roofline, flopPerByte: number): number {
  return Math.min(roofline.peakFlopsPerSecond, flopPerByte * roofline.memoryBytesPerSecond);
}

/** Kernel of a point: the first word of its label. */
const kernelOf = (point: RooflinePoint) => point.label.split(/\s/)[0];

/** One series a kernel; beyond the number of shapes, the rest together. */
function byKernel(points: readonly RooflinePoint[]): PlotSeries[] {
  const kernels = [...new Set(points.map(kernelOf))];
  const named = kernels.length > shapes.length ? kernels.slice(0, shapes.length - 1) : kernels;
  const nameOf = (p: RooflinePoint) => named.includes(kernelOf(p)) ? kernelOf(p) : "other kernels";
  return [...new Set(points.map(nameOf))].map((name, i) => ({
    name,
    tone: i,
    shape: shapes[i],
    points: points.filter((p) => nameOf(p) === name).map((p) => ({
      row: anchor("roof", p.id),
      x: [p.flopPerByte, p.flopPerByte, p.flopPerByte].map(rounded) as [number, number, number],
      y: intervalOf(p.flopsPerSecond),
    })),
  }));
}

/** The roofline plot. */
export function rooflinePlot(roofline: Roofline): Plot {
  const points = roofline.points.filter((p) => p.flopsPerSecond.value > 0);
  const ridge = ridgeOf(roofline);
  const x = logAxis([...points.map((p) => p.flopPerByte), ridge / 4, ridge * 4], {
    title: "arithmetic intensity, FLOP a byte",
    unit: "plain",
  });
  const heights = points.flatMap((p) => intervalOf(p.flopsPerSecond));
  const y = logAxis([...heights, roofline.peakFlopsPerSecond, roofAt(roofline, x.min)], {
    title: "achieved (measured)",
    unit: "flopsPerSecond",
  });
  const corners = [x.min, ridge, x.max].map((at): [number, number] => [
    rounded(at),
    rounded(roofAt(roofline, at)),
  ]);
  return {
    id: "roofline-plot",
    label: `Roofline of the device with ${points.length} kernels under it, both axes logarithmic`,
    aspect: 1.8,
    x,
    y,
    bands: [],
    lines: [{ name: "measured roof", dash: false, points: corners }],
    series: byKernel(points),
    marker: { x: rounded(ridge), text: `ridge: ${formatPlain(ridge, 3)} FLOP a byte` },
  };
}
