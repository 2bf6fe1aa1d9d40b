/**
 * `profile`: measures this device, for predictions to start from.
 *
 * @module
 */
import { stableJson, writeTextFile } from "../kernels/base/files.ts";
import type { Profile } from "../kernels/mod.ts";
import { measureProfile, openDevice, tunedKernels } from "../kernels/mod.ts";
import { formatNumber } from "../reports/format.ts";
import type { Cli } from "./cli_command.ts";
import { outFile } from "./cli_command.ts";
import { withInterrupt } from "./cli_interrupt.ts";
import type { Io } from "./cli_io.ts";
import { profilePath } from "./device_profile.ts";

/** Steps of the progress bar: the share that is done, in percent. */
const steps = 100;

/** What was measured, and where experiments look for the profile of this device. */
interface Measured {
  profile: Profile;
  remembered: string;
}

async function measure(
  io: Io,
  options: { quick: boolean; signal: AbortSignal },
): Promise<Measured> {
  const device = await openDevice();
  const bar = io.progress();
  try {
    const kernels = await tunedKernels(device, { log: io.say });
    let done = 0;
    bar.start(steps, "profile");
    const progress = (what: string, share: number) => {
      for (; done < Math.round(share * steps); done++) bar.step(what);
    };
    const profile = await measureProfile(device, { kernels, progress, ...options });
    return { profile, remembered: profilePath(device) };
  } finally {
    bar.stop();
    device.close();
  }
}

/** Adds `profile` to the command line. */
export function addProfile(cli: Cli): void {
  cli.program.command("profile")
    .description("measure this device and write what it can do")
    .option("--quick", "fewer repeats, with wider intervals")
    .option(
      "--out <file>",
      "where to write (default: profile.json, and where experiments look for it)",
      outFile,
    )
    .action(async ({ quick = false, out }) => {
      const { io } = cli;
      const { profile, remembered } = await withInterrupt(
        io,
        "Stopped: profile has written nothing",
        (signal) => measure(io, { quick, signal }),
      );
      const paths = out === undefined ? [remembered, "profile.json"] : [out];
      for (const path of paths) await writeTextFile(path, stableJson(profile));
      const peaks = Object.entries(profile.peakFlopsPerSecond)
        .map(([dtype, peak]) => `${formatNumber(peak, "flopsPerSecond")} ${dtype}`);
      const bandwidth = formatNumber(profile.memoryBandwidthBytesPerSecond, "bytesPerSecond");
      io.print(`${profile.device.name}: ${[...peaks, bandwidth].join(", ")}`);
      paths.forEach((path) => io.print(path));
    });
}
