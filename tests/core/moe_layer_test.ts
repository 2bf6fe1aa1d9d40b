import { assert, assertEquals } from "@std/assert";
import { moeLayer, moeLayerOracle, randomWeights, uploadWeights } from "../../core/mod.ts";
import {
  choiceWords,
  createRecorder,
  download,
  normals,
  parseVariant,
  routerOracle,
  rowTimes,
  split,
  uniformChoice,
} from "../../kernels/mod.ts";
import { variants, withDevice } from "../kernels/compare.ts";
import { variantName } from "../../kernels/gemm/variant.ts";

const shapes = [
  { dModel: 24, dExpert: 20, experts: 4, topK: 2, sharedExperts: 0, sharedWidth: 0 },
  { dModel: 37, dExpert: 19, experts: 7, topK: 3, sharedExperts: 2, sharedWidth: 38 },
  { dModel: 16, dExpert: 8, experts: 16, topK: 1, sharedExperts: 1, sharedWidth: 8 },
];
const TOKENS = 75;

Deno.test(
  "the layer is within 1e-4 of the oracle under its own routing, which is the oracle's but for ties",
  withDevice(async (pool, device) => {
    for (const shape of shapes) {
      const weights = randomWeights(shape, 11);
      const x = normals(split(11, "x"), TOKENS * shape.dModel);
      const x_TD = pool.upload("x_TD", [TOKENS, shape.dModel], x);
      const w = uploadWeights(pool, shape, weights);
      const gate = { topK: shape.topK, softmax: "after" as const };
      let first: Float32Array | undefined;
      for (const variant of variants(device)) {
        const word = variantName(variant);
        const kernels = uniformChoice(parseVariant(word));
        assertEquals(choiceWords(kernels).grouped, word);
        const recorder = createRecorder(pool);
        const out = moeLayer(recorder, x_TD, { shape, gate, w, kernels });
        await recorder.finish();
        const [y, routed] = await download(device, [out.y_TD, out.routing.weights]);
        const [ids] = await download(device, [out.routing.ids], Uint32Array);
        const routing = { ids, weights: routed, topK: shape.topK };
        const tokens = Array.from({ length: TOKENS }, (_, t) => t);
        const wanted = moeLayerOracle(x, { shape, weights, routing, tokens });
        for (let t = 0; t < TOKENS; t++) {
          const row = wanted.subarray(t * shape.dModel, (t + 1) * shape.dModel);
          const scale = row.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
          row.forEach((v, i) =>
            assert(Math.abs(y[t * shape.dModel + i] - v) <= 1e-4 * scale, `token ${t} column ${i}`)
          );
        }
        const { dModel: k, experts: e } = shape;
        const logits = tokens.flatMap((row) => [
          ...rowTimes(x, weights.router_DE, { row, k, n: e }).values,
        ]);
        const oracle = routerOracle(logits, { t: TOKENS, e, k: shape.topK, renormalise: true });
        tokens.filter((t) => oracle.gap[t] > 1e-6).forEach((t) => {
          const chosen = (from: Uint32Array) =>
            [...from.subarray(t * shape.topK, (t + 1) * shape.topK)].sort();
          assertEquals(chosen(ids), chosen(oracle.ids), `routing of token ${t}`);
        });
        first ??= y;
        assertEquals(y, first, "variants give the same bits");
        pool.release(...out.tensors);
      }
      pool.release(x_TD, ...Object.values(w).filter((t) => t !== null));
    }
    assertEquals(pool.bytes().live, 0);
  }),
);
