import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../kernels/base/errors.ts";
import { deviceProfile, deviceProfiles } from "../../../sim/cluster/profiles.ts";
import {
  attentionSeconds,
  castSeconds,
  compileDevice,
  gemmSeconds,
  groupedGradientSeconds,
  groupedSeconds,
  memorySeconds,
} from "../../../sim/cost/device.ts";
import { exampleProfile } from "../../experiments/routing/example_profile.ts";

const model = (id: string, precision: Parameters<typeof compileDevice>[1] = "bf16") =>
  compileDevice(deviceProfile(id), precision);

Deno.test("every device compiles for the formats it knows, and refuses others by name", () => {
  for (const [id, profile] of Object.entries(deviceProfiles)) {
    const names = { fp32: "f32", tf32: "tf32", bf16: "bf16", fp16: "f16", fp8: "fp8", fp4: "fp4" };
    for (const [precision, key] of Object.entries(names)) {
      const compile = () => compileDevice(profile, precision as keyof typeof names);
      if (key in profile.peakFlopsPerSecond) {
        const seconds = gemmSeconds(8192, 8192, 8192, compile());
        const peak = 2 * 8192 ** 3 / profile.peakFlopsPerSecond[key as "f32"]!;
        assert(seconds > peak && seconds < 3 * peak, `${id} ${precision}`);
      } else assertThrows(compile, UserError, `Cannot price ${precision} on ${id}`);
    }
  }
  assertThrows(() => model("a100", "mxfp8"), UserError, "wanted one of fp32, tf32, bf16, fp16");
});

Deno.test("a measured device without laws by format has its own ones", () => {
  const device = compileDevice(exampleProfile, "fp32");
  assertEquals(device.product.multiprocessors, 0);
  assertEquals(device.castBytesPerElement, 0);
  assert(gemmSeconds(512, 512, 512, device) > 0);
  assert(attentionSeconds(4, 512, 256, 64, 64, "backward", device) > 0);
});

Deno.test("narrow formats are faster on large products, by less than their peaks", () => {
  for (const id of ["h100", "b200", "gb300"]) {
    const of = (precision: "bf16" | "fp8" | "mxfp8") =>
      gemmSeconds(8192, 8192, 8192, model(id, precision));
    const gain = of("bf16") / of("fp8");
    assert(gain > 1.5 && gain < 2, `${id}: ${gain}`);
    assertAlmostEquals(of("mxfp8") / of("fp8"), 1, 0.05);
  }
  // Where the inner size is small, little is left of it.
  const short = (precision: "bf16" | "fp8") =>
    gemmSeconds(4096, 8192, 512, model("h100", precision));
  assert(short("bf16") / short("fp8") < 1.5);
});

Deno.test("gradients of weights cost more than the same product: FP32 sums are read and written", () => {
  const h100 = model("h100");
  assert(gemmSeconds(4096, 8192, 4096, h100, 8) > 1.02 * gemmSeconds(4096, 8192, 4096, h100));
  const there = groupedSeconds(32768, 32, 4096, 7168, h100);
  const gradient = groupedGradientSeconds(32768, 32, 4096, 7168, h100);
  assert(gradient > there && gradient < 2 * there);
});

Deno.test("no call is faster than its fullest expert alone", () => {
  const h100 = model("h100");
  const alone = gemmSeconds(30000, 4096, 7168, h100);
  assert(groupedSeconds(32768, 32, 4096, 7168, h100, 30000) >= alone * (1 - 1e-12));
  const even = groupedSeconds(32768, 32, 4096, 7168, h100);
  const uneven = groupedSeconds(32768, 32, 4096, 7168, h100, 1500);
  assert(uneven > even && uneven < 1.2 * even);
  assert(groupedGradientSeconds(32768, 32, 4096, 7168, h100, 30000) > 0);
});

Deno.test("few rows an expert are bound by the experts' weights", () => {
  const h800 = model("h800", "fp8");
  const weights = 32 * 4096 * 7168;
  const seconds = groupedSeconds(32 * 4, 32, 4096, 7168, h800);
  assertAlmostEquals(seconds / (weights * h800.grouped.secondsPerByte), 1, 0.05);
});

Deno.test("attention: causal work by keys, five products back, few heads do not fill a device", () => {
  const b200 = model("b200");
  const at = (heads: number, pass: "forward" | "backward") =>
    attentionSeconds(heads, 4096, 2048, 128, 128, pass, b200);
  const ratio = at(128, "backward") / at(128, "forward");
  assert(ratio > 2.5 && ratio < 4, `${ratio}`);
  assert(at(4, "forward") > at(64, "forward") / 6);
  const long = attentionSeconds(64, 32768, 16384, 128, 128, "forward", b200);
  assertAlmostEquals(long / at(64, "forward") / 64, 0.75, 0.1);
});

Deno.test("passes and casts are bytes over what of the bandwidth they reach", () => {
  const h100 = model("h100", "fp8");
  assertAlmostEquals(
    memorySeconds(3.35e12, h100),
    1 / deviceProfile("h100").laws.elementwise.memoryEfficiency,
    1e-9,
  );
  assertAlmostEquals(
    castSeconds(1e9, h100),
    4e9 / 3.35e12 / deviceProfile("h100").castMemoryEfficiency!,
    1e-9,
  );
  assertEquals(castSeconds(1e9, model("h100")), 0);
});

Deno.test("nothing costs nothing", () => {
  const h100 = model("h100");
  assertEquals(gemmSeconds(0, 4096, 4096, h100), 0);
  assertEquals(groupedSeconds(0, 8, 4096, 4096, h100), 0);
  assertEquals(groupedGradientSeconds(0, 8, 4096, 4096, h100), 0);
  assertEquals(attentionSeconds(0, 4096, 2048, 128, 128, "forward", h100), 0);
});
