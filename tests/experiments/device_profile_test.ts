/** The profile that is remembered: when it will do, and when it is measured anew. */
import { assert, assertEquals } from "@std/assert";
import { deviceProfileOf, hasMeasured, profilePath } from "../../experiments/device_profile.ts";
import { readTextFileIfAny, stableJson, writeTextFile } from "../../kernels/base/files.ts";
import { adapterKey, choiceWords, guessedKernels } from "../../kernels/mod.ts";
import { withDevice } from "../kernels/compare.ts";
import { exampleProfile } from "./routing/example_profile.ts";
import { inFolder } from "./world.ts";

Deno.test("a profile will do where it has all kinds and knows its kernels", () => {
  const profile = { ...exampleProfile, kernels: { gemm: "a", grouped: "b" } };
  const has = (kinds: string[], kernels: string[]) => hasMeasured(profile, { kinds, kernels });
  assert(has(["gemm", "router"], ["gemm"]));
  assert(!has(["gemm", "adamw"], ["gemm"]));
  assert(!has(["gemm"], ["gemm", "weightGrad"]));
});

Deno.test(
  "what a remembered profile lacks is measured, beside what it had",
  withDevice((_, device) =>
    inFolder(async (memory) => {
      // The tuner need not search: what it remembers are the first candidates.
      const words = { [adapterKey(device.adapter)]: choiceWords(guessedKernels(device)) };
      await writeTextFile(`${memory}/tune.json`, stableJson(words));
      const path = profilePath(device, memory);
      const options = { quick: true, memory };
      const first = await deviceProfileOf(device, { ...options, kinds: ["reduce"] });
      assertEquals(Object.keys(first.curves), ["reduce"]);
      const text = await readTextFileIfAny(path);
      assertEquals(await deviceProfileOf(device, { ...options, kinds: ["reduce"] }), first);
      assertEquals(await readTextFileIfAny(path), text);
      const second = await deviceProfileOf(device, { ...options, kinds: ["norm"] });
      assertEquals(Object.keys(second.curves).toSorted(), ["norm", "reduce"]);
    })
  ),
);
