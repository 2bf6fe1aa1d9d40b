/**
 * Fits the communication software of a machine to its published rows.
 *
 * @module
 */
import { type FabricSoftware, fitLeastLogError } from "../../../sim/mod.ts";
import type { CommRow } from "./comm_row.ts";
import { predictComm } from "./predict_comm.ts";
import type { Site } from "./sites.ts";

/** A value that was printed, and where. */
export interface CommValue {
  /** The row. */
  row: CommRow;
  /** Key of its result. */
  key: string;
  /** What was printed. */
  measured: number;
}

/** The record with other numbers at some paths, such as "tiers.0.efficiency". */
export function withValues(
  software: FabricSoftware,
  paths: readonly string[],
  values: readonly number[],
): FabricSoftware {
  const copy = structuredClone(software);
  paths.forEach((path, i) => {
    const keys = path.split(".");
    const last = keys.pop()!;
    const parent = keys.reduce<Record<string, unknown>>(
      (at, key) => at[key] as Record<string, unknown>,
      copy as unknown as Record<string, unknown>,
    );
    parent[last] = values[i];
  });
  return copy;
}

/**
 * The printed values of rows that a prediction can be held against: the time where one is printed
 * (bandwidths beside it are the same figure, rounded), else every bandwidth.
 */
export function commValues(rows: readonly CommRow[]): CommValue[] {
  return rows.flatMap((row) => {
    const predicted = predictComm(row);
    if ("unsupported" in predicted) return [];
    const keys = Object.keys(predicted);
    const times = keys.filter((key) => key.endsWith("_us"));
    return (times.length > 0 ? times : keys).flatMap((key) => {
      const measured = row.result[key];
      return typeof measured === "number" && measured > 0 ? [{ row, key, measured }] : [];
    });
  });
}

/** log(predicted / measured) of values, a quantity that is longer or slower when above 0. */
export function commErrors(values: readonly CommValue[], software?: FabricSoftware): number[] {
  const known = new Map<CommRow, Record<string, unknown>>();
  return values.map(({ row, key, measured }) => {
    const predicted = known.get(row) ?? predictComm(row, { software }) as Record<string, unknown>;
    known.set(row, predicted);
    return Math.log((predicted[key] as number) / measured);
  });
}

/** The software of a site, fitted to values; `from` is that of the site it builds on. */
export function fitSite(
  site: Site,
  values: readonly CommValue[],
  from?: FabricSoftware,
): FabricSoftware {
  const { id, description, clusters, sources } = site.start;
  const start = from ? { ...from, ...site.over, id, description, clusters, sources } : site.start;
  if (site.free.length === 0 || values.length === 0) return start;
  const paths = site.free.map(({ path }) => path);
  const fit = fitLeastLogError(
    (at) => commErrors(values, withValues(start, paths, at)),
    site.free.map(({ prior }) => prior.mean),
    {
      priors: site.free.map(({ prior }) => prior),
      bounds: site.free.map(({ high }) => [1e-12, high ?? 1e15] as const),
    },
  );
  return withValues(start, paths, fit.values.map((value) => Number(value.toPrecision(3))));
}
