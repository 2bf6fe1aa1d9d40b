/** Who provides WebGPU, and what drivers are told before they are asked. */
import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../kernels/base/errors.ts";
import { openDevice } from "../../kernels/device.ts";
import { dawnRefusal } from "../../kernels/provider/dawn.ts";
import { driverEnvironment } from "../../kernels/provider/driver.ts";
import {
  chooseProvider,
  chosenProvider,
  parseProvider,
  provideGpu,
} from "../../kernels/provider/provider.ts";

const loader = (api_version: string) => JSON.stringify({ ICD: { api_version, library_path: "x" } });
const mesa22 = loader("1.1.230");
const wide = "flags\t\t: fpu sse2 avx2 avx512f avx512dq\n";
const narrow = "flags\t\t: fpu sse2 avx2 avx512fp16x\n";

Deno.test("512-bit vectors are asked for with Mesa 22.3 on AVX-512 alone", () => {
  const width = (facts: { cpuinfo?: string; softwareVulkan?: string }) =>
    driverEnvironment({ os: "linux", ...facts }).LP_NATIVE_VECTOR_WIDTH;
  assertEquals(width({ cpuinfo: wide, softwareVulkan: mesa22 }), "512");
  const others = [
    { cpuinfo: narrow, softwareVulkan: mesa22 },
    { softwareVulkan: mesa22 },
    { cpuinfo: wide },
    { cpuinfo: wide, softwareVulkan: loader("1.3.230") },
    { cpuinfo: wide, softwareVulkan: loader("1.4.305") },
    { cpuinfo: wide, softwareVulkan: "no loader file" },
    { cpuinfo: wide, softwareVulkan: "null" },
    { cpuinfo: wide, softwareVulkan: "{}" },
  ];
  assertEquals(others.filter((facts) => width(facts) !== undefined), []);
});

Deno.test("Vulkan is asked for on Linux, and nothing elsewhere", () => {
  assertEquals(driverEnvironment({ os: "linux" }), {
    DENO_WEBGPU_BACKEND: "vulkan",
    XDG_RUNTIME_DIR: "/tmp",
  });
  for (const os of ["darwin", "windows"]) {
    assertEquals(driverEnvironment({ os, cpuinfo: wide, softwareVulkan: mesa22 }), {});
  }
});

Deno.test("a provider is known by its name, and Deno's own is the default", async () => {
  assertEquals(chosenProvider(), "deno");
  assertEquals(await provideGpu(), navigator.gpu);
  assertEquals(parseProvider("dawn"), "dawn");
  assertThrows(() => parseProvider("wgpu"), UserError, "Known: deno, dawn");
});

Deno.test({
  name: "Dawn is refused in one line by a process that may load no native library",
  permissions: { ffi: false },
  async fn() {
    const error = await assertRejects(() => openDevice({ provider: "dawn" }), UserError);
    assertMatch(
      error.message,
      /^Cannot load Dawn \(npm:webgpu@[\d.]+\): .*; the tasks "dawn" and /,
    );
    chooseProvider("dawn");
    try {
      await assertRejects(() => openDevice(), UserError, "Cannot load Dawn");
    } finally {
      chooseProvider("deno");
    }
    const lock = dawnRefusal(new TypeError("The lockfile is out of date.\nchanges:\n..."));
    assertMatch(lock.message, /: The lockfile is out of date; the tasks /);
  },
});

Deno.test("Dawn's lock file is the lock file and Dawn (deno task dawn:lock)", () => {
  const read = (path: string) => JSON.parse(Deno.readTextFileSync(path));
  const [plain, dawn] = [read("deno.lock"), read("kernels/provider/dawn.lock")];
  const more = ["@webgpu/types", "debug", "ms", "webgpu"];
  const name = (entry: string) => entry.replace(/^npm:/, "").replace(/@[^@]*$/, "");
  for (const part of ["specifiers", "npm"]) {
    const without = Object.entries(dawn[part]).filter(([entry]) => !more.includes(name(entry)));
    assertEquals(Object.fromEntries(without), plain[part], part);
  }
  assertEquals(dawn.workspace, plain.workspace);
  assertEquals(dawn.specifiers["npm:webgpu@0.6.2"], "0.6.2");
  assertMatch(dawn.npm["webgpu@0.6.2"].integrity, /^sha512-/);
});
