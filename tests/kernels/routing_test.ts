import { assert, assertEquals, assertThrows } from "@std/assert";
import { split } from "../../kernels/base/random.ts";
import { combine } from "../../kernels/combine/combine.ts";
import { combineOracle } from "../../kernels/combine/oracle.ts";
import { groupTensors, groupTokens } from "../../kernels/group_tokens/group_tokens.ts";
import { groupTokensOracle } from "../../kernels/group_tokens/oracle.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { routerOracle } from "../../kernels/router/oracle.ts";
import { router } from "../../kernels/router/router.ts";
import { download } from "../../kernels/tensor.ts";
import { assertClose, numbers, withDevice } from "./compare.ts";

const rowMaximum = (values: Float64Array, width: number) =>
  values.map((_, i) => {
    const row = values.subarray(i - i % width, i - i % width + width);
    return row.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  });

Deno.test(
  "router picks what the oracle picks, with both weightings",
  withDevice(async (pool, device) => {
    for (const [t, e, k] of [[1, 1, 1], [5, 3, 2], [130, 8, 8], [67, 61, 6]]) {
      for (const renormalise of [false, true]) {
        const logits = numbers("logits", t * e, 2);
        const tensor = pool.upload("logits", [t, e], logits);
        const recorder = createRecorder(pool);
        const { ids, weights } = router(recorder, tensor, { topK: k, renormalise });
        await recorder.finish();
        const [gotIds] = await download(device, [ids], Uint32Array);
        const [gotWeights] = await download(device, [weights]);
        const wanted = routerOracle(logits, { t, e, k, renormalise });
        assertEquals(gotIds, wanted.ids);
        const scale = rowMaximum(wanted.weights, k);
        assertClose(gotWeights, { values: wanted.weights, scale }, { what: `router ${t}x${e}` });
        pool.release(tensor, ids, weights);
      }
    }
  }),
);

Deno.test(
  "router sends ties to the lower index and keeps ids in range and distinct for NaN",
  withDevice(async (pool, device) => {
    const logits = Float32Array.of(1, 3, 3, 3, 0, 0, 0, 0, NaN, NaN, NaN, NaN);
    const tensor = pool.upload("logits", [3, 4], logits);
    const recorder = createRecorder(pool);
    const { ids } = router(recorder, tensor, { topK: 2, renormalise: false });
    await recorder.finish();
    const [got] = await download(device, [ids], Uint32Array);
    assertEquals([...got], [1, 2, 0, 1, 0, 1]);
    assertThrows(
      () => router(createRecorder(pool), tensor, { topK: 5, renormalise: false }),
      TypeError,
      "wanted 1 to 4",
    );
  }),
);

Deno.test(
  "token groups are a stable sort, with tiles that cover every row once",
  withDevice(async (pool, device) => {
    const stream = split(3, "ids");
    for (
      const [choices, experts, tileRows] of [[1, 1, 16], [63, 5, 16], [1000, 70, 32], [4096, 7, 64]]
    ) {
      // The last expert stays without tokens where there is more than one.
      const top = Math.max(0, experts - 2);
      const ids = Uint32Array.from({ length: choices }, () => stream.int(0, top));
      const tensor = pool.upload("ids", [choices], ids);
      const recorder = createRecorder(pool);
      const groups = groupTokens(recorder, tensor, { experts, tileRows, topK: 3 });
      await recorder.finish();
      const wanted = groupTokensOracle(ids, { experts, tileRows });
      const [offsets, rowIds, places, tileMap, rowTokens] = await download(
        device,
        [groups.offsets, groups.rowIds, groups.places, groups.tileMap, groups.rowTokens],
        Uint32Array,
      );
      assertEquals([...offsets], wanted.offsets);
      assertEquals([...rowIds], wanted.rowIds);
      assertEquals([...rowTokens], wanted.rowIds.map((choice) => Math.floor(choice / 3)));
      assertEquals([...places], wanted.places);
      const n = wanted.tiles.length;
      assertEquals(groups.mostTiles, tileMap.length / 4);
      assertEquals([...tileMap.subarray(4 * n)].some((v) => v !== 0), false, "no tile beyond");
      assertEquals([...tileMap.subarray(0, 4 * n)], wanted.tiles.flatMap((t) => [...t, 0]));
      pool.release(tensor, ...groupTensors(groups));
    }
  }),
);

Deno.test(
  "combine weighs and adds the rows of each token, with and without an extra",
  withDevice(async (pool, device) => {
    for (const [t, k, d] of [[1, 1, 1], [9, 3, 13], [70, 2, 260]]) {
      const rows = numbers("rows", t * k * d);
      const weights = numbers("weights", t * k);
      const extra = numbers("extra", t * d);
      const places = Uint32Array.from({ length: t * k }, (_, i) => (i * 7 + 3) % (t * k));
      if (new Set(places).size !== t * k) places.forEach((_, i) => places[i] = t * k - 1 - i);
      const tensors = {
        rows: pool.upload("rows", [t * k, d], rows),
        weights: pool.upload("weights", [t * k], weights),
        places: pool.upload("places", [t * k], places),
        extra: pool.upload("extra", [t, d], extra),
      };
      for (const withExtra of [false, true]) {
        const recorder = createRecorder(pool);
        const y = combine(recorder, tensors.rows, {
          places: tensors.places,
          weights: tensors.weights,
          topK: k,
          extra: withExtra ? tensors.extra : undefined,
        });
        await recorder.finish();
        const [got] = await download(device, [y]);
        const wanted = combineOracle(rows, {
          places,
          weights,
          extra: withExtra ? extra : undefined,
          t,
          k,
          d,
        });
        assertClose(got, wanted, { what: `combine ${t}x${k}x${d}` });
        pool.release(y);
      }
      pool.release(...Object.values(tensors));
    }
    assert(pool.bytes().live === 0, "every tensor was given back");
  }),
);
