/**
 * The environment that drivers read once, at the first adapter request of a process.
 *
 * On Linux the backend is Vulkan: the OpenGL adapter that wgpu falls back to has neither subgroups
 * nor stable timing. Software Vulkan of Mesa 22.3 runs twice as fast with 512-bit vectors on CPUs
 * that have them, and Mesa 25.0 five times slower; so they are switched on where the series is known
 * to be 22.3, and everything else keeps its default.
 *
 * @module
 */

/** What the choice of an environment rests on. */
export interface DriverFacts {
  /** Operating system, as `Deno.build.os`. */
  os: string;
  /** Text of /proc/cpuinfo, where it can be read. */
  cpuinfo?: string;
  /** The loader file of Mesa's software Vulkan, where there is one. */
  softwareVulkan?: string;
}

/** The API version that the loader file of Mesa 22.3 names; later series name 1.3 and 1.4. */
const MESA_22_3 = "1.1.230";

function apiVersion(loaderFile: string): string | undefined {
  try {
    return JSON.parse(loaderFile)?.ICD?.api_version;
  } catch {
    return undefined; // not a loader file: not a driver that was measured
  }
}

/**
 * The variables to set where the user has set none, by name.
 *
 * @example
 * ```ts
 * import { driverEnvironment } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(driverEnvironment({ os: "darwin" }), {});
 * assertEquals(driverEnvironment({ os: "linux" }).DENO_WEBGPU_BACKEND, "vulkan");
 * ```
 */
export function driverEnvironment(facts: DriverFacts): Record<string, string> {
  if (facts.os !== "linux") return {};
  const wide = /\bavx512f\b/.test(facts.cpuinfo ?? "") &&
    apiVersion(facts.softwareVulkan ?? "") === MESA_22_3;
  return {
    DENO_WEBGPU_BACKEND: "vulkan",
    // Else the driver's display probe complains on stderr.
    XDG_RUNTIME_DIR: "/tmp",
    ...(wide ? { LP_NATIVE_VECTOR_WIDTH: "512" } : {}),
  };
}

const granted = (variable: string) =>
  Deno.permissions.querySync({ name: "env", variable }).state === "granted";

/** The first of the files that can be read. */
function firstText(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    try {
      return Deno.readTextFileSync(path);
    } catch { /* not there, or not allowed */ }
  }
  return undefined;
}

/** Paths of the loader files of Mesa's software Vulkan; only the ones that the user named, if any. */
function softwareLoaderFiles(): string[] {
  const name = "VK_ICD_FILENAMES";
  const named = granted(name) ? Deno.env.get(name) : undefined;
  if (named !== undefined) return named.split(":").filter((path) => path.includes("lvp_icd"));
  const folder = "/usr/share/vulkan/icd.d";
  try {
    return [...Deno.readDirSync(folder)].map((entry) => `${folder}/${entry.name}`)
      .filter((path) => path.includes("lvp_icd")).sort();
  } catch {
    return []; // no such folder: another driver
  }
}

/**
 * Facts of this machine. Deno keeps /proc to programs with all permissions; set-up therefore leaves
 * a copy where a task may read it.
 */
function factsOfMachine(): DriverFacts {
  return {
    os: Deno.build.os,
    cpuinfo: firstText(["/proc/cpuinfo", ".moelab/cpuinfo"]),
    softwareVulkan: firstText(softwareLoaderFiles()),
  };
}

/** Sets what {@linkcode driverEnvironment} says, where it is allowed and the user has not. */
export function prepareDriver(): void {
  for (const [name, value] of Object.entries(driverEnvironment(factsOfMachine()))) {
    if (granted(name) && Deno.env.get(name) === undefined) Deno.env.set(name, value);
  }
}

/** What to do where there is no adapter, by operating system. */
export const noAdapterHint: string = Deno.build.os === "linux"
  ? "install a Vulkan driver (for software Vulkan on Debian: apt-get install mesa-vulkan-drivers)"
  : "install a driver with Vulkan, Metal or Direct3D 12 support";
