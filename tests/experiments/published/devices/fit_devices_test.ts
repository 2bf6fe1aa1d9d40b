import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../../kernels/base/errors.ts";
import { deviceFacts, facts } from "../../../../experiments/published/devices/device_facts.ts";
import { fitDevices, fitsOf } from "../../../../experiments/published/devices/fit_devices.ts";
import { fitProducts } from "../../../../experiments/published/devices/fit_laws.ts";
import { profileOf } from "../../../../experiments/published/devices/profile_of.ts";
import { fitTable } from "../../../../experiments/published/devices/words.ts";
import { loadCases } from "../../../../experiments/published/load_cases.ts";
import { deviceProfile, deviceProfiles } from "../../../../sim/cluster/profiles.ts";
import {
  compileDevice,
  gemmSeconds,
  groupedGradientSeconds,
  groupedSeconds,
} from "../../../../sim/cost/device.ts";

const cases = await loadCases();
const fits = fitDevices(cases);
const byName = Object.fromEntries(fitsOf(fits).map((fit) => [fit.name, fit]));

Deno.test("the profiles are what data sheets and rows give, field by field", () => {
  assertEquals(facts.devices.map(({ id }) => id).sort(), Object.keys(deviceProfiles).sort());
  for (const device of facts.devices) {
    assertEquals(profileOf(device, fits), deviceProfile(device.id), device.id);
  }
});

Deno.test("laws hold on families of shapes that they were not fitted to", () => {
  const most: Record<string, [median: number, p90: number]> = {
    "a100 bf16 products": [0.04, 0.13],
    "a100 attention forward": [0.06, 0.1],
    "a100 attention backward": [0.03, 0.06],
    "h100 bf16 products": [0.08, 0.18],
    "h800 fp8 products": [0.07, 0.25],
    "b200 bf16 products": [0.08, 0.35],
    "b200 bf16 grouped": [0.1, 0.26],
    "b200 attention backward": [0.08, 0.22],
  };
  for (const [name, [median, p90]] of Object.entries(most)) {
    const { leftOut } = byName[name];
    assert(leftOut.median < median && leftOut.p90 < p90, `${name}: ${JSON.stringify(leftOut)}`);
  }
});

Deno.test("laws beat one efficiency for all shapes, left out against fitted, but where rows tell none", () => {
  const ties = ["a100 bf16 grouped", "b200 bf16 products", "h800 cast", "h800 attention forward"];
  for (const fit of Object.values(byName)) {
    if (ties.includes(fit.name) || /activation|norm/.test(fit.name)) continue;
    assert(fit.leftOut.median < fit.constant.median, fit.name);
  }
});

Deno.test("expert products take most of a measured BF16 layer of experts, and less than all of it", () => {
  // NVIDIA/Megatron-LM, moe_perf: router, exchange among 8 devices, experts; force-balanced.
  const layers = cases.filter(({ id }) => id.startsWith("mcore-moeperf"));
  assertEquals(layers.length, 6);
  for (const { id, workload, result } of layers) {
    const narrow = String(workload.precision).startsWith("FP8");
    const h100 = compileDevice(deviceProfile("h100"), narrow ? "fp8" : "bf16");
    const [hidden, width] = [Number(workload.hidden), Number(workload.expert_ffn)];
    const [tokens, local] = [Number(workload.seq_len), Number(workload.experts) / 8];
    const rows = tokens * Number(workload.topk);
    const shared = Number(workload.shared_experts) * width;
    const forward = groupedSeconds(rows, local, 2 * width, hidden, h100) +
      groupedSeconds(rows, local, hidden, width, h100) +
      gemmSeconds(tokens, 2 * shared, hidden, h100) + gemmSeconds(tokens, hidden, shared, h100);
    const gradients = groupedGradientSeconds(rows, local, 2 * width, hidden, h100) +
      groupedGradientSeconds(rows, local, hidden, width, h100);
    const shares = [
      forward / (Number(result.forward_ms) * 1e-3),
      (forward + gradients) / (Number(result.backward_ms) * 1e-3),
    ];
    for (const share of shares) {
      assert(share > (narrow ? 0.35 : 0.7) && share < 1, `${id}: ${shares}`);
    }
  }
});

Deno.test("without rows there is no fit, and without a data sheet no device", () => {
  const rates = () => ({
    peakFlopsPerSecond: 1,
    bandwidthBytesPerSecond: 1,
    multiprocessors: 1,
  });
  assertThrows(
    () => fitProducts("x1", [], rates),
    UserError,
    "Cannot fit x1: found no kernel rows",
  );
  assertThrows(() => deviceFacts("h10"), UserError, 'did you mean "h100"');
});

Deno.test("the table has a line for every law", () => {
  const lines = fitTable(fitsOf(fits)).split("\n");
  assertEquals(lines.length, 1 + fitsOf(fits).length);
  assertAlmostEquals(Number(lines[1].match(/products +(\d+)/)![1]), 289, 0);
});
