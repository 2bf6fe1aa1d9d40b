/** Predicted beside measured, where the measurement is made up and the errors are known. */
import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { lowerMoeLayer, lowerMoeLayerBackward } from "../../../core/mod.ts";
import {
  compare,
  layerRows,
  layerSummaries,
  rooflinePoints,
} from "../../../experiments/routing/layer_compare.ts";
import { drawLayers } from "../../../experiments/routing/layer_draw.ts";
import type { MeasuredLayer } from "../../../experiments/routing/layer_measure.ts";
import { verdictOf } from "../../../experiments/routing/moe_layer_words.ts";
import { operatorPairs, operatorRows } from "../../../experiments/routing/operator_compare.ts";
import { type AnyOp, exactly, sum, timingOf } from "../../../kernels/mod.ts";
import { priceOp } from "../../../sim/mod.ts";
import { exampleProfile as profile } from "./example_profile.ts";

type Layer = ReturnType<typeof drawLayers>[number];

/** A layer whose operators take `slower` times what the profile says. */
function measuredOf(
  { shape, tokens }: Layer,
  slower: { forward: number; backward: number },
): MeasuredLayer {
  const rows = Array.from(
    { length: shape.experts },
    (_, e) =>
      Math.floor((e + 1) * tokens * shape.topK / shape.experts) -
      Math.floor(e * tokens * shape.topK / shape.experts),
  );
  const passOf = (ops: AnyOp[], factor: number) => {
    const byOperator = Object.fromEntries(ops.map((op) => [
      op.name!,
      exactly(factor * priceOp(op, profile).value, "made up"),
    ]));
    const total = sum(Object.values(byOperator), "made up");
    const launch = { label: "all", startSeconds: 0, endSeconds: total.value };
    return { timing: timingOf([[launch]]), total, byOperator };
  };
  return {
    passes: {
      forward: passOf(lowerMoeLayer(shape, tokens, { rows }), slower.forward),
      backward: passOf(lowerMoeLayerBackward(shape, tokens, { rows }), slower.backward),
    },
    ids: new Uint32Array(),
    rows,
    outputError: 1e-7,
    gradientError: 1e-6,
    routingMisses: 0,
    checked: 6,
    digest: "0123456789ab",
  };
}

const layers = drawLayers(profile, { seed: 3, count: 16 });
const compareAll = (slower: { forward: number; backward: number }) =>
  Promise.all(layers.map((layer) => compare(layer, measuredOf(layer, slower), profile)));

Deno.test("the errors of each pass, inside and outside the range, are what they were made", async () => {
  const compared = await compareAll({ forward: 1.25, backward: 0.8 });
  const summaries = layerSummaries(compared);
  assertEquals(summaries.map((s) => s.group), [
    "forward, inside",
    "forward, outside",
    "backward, inside",
    "backward, outside",
    "forward, by one constant rate",
    "backward, by one constant rate",
  ]);
  const [inside, outside, back] = summaries;
  assertAlmostEquals(inside.medianSignedError, -0.2);
  assertAlmostEquals(outside.medianAbsoluteError, 0.2);
  assertAlmostEquals(back.medianSignedError, 0.25);
  assertEquals(inside.kendallTau, 1);
  const pairs = compared.flatMap((c) => [c.passes.forward.pair, c.passes.backward.pair]);
  assertEquals(new Set(pairs.map((pair) => pair.id)).size, 32);
  const verdict = verdictOf(pairs);
  assertMatch(verdict, /^Roughly: .* 20\.0 % forward .* and 25\.0 % backward/);
});

Deno.test("the answer is yes only where both passes are within a tenth", async () => {
  const verdict = async (forward: number, backward: number) => {
    const compared = await compareAll({ forward, backward });
    return verdictOf(compared.flatMap((c) => [c.passes.forward.pair, c.passes.backward.pair]));
  };
  assertMatch(await verdict(1.05, 0.95), /^Yes: .*5\.3 % backward/);
  assertMatch(await verdict(1.05, 2), /^No: /);
  assertMatch(verdictOf([]), /nothing to say/);
});

Deno.test("every operator of a pass has its error, and their shares are the whole", async () => {
  const compared = await compareAll({ forward: 1, backward: 2 });
  const rows = await operatorRows(compared, profile);
  for (const pass of ["forward", "backward"]) {
    const of = rows.filter((row) => row.labels.pass === pass);
    const shares = of.reduce((total, row) => total + row.metrics.timeFraction.value, 0);
    assertAlmostEquals(shares, 1);
    const error = pass === "forward" ? 0 : -0.5;
    of.forEach((row) => assertAlmostEquals(row.metrics.signedErrorFraction.value, error));
  }
  const pairs = await operatorPairs(compared, profile);
  assertEquals(pairs.map((pair) => pair.id), rows.map((row) => row.id));
  const up = pairs.find((pair) => pair.label === "backward: expert up dw")!;
  assertAlmostEquals(up.predicted.value / up.measured.value, 0.5);
});

Deno.test("a layer is a row in the table of each pass, and its products lie under the roof", async () => {
  const [first] = await compareAll({ forward: 1, backward: 1 });
  const [forward, backward] = layerRows(first);
  assertEquals([forward.table, backward.table], ["forward", "backward"]);
  assertEquals(forward.labels.tokens, layers[0].tokens);
  assertEquals(forward.labels.digest, "0123456789ab");
  assertEquals(Object.keys(backward.metrics), [
    "layerSeconds",
    "rateFlopsPerSecond",
    "gradientErrorFraction",
  ]);
  const points = rooflinePoints([first]);
  assertEquals(points.length, 2);
  assert(points.every((p) => p.flopPerByte > 0 && p.flopsPerSecond.value > 0));
});
