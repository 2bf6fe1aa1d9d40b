/**
 * Predicted over measured, by size: shows a bias to one side, or one that grows with size, which a
 * mean error hides.
 *
 * @module
 */
import { anchor } from "../html.ts";
import type { Pair, PairStyle } from "../result.ts";
import { logAxis } from "./axis.ts";
import { bandWidths, drawable, seriesOf } from "./parity.ts";
import { type Interval, intervalOf, type Plot, rounded } from "./plot.ts";

/** Ratio of prediction to measurement; its interval takes the worst of both. */
export function ratioOf(pair: Pair): Interval {
  const [pLo, p, pHi] = intervalOf(pair.predicted);
  const [mLo, m, mHi] = intervalOf(pair.measured);
  return [rounded(pLo / mHi), rounded(p / m), rounded(pHi / mLo)];
}

const ratios = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 1, 1.25, 2, 5, 10, 20, 50, 100];

/** The residual plot of pairs. */
export function residualPlot(pairs: readonly Pair[], style?: PairStyle): Plot {
  const shown = drawable(pairs);
  const x = logAxis(shown.flatMap((p) => intervalOf(p.measured)), {
    title: style?.measured ?? "measured",
    unit: "seconds",
  });
  const widest = shown.flatMap(ratioOf).reduce((w, r) => Math.max(w, r, 1 / r), 1.3);
  const bound = rounded(widest ** 1.1);
  const y = {
    title: "predicted / measured",
    min: rounded(1 / bound),
    max: bound,
    ticks: ratios.filter((r) => r <= bound && r >= 1 / bound)
      .filter((r) => bound < 4 || (r !== 0.8 && r !== 1.25))
      .map((value) => ({ value, label: `× ${value}` })),
  };
  const level = (r: number): [number, number][] => [[x.min, r], [x.max, r]];
  return {
    id: "residual-plot",
    label: `Predicted over measured times of ${shown.length} pairs, by measured time`,
    aspect: 2.2,
    x,
    y,
    bands: bandWidths.map((width) => ({
      name: `± ${Math.round(width * 100)} %`,
      lower: level(1 - width),
      upper: level(1 + width),
    })),
    lines: [{ name: "predicted = measured", dash: false, points: level(1) }],
    series: seriesOf(shown, (p) => ({
      row: anchor("pair", p.id),
      x: intervalOf(p.measured),
      y: ratioOf(p),
    }), style),
  };
}
