/**
 * How a device fails, and how that comes to light.
 *
 * WebGPU reports most errors, and the loss of a device, by events that no promise carries. A device
 * collects them, and whoever waits for its work asks it afterwards. A lost device also makes every
 * later call invalid: those follow-up errors are never what is told.
 *
 * @module
 */

/** The device is gone, with all that was on it. A new one can be opened and the work done again. */
export class DeviceLost extends Error {
  /** Name of the class, as printed. */
  override name = "DeviceLost";
  /** What the provider says of the cause. */
  readonly reason: string;
  /** Label of the last launch that was submitted, empty where there was none. */
  readonly lastLabel: string;

  /** Makes the error from the cause and the last label. */
  constructor(reason: string, lastLabel: string) {
    super(`Lost the WebGPU device: ${reason}; last submitted: ${lastLabel || "nothing"}`);
    this.reason = reason;
    this.lastLabel = lastLabel;
  }
}

/** What went wrong on a device so far. */
export interface Failures {
  /** The loss, or else the first error that no promise carried. */
  first(): Error | undefined;
  /** From now on the end of the device is wanted. */
  expectEnd(): void;
}

/** Collects the failures of a device from now on. `lastLabel` is asked when the device is lost. */
export function watchFailures(gpu: GPUDevice, lastLabel: () => string): Failures {
  let error: Error | undefined;
  let lost: DeviceLost | undefined;
  let ended = false;
  gpu.addEventListener("uncapturederror", (event) => {
    error ??= new Error(`WebGPU failed: ${(event as GPUUncapturedErrorEvent).error.message}`);
    event.preventDefault();
  });
  gpu.lost.then(({ reason, message }) => {
    const cause = message ? `${reason}, ${message}` : reason;
    if (!ended) lost = new DeviceLost(cause, lastLabel());
  });
  return { first: () => lost ?? error, expectEnd: () => ended = true };
}

/**
 * Waits for work on a device.
 *
 * @throws {DeviceLost} where the device is lost; else the first error that the device reported, or
 * the work's own.
 */
export async function settled<T>(device: { check(): void }, work: Promise<T>): Promise<T> {
  try {
    const value = await work;
    device.check();
    return value;
  } catch (error) {
    // The events that explain it may still be under way.
    await new Promise((resolve) => setTimeout(resolve, 0));
    device.check();
    throw error;
  }
}
