import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { parseConfig } from "../../../kernels/base/config.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { profileSchema } from "../../../kernels/base/profile_schema.ts";
import { deviceProfile, deviceProfiles } from "../../../sim/cluster/profiles.ts";

Deno.test("profiles are published devices with vendor peaks in order and sane laws", () => {
  const ids =
    "a100 a100-40gb a100-pcie b200 b300 gb200 gb300 h100 h100-96gb h100-pcie h20 h200 h800";
  assertEquals(Object.keys(deviceProfiles).sort(), [...ids.split(" "), "v100"]);
  assertThrows(() => deviceProfile("h2000"), UserError, 'did you mean "h200"');
  for (const [id, profile] of Object.entries(deviceProfiles)) {
    assertEquals([profile.id, profile.kind], [id, "published"]);
    assert(profile.sources.length >= 2, id);
    const { f16, f32, tf32 = f16! / 2, bf16 = f16!, fp8, fp4 } = profile.peakFlopsPerSecond;
    assert(f32! < tf32 && tf32 < bf16 && bf16 === f16, id);
    // Doubles to the rounding of the data sheets.
    assertAlmostEquals(bf16 / tf32, 2, 0.05, id);
    if (fp8) assertAlmostEquals(fp8 / bf16, 2, 0.01, id);
    if (fp4) assertEquals(fp4, (id.endsWith("b300") ? 3 : 2) * fp8!, id);
    for (const law of [profile.law, ...Object.values(profile.laws)]) {
      assert(law.computeEfficiency > 0.3 && law.computeEfficiency < 1, id);
      assert(law.memoryEfficiency > 0.3 && law.memoryEfficiency < 1, id);
    }
  }
});

Deno.test("every format with a peak beyond f32 has laws, and every law says how it is known", () => {
  for (
    const [id, { peakFlopsPerSecond: peaks, precisions, grades }] of Object.entries(deviceProfiles)
  ) {
    const known = ["bf16", ...["fp8", "fp4"].filter((name) => name in peaks)];
    assertEquals(Object.keys(precisions!), known, id);
    for (const format of known) {
      assert(Object.keys(grades!).some((key) => key.startsWith(`precisions.${format}`)), id);
    }
    for (const { product, grouped } of Object.values(precisions!)) {
      for (const law of [product, grouped]) {
        assert(law.computeEfficiency > 0.4 && law.computeEfficiency < 0.9, id);
        assert(law.innerHalfSize < 1000 && law.exposedResults < 1, id);
      }
    }
  }
});

Deno.test("what no rows of a device told is graded as assumed, from a device that has rows", () => {
  const withRows = ["a100", "a100-pcie", "b200", "h100", "h800"];
  for (const [id, { grades }] of Object.entries(deviceProfiles)) {
    const fitted = Object.values(grades!).filter((grade) => grade === "fitted to kernel rows");
    assertEquals(fitted.length > 0, withRows.includes(id), id);
    assert(Object.values(grades!).every((grade) => grade !== `assumed from ${id}`), id);
  }
});

Deno.test("memory is what an allocator sees: less than the name says, more than nine tenths", () => {
  const named = { a100: 80, "a100-40gb": 40, h100: 80, h200: 141, b200: 192, gb300: 288, v100: 32 };
  for (const [id, gigabytes] of Object.entries(named)) {
    const share = deviceProfile(id).memoryBytes / 2 ** 30 / gigabytes;
    assert(share > 0.9 && share < 1, `${id}: ${share}`);
  }
});

Deno.test("a grade is one of the known ones", () => {
  const { grades, ...rest } = deviceProfile("h100");
  const read = (grade: string) =>
    parseConfig(profileSchema, { ...rest, grades: { ...grades, law: grade } }, "p.json");
  read("assumed from a100");
  assertThrows(() => read("a guess"), UserError, "at /grades/law");
  assertThrows(() => read("assumed from "), UserError, "at /grades/law");
});
