/**
 * Makes this machine ready: the pinned Deno and a usable WebGPU adapter or, with `--browser`,
 * Chromium for the tests of the report pages. Installs what is missing where it may; otherwise
 * says in one line what to install. The only program here that may run others: apt-get and sudo.
 *
 * On Linux only Vulkan counts. Through OpenGL, Debian machines without a Vulkan driver offer an
 * adapter as well (software, without subgroups and half floats) that the kernels cannot use.
 *
 * @module
 */
import { prepareDriver } from "./kernels/provider/driver.ts";

/** What set-up asks of the machine, so that a test can stand in for one. */
export interface Machine {
  /** Operating system, as `Deno.build.os`. */
  os: string;
  /** Version of the Deno that runs this. */
  deno: string;
  /** Version of Deno that the project is pinned to. */
  pinned: string;
  /** True for a user who may install packages without asking. */
  root: boolean;
  /** True where a WebGPU adapter is usable, as this process sees it. */
  hasAdapter(): Promise<boolean>;
  /** True where a program is on the path. */
  hasProgram(name: string): Promise<boolean>;
  /** Runs a program and gives its exit code, or `undefined` where there is no such program. */
  run(program: string, args: string[]): Promise<number | undefined>;
  /** Prints a line. */
  say(line: string): void;
}

/** How to become root here, or `undefined` where that is impossible without a password. */
async function asRoot(machine: Machine): Promise<string[] | undefined> {
  if (machine.root) return [];
  return await machine.run("sudo", ["-n", "true"]) === 0 ? ["sudo", "-n"] : undefined;
}

/** Installs a Debian package and says whether that worked. */
async function install(machine: Machine, name: string): Promise<boolean> {
  const prefix = await asRoot(machine);
  if (prefix === undefined) return false;
  machine.say(`Installing ${name} with apt-get`);
  for (
    const args of [
      ["update", "-qq"],
      ["install", "-y", "-qq", "--no-install-recommends", name],
    ]
  ) {
    const [program, ...rest] = [...prefix, "apt-get", ...args];
    if (await machine.run(program, rest) !== 0) return false;
  }
  return true;
}

/** Exit code of a first process that could not set the machine up, or installed something. */
export const ASK_AGAIN = 75;

/** What stands in the way of a device here, or `undefined` where nothing does. */
async function obstacle(machine: Machine): Promise<string | undefined> {
  if (machine.deno !== machine.pinned) {
    return `This is Deno ${machine.deno} and moelab is pinned to Deno ${machine.pinned}: ` +
      `run it as "npx -y deno@${machine.pinned} task ..."`;
  }
  if (await machine.hasAdapter()) return undefined;
  return machine.os === "linux"
    ? "There is no WebGPU adapter on Vulkan here: install the graphics card's Vulkan driver, " +
      'or Mesa\'s in software with "sudo apt-get install mesa-vulkan-drivers"'
    : "There is no WebGPU adapter here: update the graphics driver";
}

/**
 * Finds a usable adapter and gives the exit code: 0 where experiments can run.
 *
 * A process sees only the drivers that were there when it first asked. So the first one installs
 * what is missing where it may, says nothing, and ends with {@linkcode ASK_AGAIN}; a second one,
 * with `again` set, looks anew, and says in one line what still stands in the way (exit code 1).
 */
export async function setUpAdapter(
  machine: Machine,
  options: { again: boolean },
): Promise<number> {
  const problem = await obstacle(machine);
  if (problem === undefined) return 0;
  if (options.again) {
    machine.say(problem);
    return 1;
  }
  if (machine.deno === machine.pinned && machine.os === "linux") {
    await install(machine, "mesa-vulkan-drivers");
  }
  return ASK_AGAIN;
}

/** Brings Chromium for the tests of the pages; where that cannot be, a line says so. */
export async function setUpBrowser(machine: Machine): Promise<number> {
  if (await machine.hasProgram("chromium")) return 0;
  const installed = machine.os === "linux" && await install(machine, "chromium");
  if (!installed || !await machine.hasProgram("chromium")) {
    machine.say(
      "There is no Chromium here, so the browser tests will be skipped: " +
        '"sudo apt-get install chromium" brings it',
    );
  }
  return 0;
}

/** True where a device can be opened. */
async function hasAdapter(): Promise<boolean> {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter?.requestDevice().catch(() => undefined);
  device?.destroy();
  return device !== undefined;
}

/** True where a file of that name stands in a folder of the path. */
async function hasProgram(name: string): Promise<boolean> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      if ((await Deno.stat(`${folder}/${name}`)).isFile) return true;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) continue;
    }
  }
  return false;
}

/** Runs a program; what it complained of is shown where it failed, but for the probe of sudo. */
async function run(program: string, args: string[]): Promise<number | undefined> {
  try {
    const { code, stderr } = await new Deno.Command(program, {
      args,
      env: { DEBIAN_FRONTEND: "noninteractive" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (code !== 0 && args.at(-1) !== "true") {
      console.error(new TextDecoder().decode(stderr).trim());
    }
    return code;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

if (import.meta.main) {
  prepareDriver();
  const machine: Machine = {
    os: Deno.build.os,
    deno: Deno.version.deno,
    pinned: (await Deno.readTextFile(new URL(".dvmrc", import.meta.url))).trim(),
    root: Deno.uid() === 0,
    hasAdapter,
    hasProgram,
    run,
    say: (line) => console.error(line),
  };
  Deno.exit(
    Deno.args.includes("--browser")
      ? await setUpBrowser(machine)
      : await setUpAdapter(machine, { again: Deno.args.includes("--again") }),
  );
}
