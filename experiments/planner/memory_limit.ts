/**
 * How much of a device's memory plans may take, in words: "memory=90%", "memory=72GiB".
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";

const bytesOf: Readonly<Record<string, number>> = {
  B: 1,
  MB: 1e6,
  GB: 1e9,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Below this many bytes no device has ever been; a limit of 1 would be read as a share. */
const LEAST_BYTES = 1e6;

/**
 * The limit as a search takes it: up to 1 a share of the device's memory, above in bytes.
 *
 * @throws {UserError} for other words, and for more than the device has.
 */
export function readMemoryLimit(text: string, deviceBytes: number): number {
  const found = /^(?:memory=)?(\d+(?:\.\d+)?)(%|[MG]i?B|B)$/.exec(text.replaceAll(/\s/g, ""));
  const refuse = (what: string) =>
    new UserError(
      `Cannot read limit "${text}": ${what}, wanted such as memory=90% or memory=72GiB, at most ` +
        `the ${(deviceBytes / 2 ** 30).toFixed(1)} GiB of a device`,
    );
  if (!found) {
    const other = text.includes("=") && !text.trim().startsWith("memory=");
    throw refuse(other ? "found another limit" : "found no amount with a unit");
  }
  const [, digits, unit] = found;
  if (unit === "%") {
    const share = Number(digits) / 100;
    if (share > 0 && share <= 1) return share;
    throw refuse(`found a share of ${digits} %`);
  }
  const bytes = Number(digits) * bytesOf[unit];
  if (bytes >= LEAST_BYTES && bytes <= deviceBytes) return bytes;
  throw refuse(`found ${digits} ${unit}`);
}
