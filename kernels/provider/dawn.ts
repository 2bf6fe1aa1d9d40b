/**
 * Dawn, Chromium's WebGPU, as a second provider of the same API. It is a native library inside an
 * npm package of 51 MB, so nothing here imports it before it is asked for, and it stands in a lock
 * file of its own (`dawn.lock`, which is `deno.lock` and Dawn): who never asks never downloads it.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** The package and its version; not written where a bundler or `deno info` would follow it. */
const PACKAGE = "npm:webgpu@0.6.2";

/**
 * What Dawn is started with: experimental features (subgroup matrices among them) may be asked for,
 * and timestamps are not rounded to 0.1 ms.
 */
const FLAGS = [
  "enable-dawn-features=allow_unsafe_apis",
  "disable-dawn-features=timestamp_quantization",
];

/** What is used of the package. */
interface Dawn {
  create(flags: readonly string[]): GPU;
}

/** How to run with Dawn, for messages. */
const HINT = 'the tasks "dawn" and "conformance:dawn" may load it';

/** Why Dawn could not be loaded, in one line and with the way that works. */
export function dawnRefusal(error: unknown): UserError {
  const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
  return new UserError(`Cannot load Dawn (${PACKAGE}): ${reason.replace(/[.:]$/, "")}; ${HINT}`);
}

// Devices live no longer than the instance that they come from: it is kept for the process.
let instance: Promise<GPU> | undefined;

/** Loads the package and starts Dawn with `flags`, such as "backend=null". */
export async function createDawn(flags: readonly string[]): Promise<GPU> {
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
    throw dawnRefusal("it is a native library, and this process may load none");
  }
  try {
    const dawn: Dawn = await import(PACKAGE);
    return dawn.create(flags);
  } catch (error) {
    throw dawnRefusal(error);
  }
}

/**
 * Dawn's WebGPU entry object, the same one for all callers.
 *
 * @throws {UserError} where the process may not load native libraries, or the package is not there.
 */
export function dawnGpu(): Promise<GPU> {
  return instance ??= createDawn(FLAGS);
}
