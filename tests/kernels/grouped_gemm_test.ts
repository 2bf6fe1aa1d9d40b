import { assertEquals } from "@std/assert";
import { type Variant, variantName } from "../../kernels/gemm/variant.ts";
import { columnsOf } from "../../kernels/gemm/variant.ts";
import { groupedGemm, groupedGemmSwiglu } from "../../kernels/grouped_gemm/grouped_gemm.ts";
import { groupedGemmOracle, groupedGemmSwigluOracle } from "../../kernels/grouped_gemm/oracle.ts";
import { groupTokens } from "../../kernels/group_tokens/group_tokens.ts";
import { groupTokensOracle } from "../../kernels/group_tokens/oracle.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { download } from "../../kernels/tensor.ts";
import { split } from "../../kernels/base/random.ts";
import { assertClose, numbers, variants, withDevice } from "./compare.ts";

const sizes = [
  { t: 1, k: 1, e: 1, d: 1, f: 1 },
  { t: 5, k: 2, e: 3, d: 9, f: 6 },
  { t: 90, k: 2, e: 5, d: 37, f: 70 },
];

Deno.test(
  "grouped products gather, use each row's expert, and agree bit by bit across variants",
  withDevice(async (pool, device) => {
    for (const { t, k, e, d, f } of sizes) {
      const stream = split(5, "ids");
      const ids = Uint32Array.from(
        { length: t * k },
        () => stream.int(0, e - 1) % Math.max(1, e - 1),
      );
      const x = numbers("x", t * d);
      const w1 = numbers("w1", 2 * e * d * f);
      const w2 = numbers("w2", e * f * d);
      const h0 = numbers("h", t * k * f);
      const inputs = {
        ids: pool.upload("ids", [t * k], ids),
        x: pool.upload("x", [t, d], x),
        w1: pool.upload("w1", [e, 2, d, f], w1),
        w2: pool.upload("w2", [e, f, d], w2),
        h: pool.upload("h", [t * k, f], h0),
      };
      const sorted = groupTokensOracle(ids, { experts: e, tileRows: 1 });
      const expert = sorted.rowIds.map((choice) => ids[choice]);
      let first: Float32Array[] | undefined;
      const list: Variant[] = variants(device);
      for (const variant of list) {
        const recorder = createRecorder(pool);
        const columns = (n: number, swiglu: boolean) =>
          Math.ceil(
            n / columnsOf(variant, { grouped: true, gather: swiglu, swiglu }, device.subgroupSize),
          );
        const groups = groupTokens(recorder, inputs.ids, {
          experts: e,
          tileRows: variant.rows,
          columns: [columns(f, true), columns(d, false)],
        });
        const up = groupedGemmSwiglu(recorder, inputs.x, {
          w: inputs.w1,
          groups,
          topK: k,
          label: "up",
          variant,
        });
        const down = groupedGemm(recorder, inputs.h, {
          w: inputs.w2,
          groups,
          label: "down",
          variant,
        });
        await recorder.finish();
        const got = await download(device, [up, down]);
        const what = `${variantName(variant)} t${t} k${k} e${e} d${d} f${f}`;
        const source = sorted.rowIds.map((choice) => Math.floor(choice / k));
        assertClose(
          got[0],
          groupedGemmSwigluOracle(x, w1, { rows: { expert, source }, k: d, n: f }),
          { what: `up ${what}` },
        );
        const own = { expert, source: expert.map((_, i) => i) };
        assertClose(got[1], groupedGemmOracle(h0, w2, { rows: own, k: f, n: d }), {
          what: `down ${what}`,
        });
        first ??= got;
        assertEquals(got, first, `${what} differs from the first variant`);
        pool.release(up, down, ...Object.values(groups));
      }
      pool.release(...Object.values(inputs));
    }
  }),
);
