/**
 * One layer's predictions beside its measurements, and the rows and summaries made of many.
 *
 * @module
 */
import { median } from "simple-statistics";
import { lowerMoeLayer, lowerMoeLayerBackward } from "../../core/mod.ts";
import { type AnyOp, bytes, type Estimate, exactly, flops, sum } from "../../kernels/base/mod.ts";
import type { Profile } from "../../kernels/mod.ts";
import type { Pair, PairSummary, RooflinePoint, Row } from "../../reports/result.ts";
import { priceOp } from "../../sim/mod.ts";
import { summarisePairs } from "../compare/errors_of_pairs.ts";
import { isInside } from "../compare/profiled.ts";
import { contentId } from "../hash.ts";
import type { DrawnLayer } from "./layer_draw.ts";
import type { MeasuredLayer } from "./layer_measure.ts";
import { type Pass, passes } from "./layer_passes.ts";

/** A pass over a layer: what it lowers to, and its two times. */
export interface ComparedPass {
  ops: AnyOp[];
  pair: Pair;
}

/** A layer, what was measured of it and what was predicted. */
export interface Compared {
  layer: DrawnLayer;
  measured: MeasuredLayer;
  passes: Record<Pass, ComparedPass>;
}

/** A layer in a few letters: tokens, widths, experts, experts a token, shared width, skew. */
export const labelOf = ({ tokens: t, shape: s, skew }: DrawnLayer) =>
  `T${t} D${s.dModel} F${s.dExpert} E${s.experts} K${s.topK}` +
  (s.sharedWidth > 0 ? ` S${s.sharedWidth}` : "") + (skew > 0 ? ` skew ${skew}` : "");

/** The group that the pairs of a pass are in, such as "forward, inside". */
export const groupOf = (pass: Pass, inside: boolean): string =>
  `${pass}, ${inside ? "inside" : "outside"}`;

const lowerings = { forward: lowerMoeLayer, backward: lowerMoeLayerBackward };

/** Prices the operators that a measured layer lowers to, under the loads that its router chose. */
export async function compare(
  layer: DrawnLayer,
  measured: MeasuredLayer,
  profile: Profile,
): Promise<Compared> {
  const { index: _, ...configuration } = layer;
  const id = `layer-${await contentId(configuration)}`;
  const comparePass = (pass: Pass): [Pass, ComparedPass] => {
    const ops = lowerings[pass](layer.shape, layer.tokens, { rows: measured.rows });
    const predicted = sum(ops.map((op) => priceOp(op, profile)), "sum of the profile's prices");
    const inside = isInside(ops, profile);
    return [pass, {
      ops,
      pair: {
        id: `${id}-${pass}`,
        label: labelOf(layer),
        group: groupOf(pass, inside),
        predicted,
        measured: measured.passes[pass].total,
        inside,
      },
    }];
  };
  const both = Object.fromEntries(passes.map(comparePass)) as Record<Pass, ComparedPass>;
  return { layer, measured, passes: both };
}

const totalFlops = (ops: readonly AnyOp[]) => ops.reduce((s, op) => s + flops(op), 0);

/** Value and interval of `work` divided by seconds. */
function rateOf(work: number, seconds: Estimate): Estimate {
  const { value, lo, hi, n, method } = seconds;
  return { value: work / value, lo: work / hi, hi: work / lo, n, method };
}

/** A measured layer as rows of the report: one in the table of each pass. */
export function layerRows({ layer, measured, passes: compared }: Compared): Row[] {
  const { shape } = layer;
  const errors = {
    forward: {
      outputErrorFraction: exactly(measured.outputError, "largest over checked tokens"),
    },
    backward: {
      gradientErrorFraction: exactly(measured.gradientError, "largest over checked tokens"),
    },
  };
  return passes.map((pass) => {
    const { ops, pair } = compared[pass];
    return {
      id: pair.id,
      table: pass,
      labels: {
        tokens: layer.tokens,
        dModel: shape.dModel,
        dExpert: shape.dExpert,
        experts: shape.experts,
        topK: shape.topK,
        sharedWidth: shape.sharedWidth,
        skew: layer.skew,
        range: pair.inside ? "inside" : "outside",
        ...(pass === "forward" && { digest: measured.digest }),
      },
      kind: "measured",
      metrics: {
        layerSeconds: pair.measured,
        rateFlopsPerSecond: rateOf(totalFlops(ops), pair.measured),
        ...errors[pass],
      },
      warnings: measured.passes[pass].timing.total.warnings,
    };
  });
}

/** Layers whose pass lies inside the profiled range. */
export const insideOf = (compared: readonly Compared[], pass: Pass): Compared[] =>
  compared.filter((c) => c.passes[pass].pair.inside);

/** The simplest rival: every layer at the median rate of all layers inside, fitted on them. */
export function constantRate(compared: readonly Compared[], pass: Pass): PairSummary {
  const inside = insideOf(compared, pass).map((c) => c.passes[pass]);
  const rate = median(inside.map(({ ops, pair }) => totalFlops(ops) / pair.measured.value));
  const priced = inside.map(({ ops, pair }) => ({
    ...{ ...pair, predicted: exactly(totalFlops(ops) / rate, "constant") },
  }));
  return summarisePairs(`${pass}, by one constant rate`, priced);
}

/** Error statistics of each pass inside and outside the range, and of the rival inside. */
export function layerSummaries(compared: readonly Compared[]): PairSummary[] {
  const ofPass = (pass: Pass) =>
    [true, false].flatMap((inside) => {
      const pairs = compared.map((c) => c.passes[pass].pair).filter((p) => p.inside === inside);
      return pairs.length > 0 ? [summarisePairs(groupOf(pass, inside), pairs)] : [];
    });
  const rivals = passes.filter((pass) => insideOf(compared, pass).length > 0)
    .map((pass) => constantRate(compared, pass));
  return [...passes.flatMap(ofPass), ...rivals];
}

/** The expert products of the layers as points under the roof. */
export function rooflinePoints(compared: readonly Compared[]): RooflinePoint[] {
  return compared.flatMap(({ measured, passes: { forward: { ops, pair } } }) =>
    ops.filter((op) => op.kind.startsWith("grouped")).map((op) => ({
      id: `${pair.id}-${op.kind}`,
      label: `${op.kind} ${pair.label}`,
      flopPerByte: flops(op) / bytes(op),
      flopsPerSecond: rateOf(
        flops(op),
        measured.passes.forward.byOperator[op.name!],
      ),
    }))
  );
}
