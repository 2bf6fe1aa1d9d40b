/**
 * The columns of a table of rows: which there are, in which order, in which unit and scale.
 *
 * @module
 */
import { nameOf, type NumberScale, type NumberUnit, scaleFor, unitOf } from "../format.ts";
import type { Row, TableInfo } from "../result.ts";

/** A column of numbers. */
export interface MetricColumn {
  /** Key in {@linkcode Row.metrics}. */
  key: string;
  /** Key in words. */
  name: string;
  /** NumberUnit of the key. */
  unit: NumberUnit;
  /** The scale of all its cells, or `undefined` where they span too much for one. */
  scale?: NumberScale;
  /** The best value, where the table asks for it. */
  best?: number;
}

/** Columns of a table. */
export interface Columns {
  /** Keys of the configuration. */
  labels: string[];
  /** Columns of numbers. */
  metrics: MetricColumn[];
  /** Number of samples where all numbers have the same and more than none. */
  samples?: number;
}

/** Values further apart than this are each shown in a unit of their own. */
const widest = 5e4;

/** Keys in the order of first sight, those that the table names before all others. */
function ordered(records: readonly Record<string, unknown>[], first: readonly string[]): string[] {
  const keys = [...new Set(records.flatMap((r) => Object.keys(r)))];
  return [...first.filter((k) => keys.includes(k)), ...keys.filter((k) => !first.includes(k))];
}

function metricColumn(key: string, rows: readonly Row[], info: TableInfo): MetricColumn {
  const values = rows.flatMap((r) => r.metrics[key] ? [r.metrics[key].value] : []);
  const unit = unitOf(key);
  const sizes = values.map(Math.abs).filter((v) => v > 0);
  const spread = Math.max(...sizes) / Math.min(...sizes);
  const want = info.best?.[key];
  return {
    key,
    name: nameOf(key),
    unit,
    scale: spread > widest ? undefined : scaleFor(unit, values),
    best: want === undefined || values.length < 2
      ? undefined
      : want === "lowest"
      ? Math.min(...values)
      : Math.max(...values),
  };
}

/** The columns of a table's rows. */
export function columnsOf(rows: readonly Row[], info: TableInfo): Columns {
  const first = info.columns ?? [];
  const counts = new Set(rows.flatMap((r) => Object.values(r.metrics).map((e) => e.n)));
  const [samples] = counts;
  return {
    labels: ordered(rows.map((r) => r.labels), first),
    metrics: ordered(rows.map((r) => r.metrics), first).map((k) => metricColumn(k, rows, info)),
    samples: counts.size === 1 && samples > 0 ? samples : undefined,
  };
}

/** How values and intervals were obtained: each way, with the columns that it was used for. */
export function methodsOf(rows: readonly Row[]): [method: string, columns: string[]][] {
  const methods = new Map<string, Set<string>>();
  for (const row of rows) {
    for (const [key, estimate] of Object.entries(row.metrics)) {
      const columns = methods.get(estimate.method) ?? new Set();
      methods.set(estimate.method, columns.add(nameOf(key)));
    }
  }
  return [...methods].map(([method, columns]) => [method, [...columns]]);
}
