import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { layoutLayers, stageLayers } from "../../../experiments/published/stage_layers.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import type { Cut } from "../../../sim/plan/stage_layers.ts";

const cut = (pp: number, vpp: number): Cut => ({
  pp,
  vpp,
  schedule: vpp > 1 ? "interleaved" : "1f1b",
});

Deno.test("layouts in Megatron's notation", () => {
  assertEquals(layoutLayers("Et*4|(t*4|)*14tmL"), [...Array(15).fill(4), 1]);
  assertEquals(layoutLayers("Et|(tt|)*30L"), [1, ...Array(30).fill(2), 0]);
  assertEquals(layoutLayers("E t t | t L"), [2, 1]);
  assertThrows(() => layoutLayers("Ex|tL"), UserError, "wanted the letters E, t, m, L");
});

Deno.test("a layout has to hold the layers", () => {
  const layout = "Et*4|(t*4|)*14tmL";
  assertEquals(stageLayers(61, { ...cut(4, 4), layout }), [
    [4, 4, 4, 4],
    [4, 4, 4, 4],
    [4, 4, 4, 4],
    [4, 4, 4, 1],
  ]);
  assertThrows(
    () => stageLayers(60, { ...cut(4, 4), layout }),
    UserError,
    "found 61 layers in 16 chunks, wanted 60 layers in 4 x 4 chunks",
  );
  assertThrows(() => stageLayers(61, { ...cut(8, 4), layout }), UserError, "8 x 4 chunks");
});

Deno.test("without a layout the known recipes come out", () => {
  // Llama 3 405B counts embedding and loss as layers, DeepSeek-V3 fills front to back on 16 chunks
  // and leaves the loss and the module for further tokens alone on the last of 32.
  assertEquals(stageLayers(126, cut(16, 8))!.map((c) => c.join("")).join(" ").length, 143);
  assertEquals(stageLayers(126, cut(2, 2)), [[31, 32], [32, 31]]);
  assertEquals(stageLayers(61, cut(8, 1)), [[8], [8], [8], [8], [8], [8], [8], [5]]);
  assertEquals(
    stageLayers(61, cut(8, 4)),
    stageLayers(61, { ...cut(8, 4), layout: "Et|(tt|)*30mL" }),
  );
  assertEquals(
    stageLayers(61, cut(16, 1)),
    stageLayers(61, { ...cut(16, 1), layout: "Et*4|(t*4|)*14tmL" }),
  );
  assertEquals(stageLayers(80, cut(4, 5)), undefined);
  // DualPipe holds each part on two stages.
  const dualpipe = stageLayers(61, { pp: 16, vpp: 1, schedule: "dualpipe" })!;
  assertEquals([dualpipe[0], dualpipe[7], dualpipe[15]], [[4, 1], [4, 4], [1, 4]]);
});

Deno.test("chunks hold every layer, and the largest is no larger than needed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 130 }),
      fc.integer({ min: 1, max: 16 }),
      fc.integer({ min: 1, max: 8 }),
      (layers, pp, vpp) => {
        const split = stageLayers(layers, cut(pp, vpp));
        if (split === undefined) return assertEquals(layers % (pp * vpp), 0);
        const chunks = split.flat();
        assertEquals([split.length, chunks.length], [pp, pp * vpp]);
        assertEquals(chunks.reduce((a, b) => a + b), layers);
        assertEquals(Math.min(...chunks) >= 0, true);
        assertEquals(Math.max(...chunks), Math.ceil(layers / (pp * vpp)));
      },
    ),
    { seed: 1, numRuns: 500 },
  );
});
