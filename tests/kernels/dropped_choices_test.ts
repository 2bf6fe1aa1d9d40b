/** Choices that were dropped, through grouping, products and combination, forward and backward. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { expertBackward } from "../../kernels/activation/expert_backward.ts";
import { expertBackwardOracle } from "../../kernels/activation/oracle.ts";
import { split } from "../../kernels/base/random.ts";
import { combine } from "../../kernels/combine/combine.ts";
import { combineOracle } from "../../kernels/combine/oracle.ts";
import { equalGroupIds, groupEqually } from "../../kernels/group_tokens/equal_groups.ts";
import { groupTensors, groupTokens, NO_CHOICE } from "../../kernels/group_tokens/group_tokens.ts";
import { groupTokensOracle } from "../../kernels/group_tokens/oracle.ts";
import { groupedGemm, groupedGemmWeightGrad } from "../../kernels/grouped_gemm/grouped_gemm.ts";
import { groupedGemmOracle, groupedWeightGradOracle } from "../../kernels/grouped_gemm/oracle.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { download } from "../../kernels/tensor.ts";
import { assertClose, numbers, variants, withDevice } from "./compare.ts";

const shapes = fc.record({
  t: fc.integer({ min: 1, max: 90 }),
  k: fc.integer({ min: 1, max: 4 }),
  experts: fc.integer({ min: 1, max: 9 }),
  kept: fc.constantFrom(0, 0.2, 0.7, 1),
  d: fc.integer({ min: 1, max: 40 }),
});

function idsOf(c: { t: number; k: number; experts: number; kept: number }) {
  const stream = split(2, JSON.stringify(c));
  return Uint32Array.from(
    { length: c.t * c.k },
    () => stream.uniform() < c.kept ? stream.int(0, c.experts - 1) : NO_CHOICE,
  );
}

Deno.test(
  "dropped choices have no row, and no product, sum or gradient sees them",
  withDevice(async (pool, device) => {
    const list = variants(device);
    for (const [i, c] of fc.sample(shapes, { seed: 1, numRuns: 24 }).entries()) {
      const { t, k, experts, d } = c;
      const n = 12;
      const ids = idsOf(c);
      const variant = list[i % list.length];
      const host = {
        x: numbers("x", t * d),
        w: numbers("w", experts * d * n),
        weights: numbers("weights", t * k),
        da: numbers("da", t * k * n),
      };
      const x = pool.upload("x", [t, d], host.x);
      const w = pool.upload("w", [experts, d, n], host.w);
      const weights = pool.upload("weights", [t * k], host.weights);
      const da = pool.upload("da", [t * k, n], host.da);
      const choices = pool.upload("ids", [t * k], ids);
      const recorder = createRecorder(pool);
      const groups = groupTokens(recorder, choices, { experts, tileRows: variant.rows, topK: k });
      const by = { groups, variant };
      const rows = groupedGemm(recorder, x, { ...by, w, gather: true, label: "rows" });
      const y = combine(recorder, rows, { places: groups.places, weights, topK: k });
      const row = { weights, rowIds: groups.rowIds, partial: true };
      const { dh, dweights } = expertBackward(recorder, da, { kind: "relu", h: rows, row });
      const dw = groupedGemmWeightGrad(recorder, x, { ...by, dc: dh, gather: "a", label: "dw" });
      recorder.submit();

      const wanted = groupTokensOracle(ids, { experts, tileRows: variant.rows });
      const [offsets, rowIds, rowTokens, places, tileMap] = await download(
        device,
        [groups.offsets, groups.rowIds, groups.rowTokens, groups.places, groups.tileMap],
        Uint32Array,
      );
      assertEquals([...offsets], wanted.offsets);
      assertEquals([...rowIds], wanted.rowIds);
      assertEquals([...places], wanted.places);
      assertEquals(
        [...rowTokens],
        wanted.rowIds.map((c) => c === NO_CHOICE ? c : Math.floor(c / k)),
      );
      assertEquals(
        [...tileMap.subarray(0, 4 * wanted.tiles.length)],
        wanted.tiles.flatMap((tile) => [...tile, 0]),
      );

      const used = wanted.offsets[experts];
      const expert = wanted.rowIds.slice(0, used).map((choice) => ids[choice]);
      const source = wanted.rowIds.slice(0, used).map((choice) => Math.floor(choice / k));
      const h = groupedGemmOracle(host.x, host.w, { rows: { expert, source }, k: d, n });
      const [gotRows, gotY, gotDh, gotDweights, gotDw] = await download(
        device,
        [rows, y, dh, dweights!, dw],
      );
      assertClose(gotRows.subarray(0, used * n), h, { what: "rows" });
      assertClose(
        gotY,
        combineOracle(gotRows, { places, weights: host.weights, t, k, d: n }),
        { what: "combined" },
      );
      const back = expertBackwardOracle(host.da.subarray(0, used * n), {
        ...{ kind: "relu", gated: false, h: gotRows.subarray(0, used * n), f: n },
        row: { weights: host.weights, rowIds: wanted.rowIds.slice(0, used) },
      });
      assertClose(gotDh.subarray(0, used * n), back.dh, { what: "dh" });
      assertClose(gotDweights, back.dweights!, { what: "dweights" });
      assertEquals(
        [...gotDweights].some((v, choice) => ids[choice] === NO_CHOICE && v !== 0),
        false,
        "a dropped choice's weight has no gradient",
      );
      assertClose(
        gotDw,
        groupedWeightGradOracle(host.x, gotDh.subarray(0, used * n), {
          ...{ expert, sourceA: source, sourceC: source.map((_, r) => r) },
          ...{ experts, k: d, n, planes: 1 },
        }),
        { what: "dw" },
      );
      pool.release(x, w, weights, da, choices, rows, y, dh, dweights!, dw, ...groupTensors(groups));
    }
  }),
);

Deno.test(
  "equal groups are what a sort of their ids gives",
  withDevice(async (pool, device) => {
    const cases = [
      { rows: 6, experts: 2, perExpert: 3 },
      { rows: 96, experts: 3, perExpert: 32 },
      { rows: 48, experts: 3, perExpert: 2, pitch: 8 },
      { rows: 40, experts: 5, perExpert: 1, pitch: 8 },
      { rows: 1, experts: 1, perExpert: 1 },
      { rows: 700, experts: 70, perExpert: 1, pitch: 70 },
    ];
    for (const c of cases) {
      for (const tileRows of [16, 32]) {
        const recorder = createRecorder(pool);
        const groups = groupEqually(recorder, { ...c, tileRows });
        recorder.submit();
        const wanted = groupTokensOracle(equalGroupIds(c), { experts: c.experts, tileRows });
        const [offsets, rowIds, places, tileMap] = await download(
          device,
          [groups.offsets, groups.rowIds, groups.places, groups.tileMap],
          Uint32Array,
        );
        assertEquals([...offsets], wanted.offsets);
        assertEquals([...rowIds], wanted.rowIds);
        assertEquals([...places], wanted.places);
        const tiles = wanted.tiles.flatMap((tile) => [...tile, 0]);
        assertEquals([...tileMap.subarray(0, tiles.length)], tiles);
        assertEquals([...tileMap.subarray(tiles.length)].some((v) => v !== 0), false);
        pool.release(...groupTensors(groups));
      }
    }
    const wrong = () =>
      groupEqually(createRecorder(pool), {
        rows: 9,
        experts: 2,
        perExpert: 3,
        pitch: 4,
        tileRows: 16,
      });
    assertThrows(wrong, RangeError, "Cannot group 9 rows in blocks of 4");
  }),
);
