/**
 * The machine that made an answer, as far as it may be known without asking the system: nothing is timed
 * on it that the answer would depend on.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };
import { readTextFileIfAny } from "../../kernels/base/files.ts";
import { readCommit } from "../git.ts";
import { sha256 } from "../hash.ts";
import type { Host } from "../provenance.ts";

/** Folder of the suite. */
const suite = fileURLToPath(new URL("../..", import.meta.url));

/** What is known of suite and machine without a permission. */
export async function planHost(): Promise<Host> {
  const lock = await readTextFileIfAny(`${suite}/deno.lock`);
  return {
    commit: await readCommit(suite),
    versions: { moelab: config.version, deno: Deno.version.deno, v8: Deno.version.v8 },
    os: `${Deno.build.os} ${Deno.build.arch}`,
    cpu: `${navigator.hardwareConcurrency} cores`,
    lockHash: lock === undefined ? "unknown" : await sha256(lock),
  };
}
