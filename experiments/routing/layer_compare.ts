/**
 * One layer's prediction beside its measurement, and the rows and summaries made of many.
 *
 * @module
 */
import { median } from "simple-statistics";
import { lowerMoeLayer } from "../../core/mod.ts";
import { type AnyOp, bytes, type Estimate, exactly, flops, sum } from "../../kernels/base/mod.ts";
import type { Profile } from "../../kernels/mod.ts";
import type { Pair, PairSummary, RooflinePoint, Row } from "../../reports/result.ts";
import { priceOp } from "../../sim/mod.ts";
import { contentId } from "../hash.ts";
import { errorOf, summarisePairs } from "./errors_of_pairs.ts";
import { type DrawnLayer, isInside } from "./layer_draw.ts";
import type { MeasuredLayer } from "./layer_measure.ts";

/** A layer, what was measured of it and what was predicted. */
export interface Compared {
  layer: DrawnLayer;
  measured: MeasuredLayer;
  ops: AnyOp[];
  pair: Pair;
}

/** A layer in a few letters: tokens, widths, experts, experts a token, shared width, skew. */
export const labelOf = ({ tokens: t, shape: s, skew }: DrawnLayer) =>
  `T${t} D${s.dModel} F${s.dExpert} E${s.experts} K${s.topK}` +
  (s.sharedWidth > 0 ? ` S${s.sharedWidth}` : "") + (skew > 0 ? ` skew ${skew}` : "");

/** Prices the operators that a measured layer lowers to, under the loads that its router chose. */
export async function compare(
  layer: DrawnLayer,
  measured: MeasuredLayer,
  profile: Profile,
): Promise<Compared> {
  const ops = lowerMoeLayer(layer.shape, layer.tokens, { rows: measured.rows });
  const predicted = sum(ops.map((op) => priceOp(op, profile)), "sum of the profile's prices");
  const { index: _, ...configuration } = layer;
  const pair = {
    id: `layer-${await contentId(configuration)}`,
    label: labelOf(layer),
    predicted,
    measured: measured.timing.total.estimate,
    inside: isInside(ops, profile),
  };
  return { layer, measured, ops, pair };
}

const totalFlops = (ops: readonly AnyOp[]) => ops.reduce((s, op) => s + flops(op), 0);

/** Value and interval of `work` divided by seconds. */
function rateOf(work: number, seconds: Estimate): Estimate {
  const { value, lo, hi, n, method } = seconds;
  return { value: work / value, lo: work / hi, hi: work / lo, n, method };
}

/** A measured layer as a row of the report. */
export function layerRow({ layer, measured, ops, pair }: Compared): Row {
  const { shape } = layer;
  return {
    id: pair.id,
    table: "layers",
    labels: {
      tokens: layer.tokens,
      dModel: shape.dModel,
      dExpert: shape.dExpert,
      experts: shape.experts,
      topK: shape.topK,
      sharedWidth: shape.sharedWidth,
      skew: layer.skew,
      range: pair.inside ? "inside" : "outside",
      digest: measured.digest,
    },
    kind: "measured",
    metrics: {
      layerSeconds: pair.measured,
      rateFlopsPerSecond: rateOf(totalFlops(ops), pair.measured),
      outputErrorFraction: exactly(measured.outputError, "largest over checked tokens"),
    },
    warnings: measured.timing.total.warnings,
  };
}

/** Predicted against measured for each operator by itself: which one the error comes from. */
export async function operatorRows(
  compared: readonly Compared[],
  profile: Profile,
): Promise<Row[]> {
  const inside = compared.filter((c) => c.pair.inside);
  const total = inside.reduce((s, c) => s + c.measured.timing.total.estimate.value, 0);
  const names = [...new Set(inside.flatMap((c) => c.ops.map((op) => op.name ?? op.kind)))];
  return await Promise.all(names.map(async (name) => {
    const pairs = inside.flatMap((c) => {
      const op = c.ops.find((op) => (op.name ?? op.kind) === name);
      const measured = c.measured.timing.byLabel[name];
      return op && measured
        ? [{ predicted: priceOp(op, profile), measured: measured.estimate }]
        : [];
    });
    const errors = pairs.map(errorOf);
    const seconds = pairs.reduce((s, p) => s + p.measured.value, 0);
    const over = `over ${pairs.length} layers inside the range`;
    return {
      id: `operator-${await contentId(name)}`,
      table: "operators",
      labels: { operator: name, layers: pairs.length },
      kind: "derived" as const,
      metrics: {
        timeFraction: exactly(seconds / total, over),
        absoluteErrorFraction: exactly(median(errors.map(Math.abs)), `median ${over}`),
        signedErrorFraction: exactly(median(errors), `median ${over}`),
      },
      warnings: [],
    };
  }));
}

/** The simplest rival: every layer at the median rate of all layers inside, fitted on them. */
export function constantRate(compared: readonly Compared[]): PairSummary {
  const inside = compared.filter((c) => c.pair.inside);
  const rate = median(inside.map((c) => totalFlops(c.ops) / c.pair.measured.value));
  return summarisePairs(
    "inside, by one constant rate",
    inside.map((c) => ({ ...c.pair, predicted: exactly(totalFlops(c.ops) / rate, "constant") })),
  );
}

/** The expert products of the layers as points under the roof. */
export function rooflinePoints(compared: readonly Compared[]): RooflinePoint[] {
  return compared.flatMap((c) =>
    c.ops.filter((op) => op.kind.startsWith("grouped")).map((op) => ({
      id: `${c.pair.id}-${op.kind}`,
      label: `${op.kind} ${c.pair.label}`,
      flopPerByte: flops(op) / bytes(op),
      flopsPerSecond: rateOf(flops(op), c.measured.timing.byLabel[op.name!].estimate),
    }))
  );
}
