/**
 * The WebGPU device that kernels run on: how it is asked for, what it can do, and how it ends.
 *
 * Deno hides `subgroups` from `adapter.features` but grants it on request, so it is asked for and
 * the refusal caught. Dawn wants shaders to say `enable subgroups;`, and Deno's compiler refuses
 * those that do: a trial compilation tells which.
 *
 * @module
 */
import { UserError } from "./base/errors.ts";
import { watchFailures } from "./failure.ts";
import { noAdapterHint, prepareDriver } from "./provider/driver.ts";
import { chosenProvider, provideGpu, type Provider } from "./provider/provider.ts";

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

/** A product of small matrices, C[m, n] += A[m, k] B[k, n], that a subgroup makes at once. */
export interface MatrixConfig {
  /** Type of the elements of A and B, such as "f16". */
  component: string;
  /** Type of the elements of C. */
  result: string;
  /** Rows of A and C. */
  m: number;
  /** Columns of B and C. */
  n: number;
  /** Columns of A, rows of B. */
  k: number;
}

/** An open device. */
export interface Device {
  /** The WebGPU device. */
  gpu: GPUDevice;
  /** What the adapter says of itself. */
  adapter: AdapterFacts;
  /** Lanes that exchange values without memory, or 0 where subgroups are refused. */
  subgroupSize: number;
  /** Products of small matrices that a subgroup makes in one instruction; none on most devices. */
  matrixConfigs: readonly MatrixConfig[];
  /** True where passes can be timed on the device. */
  timestamps: boolean;
  /** What shaders have to begin with here, such as "enable subgroups;\n", or nothing. */
  wgslHeader: string;
  /** Label of the last launch that was submitted, for the message of a loss. */
  lastLabel: string;
  /** What `check` would say: why the device was lost, or the first error that nothing carried. */
  failure(): string | undefined;
  /**
   * Throws if the device was lost or reported an error.
   *
   * @throws {DeviceLost} where it was lost.
   */
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

/** The feature by which Dawn names subgroup matrices. */
export const MATRIX_FEATURE = "chromium-experimental-subgroup-matrix";

const optionalFeatures = ["subgroups", "timestamp-query", "shader-f16", MATRIX_FEATURE];

function factsOf(adapter: GPUAdapter, provider: Provider): AdapterFacts {
  const { vendor, architecture, device, description: words } = adapter.info;
  // Other compilers make other times: what is remembered by adapter is not shared between providers.
  const description = provider === "deno" ? words : `${words || device} (${provider})`;
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

/** What to do where a provider finds no adapter. */
const adapterHints: Readonly<Record<Provider, string>> = {
  deno: noAdapterHint,
  dawn:
    "Dawn wants the driver of a graphics card, or SwiftShader (VK_ICD_FILENAMES names its file)",
};

/** What `adapter.info` may say beyond what the types of Deno know. */
interface MoreInfo {
  subgroupMinSize: number;
  subgroupMaxSize: number;
  subgroupMatrixConfigs?: Iterable<
    { componentType: string; resultComponentType: string; M: number; N: number; K: number }
  >;
}

function matrixConfigsOf(info: MoreInfo): MatrixConfig[] {
  return [...info.subgroupMatrixConfigs ?? []].map((config) => ({
    component: config.componentType,
    result: config.resultComponentType,
    m: config.M,
    n: config.N,
    k: config.K,
  }));
}

/** Whether the device compiles a shader. */
async function compiles(gpu: GPUDevice, code: string): Promise<boolean> {
  gpu.pushErrorScope("validation");
  gpu.createShaderModule({ label: "trial", code });
  return await gpu.popErrorScope() === null;
}

/**
 * Opens the default adapter's device with all limits and features that the kernels can use.
 *
 * @throws {UserError} where there is no adapter, or the provider cannot be loaded; the message says
 * what to do.
 */
export async function openDevice(options: { provider?: Provider } = {}): Promise<Device> {
  const { provider = chosenProvider() } = options;
  prepareDriver();
  const entry = await provideGpu(provider);
  const adapter = await entry.requestAdapter();
  if (!adapter) throw new UserError(`Cannot find a WebGPU adapter: ${adapterHints[provider]}`);
  const requiredFeatures = await grantedFeatures(adapter);
  const requiredLimits = Object.fromEntries(
    wantedLimits.map((name) => [name, adapter.limits[name]]),
  );
  const gpu = await adapter.requestDevice({ requiredFeatures, requiredLimits, label: "moelab" });
  const has = (feature: string) => requiredFeatures.includes(feature as GPUFeatureName);
  const header = "enable subgroups;\n";
  const wgslHeader = has("subgroups") && await compiles(gpu, header) ? header : "";
  const failures = watchFailures(gpu, () => device.lastLabel);
  const info = adapter.info as unknown as MoreInfo;
  const uniform = info.subgroupMinSize === info.subgroupMaxSize;
  const device: Device = {
    gpu,
    adapter: factsOf(adapter, provider),
    subgroupSize: has("subgroups") && uniform ? info.subgroupMaxSize : 0,
    matrixConfigs: has(MATRIX_FEATURE) ? matrixConfigsOf(info) : [],
    timestamps: has("timestamp-query"),
    wgslHeader,
    lastLabel: "",
    failure: () => failures.first()?.message,
    check() {
      const failure = failures.first();
      if (failure !== undefined) throw failure;
    },
    close() {
      failures.expectEnd();
      gpu.destroy();
    },
  };
  return device;
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
