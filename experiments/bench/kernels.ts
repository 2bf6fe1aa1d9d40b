/**
 * `bench kernels`: the operators of this device, each timed in turn with what bounds it and with its
 * rivals.
 *
 * @module
 */
import { type Device, openDevice } from "../../kernels/device.ts";
import { createPool, type Pool } from "../../kernels/tensor.ts";
import { type KernelChoice, tunedKernels } from "../../kernels/tune.ts";
import { type Bench, type BenchOptions, type BenchResult, chosenParts } from "./bench.ts";
import { deviceFacts } from "./device_facts.ts";
import type { Heat } from "./heat.ts";
import { heats } from "./heats/heats.ts";
import { createRing } from "./ring.ts";
import { bounds } from "./roof.ts";
import { roofOf, rowOf } from "./rows.ts";
import { type HeatResult, runHeat } from "./run_heat.ts";

async function runHeats(
  device: Device,
  options: BenchOptions & { chosen: readonly Heat[]; pool: Pool; kernels: KernelChoice },
): Promise<BenchResult> {
  const { chosen, pool, kernels, seconds, quick, log } = options;
  const newRing = () => createRing({ pool, kernels, seconds, quick, log });
  const roofRing = newRing();
  log("Bounds of the device: multiply-adds in registers, the driver's copy");
  const both = await bounds(roofRing);
  const results: HeatResult[] = [];
  for (const [i, heat] of chosen.entries()) {
    log(`${i + 1} of ${chosen.length}, ${heat.id}: ${heat.says}`);
    results.push(await runHeat(heat, newRing(), { ...options, bounds: both }));
  }
  roofRing.release();
  const samples = {
    peak: results.flatMap(({ peak }) => peak),
    copy: results.flatMap(({ copy }) => copy),
  };
  const where = `On ${device.adapter.description}; times are of the device's clock where nothing ` +
    "else is said";
  return {
    bench: "kernels",
    notes: [where, ...results.flatMap(({ notes }) => notes)],
    rows: [
      ...results.flatMap(({ rows }) => rows),
      rowOf(both.peak, samples.peak, { family: "roof" }),
      rowOf(both.copy, samples.copy, { family: "roof" }),
    ],
    contests: results.flatMap(({ contests }) => contests),
    skipped: results.flatMap(({ skipped }) => skipped),
    roof: roofOf(both, samples),
    device: deviceFacts(device, { kernels, samples: [...samples.peak, ...samples.copy] }),
  };
}

/** Times the operators of the default device. */
export const benchKernels: Bench = async (options): Promise<BenchResult> => {
  const chosen = chosenParts(heats, options.only);
  const device = await openDevice();
  const pool = createPool(device);
  try {
    const kernels = await tunedKernels(device, { log: options.log });
    return await runHeats(device, { ...options, chosen, pool, kernels });
  } finally {
    pool.trim();
    device.close();
  }
};
