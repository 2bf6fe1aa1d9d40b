import { assert, assertEquals } from "@std/assert";
import { lowerMoeLayer, lowerMoeLayerBackward } from "../../../core/mod.ts";
import { isInside, isProfiled } from "../../../experiments/compare/profiled.ts";
import { drawLayers } from "../../../experiments/routing/layer_draw.ts";
import { op } from "../../../kernels/mod.ts";
import { exampleProfile as profile } from "./example_profile.ts";

Deno.test("drawn layers are seeded, never profiled, and an eighth leaves the range", () => {
  const layers = drawLayers(profile, { seed: 1, count: 40 });
  assertEquals(layers, drawLayers(profile, { seed: 1, count: 40 }));
  assert(JSON.stringify(layers) !== JSON.stringify(drawLayers(profile, { seed: 2, count: 40 })));
  assertEquals(layers.filter((l) => !l.inside).length, 5);
  for (const { shape, tokens, inside } of layers) {
    const ops = [...lowerMoeLayer(shape, tokens), ...lowerMoeLayerBackward(shape, tokens)];
    assertEquals(ops.filter((op) => isProfiled(op, profile)), []);
    assertEquals(isInside(ops, profile), inside);
  }
  const spread = (of: (l: typeof layers[number]) => number) =>
    Math.max(...layers.map(of)) / Math.min(...layers.map(of));
  assert(spread((l) => l.tokens) > 8 && spread((l) => l.shape.dModel) > 5, "over the whole range");
});

Deno.test("a shape counts as profiled as it is and rounded up to tiles", () => {
  assert(isProfiled(op("gemm", { m: 128, n: 64, k: 512 }), profile));
  assert(isProfiled(op("gemm", { m: 100, n: 33, k: 505 }), profile));
  assert(!isProfiled(op("gemm", { m: 300, n: 64, k: 512 }), profile));
  assert(isProfiled(op("router", { t: 16, e: 4, k: 2 }), profile));
});
