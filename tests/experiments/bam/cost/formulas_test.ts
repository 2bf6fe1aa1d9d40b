/** BAM's Tables 7, 9 and 10 in the experiment: what agrees to the digit, and what is an erratum. */
import { assert, assertEquals } from "@std/assert";
import { formulaRows, isErratum } from "../../../../experiments/bam/cost/formulas.ts";
import { variantModel, variants } from "../../../../experiments/bam/cost/variants.ts";
import {
  layerFlops,
  layersOf,
  type Model,
  modelPreset,
  parameters,
} from "../../../../core/spec/mod.ts";

Deno.test("Tables 7 and 10 agree to the digit, Table 9 but for five errata that say why", () => {
  const rows = formulaRows();
  const printed = (table: number) => rows.filter((r) => r.table === table && r.printed !== null);
  assertEquals([7, 9, 10].map((table) => printed(table).length), [9, 54, 33]);
  const wrong = rows.filter(isErratum);
  assertEquals(
    wrong.map(({ table, model, part, counted }) => `${table}, ${model}, ${part}: ${counted}`),
    [
      "9, BAM, shared KV, query, key and value of a layer: 6291456",
      "9, BTX, 6 experts top-3, router of a layer: 6144",
      "9, BTX, 6 experts top-3, active: 662744064",
      "9, BAM, shared KV, active: 624983040",
      "9, BTX, 6 experts top-3, total: 775990272",
    ],
  );
  for (const row of rows) {
    assertEquals(isErratum(row), row.printed !== null && !!row.note, row.part);
  }
});

Deno.test("at the small size of the work, variants are its models", () => {
  const sizes = { layers: 6, dModel: 1024, heads: 8, width: 2048, vocab: 256_000 };
  const presets: Record<string, string> = {
    "seed": "bam-small-seed",
    "btx-4": "btx-small",
    "bam-expert-kv": "bam-small",
    "bam-shared-kv": "bam-small-shared-kv",
  };
  const flops = (model: Model) => layerFlops(model, layersOf(model)[0], { sequence: 256 }).total;
  for (const variant of variants) {
    const preset = presets[variant.id];
    const own = variantModel(variant, sizes);
    assertEquals(own.block, "parallel");
    if (!preset) continue;
    const model = modelPreset(preset);
    assertEquals(flops(own), flops(model), variant.id);
    // Tables of tokens are tied here: the output layer is the input's.
    const head = 256_000 * 1024;
    assertEquals(parameters(own).total, parameters(model).total - head, variant.id);
  }
  const [two, one] = ["bam-top-2", "bam-top-1"].map((id) =>
    flops(variantModel(variants.find((v) => v.id === id)!, sizes))
  );
  assert(one < two && two < flops(modelPreset("bam-small-shared-kv")));
});
