/**
 * Makes this machine ready: the pinned Deno, a usable WebGPU adapter and, with `--browser`,
 * Chromium for the tests of the report pages. Installs what is missing where it may; otherwise
 * says in one line what to install. The only program here that may run others: apt-get and sudo.
 *
 * On Linux only Vulkan counts. Through OpenGL, Debian machines without a Vulkan driver offer an
 * adapter as well (software, without subgroups and half floats) that the kernels cannot use.
 *
 * @module
 */
import { prepareDriver } from "./kernels/device.ts";

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
  /** True where a WebGPU adapter is usable; asked again after an installation. */
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

/**
 * Makes the machine ready and gives the exit code: 0 where experiments can run, 1 where not. A
 * missing browser is said in one line and is no failure.
 */
export async function setUp(machine: Machine, options: { browser: boolean }): Promise<number> {
  if (machine.deno !== machine.pinned) {
    machine.say(
      `This is Deno ${machine.deno} and moelab is pinned to Deno ${machine.pinned}: ` +
        `run it as "npx -y deno@${machine.pinned} task ..."`,
    );
    return 1;
  }
  if (!await machine.hasAdapter()) {
    if (machine.os !== "linux") {
      machine.say("There is no WebGPU adapter here: update the graphics driver");
      return 1;
    }
    if (!await install(machine, "mesa-vulkan-drivers") || !await machine.hasAdapter()) {
      machine.say(
        "There is no WebGPU adapter on Vulkan here: install the graphics card's Vulkan driver, " +
          'or Mesa\'s in software with "sudo apt-get install mesa-vulkan-drivers"',
      );
      return 1;
    }
  }
  if (options.browser && !await machine.hasProgram("chromium")) {
    const installed = machine.os === "linux" && await install(machine, "chromium");
    if (!installed || !await machine.hasProgram("chromium")) {
      machine.say(
        "There is no Chromium here, so the browser tests will be skipped: " +
          '"sudo apt-get install chromium" brings it',
      );
    }
  }
  return 0;
}

/** The worker asks for a device in a WebGPU instance of its own, which sees a new driver. */
const probe = `
  const ask = async () => Boolean(await (await navigator.gpu.requestAdapter())?.requestDevice());
  postMessage(await ask().catch(() => false));
  close();
`;

/** True where a fresh WebGPU instance offers an adapter. */
function hasAdapter(): Promise<boolean> {
  const url = URL.createObjectURL(new Blob([probe], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  return new Promise<boolean>((resolve) => {
    worker.onmessage = (message) => resolve(message.data);
    worker.onerror = () => resolve(false);
  });
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
  Deno.exit(await setUp(machine, { browser: Deno.args.includes("--browser") }));
}
