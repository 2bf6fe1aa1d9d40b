/** The profile that is remembered: where it lies, and what is read of it. */
import { assertEquals, assertRejects } from "@std/assert";
import { profilePath, readProfile } from "../../experiments/device_profile.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { stableJson, writeTextFile } from "../../kernels/base/files.ts";
import { exampleProfile } from "./routing/example_profile.ts";
import { inFolder } from "./world.ts";

Deno.test("a profile is read as it was written, and nothing where there is none", () =>
  inFolder(async (folder) => {
    const path = `${folder}/profile.json`;
    assertEquals(await readProfile(path), undefined);
    await writeTextFile(path, stableJson(exampleProfile));
    assertEquals(stableJson((await readProfile(path))!), stableJson(exampleProfile));
  }));

Deno.test("what is no profile says why", () =>
  inFolder(async (folder) => {
    const path = `${folder}/profile.json`;
    await writeTextFile(path, "{");
    await assertRejects(() => readProfile(path), UserError, `Cannot read ${path}`);
    await writeTextFile(path, "{}");
    await assertRejects(() => readProfile(path), UserError, "but found nothing");
  }));

Deno.test("each adapter has a file of its own", () => {
  const names = { vendor: "amd", architecture: "", device: "", software: false };
  const pathOf = (description: string) => profilePath({ adapter: { ...names, description } });
  assertEquals(pathOf("AMD Radeon (RADV)"), ".moelab/profiles/amd-radeon-radv.json");
  assertEquals(pathOf("llvmpipe"), ".moelab/profiles/llvmpipe.json");
});
