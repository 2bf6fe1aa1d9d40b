/**
 * Fits all machines, holds the fits against rows that they were not fitted to, and writes what they
 * say to `sim/network/fabrics/`.
 *
 *     deno run -A experiments/published/comm/fit_comm.ts
 *
 * @module
 */
import { writeTextFile } from "../../../kernels/base/files.ts";
import type { FabricSoftware } from "../../../sim/mod.ts";
import { quantile } from "../../quantile.ts";
import { loadCases } from "../load_cases.ts";
import type { CommRow } from "./comm_row.ts";
import { commErrors, type CommValue, commValues, fitSite } from "./fit_site.ts";
import { type Site, sites } from "./sites.ts";

/** A fitted machine. */
export interface FittedSite {
  /** The machine. */
  site: Site;
  /** Its software, with the errors of the fit among its sources. */
  software: FabricSoftware;
  /** What was printed. */
  values: CommValue[];
  /** log(predicted / measured) of each. */
  errors: number[];
}

/** Middle of the sizes of errors, as a fraction; NaN without any. */
export function medianError(errors: readonly number[]): number {
  return quantileError(errors, 0.5);
}

/** Quantile of the sizes of errors, as a fraction. */
export function quantileError(errors: readonly number[], share: number): number {
  return quantile(errors.map((e) => Math.abs(Math.expm1(e))), share);
}

const percent = (fraction: number) => `${(100 * fraction).toFixed(1)} %`;

function withErrors(software: FabricSoftware, site: Site, errors: number[]): FabricSoftware {
  if (errors.length === 0) return software;
  const fitted = site.free.map(({ path }) => path).join(", ");
  const note = `Fitted to ${errors.length} published values (experiments/published/comm): ` +
    `median error ${percent(medianError(errors))}, nine tenths within ` +
    `${percent(quantileError(errors, 0.9))}. Fitted: ${fitted}.`;
  return { ...software, sources: [...software.sources, note] };
}

/** Fits every machine, each from the one it builds on. */
export function fitComm(rows: readonly CommRow[]): FittedSite[] {
  const fitted = new Map<string, FabricSoftware>();
  return sites.map((site) => {
    const values = commValues(rows.filter(site.holds));
    const software = fitSite(site, values, site.from ? fitted.get(site.from) : undefined);
    const errors = commErrors(values, software);
    fitted.set(site.start.id, software);
    return { site, software: withErrors(software, site, errors), values, errors };
  });
}

/**
 * Errors of values that the fit did not see: all values of one key are left out at a time.
 *
 * @param fitted The machine.
 * @param keyOf What is left out together, such as the row or its size.
 */
export function leftOutErrors(fitted: FittedSite, keyOf: (value: CommValue) => string): number[] {
  const { site, software, values } = fitted;
  const keys = [...new Set(values.map(keyOf))];
  if (site.free.length === 0 || keys.length < 2) return [];
  return keys.flatMap((key) => {
    const seen = values.filter((value) => keyOf(value) !== key);
    const start = site.from ? software : undefined;
    return commErrors(values.filter((value) => keyOf(value) === key), fitSite(site, seen, start));
  });
}

/** Rows of the project's copy that are of communication. */
export async function commRows(): Promise<CommRow[]> {
  return (await loadCases()).filter(({ category }) => category === "comm") as CommRow[];
}

if (import.meta.main) {
  const folder = new URL("../../../sim/network/fabrics/", import.meta.url);
  for (const { software } of fitComm(await commRows())) {
    const text = JSON.stringify(software, null, 2) + "\n";
    await writeTextFile(new URL(`${software.id}.json`, folder).pathname, text);
  }
}
