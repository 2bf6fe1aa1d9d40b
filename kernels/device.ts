/**
 * The WebGPU device that kernels run on: how it is asked for, what it can do, and how it ends.
 *
 * Deno hides `subgroups` from `adapter.features` but grants it on request, so it is asked for and
 * the refusal caught. On Linux the backend is set to Vulkan before the first request: the OpenGL
 * adapter that wgpu falls back to has neither subgroups nor stable timing. Software Vulkan (Mesa
 * 22.3, CPUs with AVX-512) runs twice as fast with 512-bit vectors, so they are switched on there;
 * later Mesa versions are slower with them and keep their default.
 *
 * @module
 */
import { UserError } from "./base/errors.ts";

/** What an adapter says of itself. */
export interface AdapterFacts {
  /** Vendor, as a name or a PCI number. */
  vendor: string;
  /** Architecture, empty where the driver tells none. */
  architecture: string;
  /** Device number or name. */
  device: string;
  /** The driver's own words, such as "llvmpipe (LLVM 15.0.6, 512 bits)". */
  description: string;
  /** True for a driver that runs on the CPU, such as lavapipe. */
  software: boolean;
}

/** An open device. */
export interface Device {
  /** The WebGPU device. */
  gpu: GPUDevice;
  /** What the adapter says of itself. */
  adapter: AdapterFacts;
  /** Lanes that exchange values without memory, or 0 where subgroups are refused. */
  subgroupSize: number;
  /** True where passes can be timed on the device. */
  timestamps: boolean;
  /** First error that WebGPU reported without a promise to carry it, or why the device was lost. */
  failure(): string | undefined;
  /** Throws if the device was lost or reported an error. */
  check(): void;
  /** Destroys the device and all that was made on it. */
  close(): void;
}

const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxTextureDimension2D",
] as const;

const optionalFeatures = ["subgroups", "timestamp-query", "shader-f16"];

/** Sets an environment variable unless the user did, where the permission is granted. */
function setDefault(name: string, value: string): void {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  if (state === "granted" && Deno.env.get(name) === undefined) Deno.env.set(name, value);
}

/** True where Mesa's software Vulkan is of the 22.3 series, whose loader file names API 1.1.230. */
function isMesa22(): boolean {
  try {
    for (const entry of Deno.readDirSync("/usr/share/vulkan/icd.d")) {
      if (!entry.name.startsWith("lvp_icd")) continue;
      const text = Deno.readTextFileSync(`/usr/share/vulkan/icd.d/${entry.name}`);
      return JSON.parse(text).ICD.api_version === "1.1.230";
    }
  } catch { /* no such folder: another driver */ }
  return false;
}

/**
 * True where the CPU is known to have AVX-512. Deno keeps /proc to programs with all permissions;
 * set-up therefore leaves a copy where a task may read it.
 */
function hasAvx512(): boolean {
  for (const path of ["/proc/cpuinfo", ".moelab/cpuinfo"]) {
    try {
      return Deno.readTextFileSync(path).includes("avx512f");
    } catch { /* not there, or not allowed */ }
  }
  return false;
}

/** Prepares the environment that drivers read once, at the first adapter request of a process. */
export function prepareDriver(): void {
  if (Deno.build.os !== "linux") return;
  setDefault("DENO_WEBGPU_BACKEND", "vulkan");
  setDefault("XDG_RUNTIME_DIR", "/tmp"); // else the driver's display probe complains on stderr
  if (hasAvx512() && isMesa22()) setDefault("LP_NATIVE_VECTOR_WIDTH", "512");
}

/** What to do where there is no adapter, by operating system. */
export const noAdapterHint: string = Deno.build.os === "linux"
  ? "install a Vulkan driver (for software Vulkan on Debian: apt-get install mesa-vulkan-drivers)"
  : "install a driver with Vulkan, Metal or Direct3D 12 support";

function factsOf(adapter: GPUAdapter): AdapterFacts {
  const { vendor, architecture, device, description } = adapter.info;
  const software = /llvmpipe|swiftshader|software/i.test(description) ||
    (adapter.info as { isFallbackAdapter?: boolean }).isFallbackAdapter === true;
  return { vendor, architecture, device: `${device}`, description, software };
}

async function grantedFeatures(adapter: GPUAdapter): Promise<GPUFeatureName[]> {
  const granted: GPUFeatureName[] = [];
  for (const feature of optionalFeatures as GPUFeatureName[]) {
    if (adapter.features.has(feature)) granted.push(feature);
    else if (feature === "subgroups" as string) {
      try {
        (await adapter.requestDevice({ requiredFeatures: [feature] })).destroy();
        granted.push(feature);
      } catch { /* truly absent */ }
    }
  }
  return granted;
}

/**
 * Opens the default adapter's device with all limits and features that the kernels can use.
 *
 * @throws {UserError} where there is no adapter; the message says what to install.
 */
export async function openDevice(): Promise<Device> {
  prepareDriver();
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new UserError(`Cannot find a WebGPU adapter: ${noAdapterHint}`);
  const requiredFeatures = await grantedFeatures(adapter);
  const requiredLimits = Object.fromEntries(
    wantedLimits.map((name) => [name, adapter.limits[name]]),
  );
  const gpu = await adapter.requestDevice({ requiredFeatures, requiredLimits, label: "moelab" });
  let failure: string | undefined;
  gpu.addEventListener("uncapturederror", (event) => {
    failure ??= (event as GPUUncapturedErrorEvent).error.message;
    event.preventDefault();
  });
  let closed = false;
  gpu.lost.then(({ reason, message }) => {
    if (!closed) failure ??= `device lost: ${message || reason}`;
  });
  const info = adapter.info as unknown as { subgroupMinSize: number; subgroupMaxSize: number };
  const uniform = info.subgroupMinSize === info.subgroupMaxSize;
  const hasSubgroups = requiredFeatures.includes("subgroups" as GPUFeatureName);
  return {
    gpu,
    adapter: factsOf(adapter),
    subgroupSize: hasSubgroups && uniform ? info.subgroupMaxSize : 0,
    timestamps: requiredFeatures.includes("timestamp-query"),
    failure: () => failure,
    check() {
      if (failure !== undefined) throw new Error(`WebGPU failed: ${failure}`);
    },
    close() {
      closed = true;
      gpu.destroy();
    },
  };
}

/**
 * A name for the adapter that is safe in file names and keys, such as "llvmpipe-llvm-15-0-6-512-bits".
 *
 * @example
 * ```ts
 * import { adapterKey } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const names = { vendor: "amd", architecture: "", device: "", description: "AMD Radeon (RADV)" };
 * assertEquals(adapterKey({ ...names, software: false }), "amd-radeon-radv");
 * ```
 */
export function adapterKey(adapter: AdapterFacts): string {
  return `${adapter.description || adapter.device || adapter.vendor}`.toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
}
