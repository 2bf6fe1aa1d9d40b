/** Weights of fewer bits: what they do to logits is what rounding the weights does, and no more. */
import { assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import {
  checkStorage,
  hasHalves,
  heldAs,
  type InferenceStorage,
} from "../../../core/infer/storage.ts";
import type { Device } from "../../../kernels/device.ts";
import { withDevice } from "../../kernels/compare.ts";
import { apart, expectedOf, heldModel, inferenceOf, routingOf, someIds } from "./compared.ts";
import type { ArchitectureName } from "./made_up/architectures.ts";

const ids = someIds(11);

/** Models for each storage, and by what share of the largest logit rounding may move one. */
const cases: readonly {
  storage: InferenceStorage;
  names: ArchitectureName[];
  least: number;
  most: number;
}[] = [
  { storage: "f16", names: ["qwen2_moe", "qwen2"], least: 1e-6, most: 0.01 },
  { storage: "int8", names: ["deepseek_v3", "qwen2"], least: 1e-4, most: 0.1 },
  { storage: "int4", names: ["gpt_oss", "mixtral"], least: 1e-2, most: 1 },
];

Deno.test(
  "logits of f16, int8 and int4 are f64's of the rounded weights",
  withDevice(async (_, device) => {
    const halves = hasHalves(device);
    for (const { storage, names, least, most } of cases) {
      if (storage === "f16" && !halves) continue;
      for (const name of names) {
        const { made, inference } = await inferenceOf(device, name, { storage });
        const found = await inference.read(ids, { logits: "all", routes: true });
        const routing = routingOf(found, made);
        const rounded = heldModel(made, storage, halves);
        const what = `${name} in ${storage}`;
        assertLess(apart(found.logits, expectedOf(ids, rounded, routing).logits), 1e-5, what);
        const error = apart(found.logits, expectedOf(ids, made, routing).logits);
        assertGreater(error, least, what);
        assertLess(error, most, what);
        // A step reads the same weights by the kernels of one token.
        inference.rewind(10);
        assertEquals(await inference.step(ids[10]), found.logits.slice(-97), what);
        inference.close();
      }
    }
  }),
);

Deno.test(
  "fewer bits take less memory",
  withDevice(async (_, device) => {
    const bytes = [];
    for (const storage of ["f32", "int8"] as const) {
      const { inference } = await inferenceOf(device, "mixtral", { storage });
      bytes.push(inference.bytes().state.live);
      inference.close();
    }
    assertLess(bytes[1], bytes[0]);
  }),
);

Deno.test("routers, norms and biases stay in full; tables are halves at the least", () => {
  const names = [
    ...["embedding", "head", "norm", "layers.0.moe.router", "layers.0.moe.router.bias"],
    ...["layers.0.attention.kvDownNorm", "layers.0.attention.qNorm", "layers.0.moe.norm"],
    ...["layers.0.attention.sinks", "layers.0.moe.balance", "layers.0.moe.sharedGate"],
    ...["layers.0.moe.up", "layers.0.moe.up.bias", "layers.0.attention.kvDown"],
  ];
  const held = (storage: InferenceStorage, halves: boolean) =>
    names.map((name) => heldAs(name, { storage, halves }));
  const small = Array(9).fill("f32");
  assertEquals(held("int4", true), ["f16", "f16", ...small, 4, "f32", 4]);
  assertEquals(held("int8", false), ["f32", "f32", ...small, 8, "f32", 8]);
  assertEquals(held("f32", true), Array(names.length).fill("f32"));
});

Deno.test("a storage that the device has not is refused", () => {
  const without = {
    gpu: { features: new Set() },
    adapter: { description: "an old device" },
  } as unknown as Device;
  assertThrows(
    () => checkStorage(without, "f16"),
    TypeError,
    "an old device has no shader-f16, wanted f32, int8 or int4",
  );
  checkStorage(without, "int4");
  assertThrows(() => checkStorage(without, "int3" as "int4"), TypeError, "wanted one of f32, f16");
});
