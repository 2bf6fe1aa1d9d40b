/**
 * The laws of the three generations of devices that kernel rows exist for.
 *
 * One law holds for all devices with the same processor: A100 on a board and on a card, H100, H800
 * and H200. Their peaks, bandwidths and multiprocessors are the data sheets'.
 *
 * @module
 */
import type { AttentionLaw, TileLaw } from "../../../kernels/base/profile_schema.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import type { Prior } from "../../../sim/calibrate/fit.ts";
import { fitRows, type Fitted } from "./fit_rows.ts";
import type { AttentionWork, KernelRow, PassWork, ProductWork } from "./kernel_rows.ts";
import {
  attentionOf,
  attentionPriors,
  attentionRowSeconds,
  productBounds,
  productCallSeconds,
  productPriors,
  productsOf,
  type Rates,
} from "./laws.ts";

/** A fit with its name. */
export interface FittedLaw extends Fitted {
  /** Generation and what was fitted, such as "a100 bf16 products". */
  name: string;
  /** Where the rows are from. */
  gpus: string[];
}

/** Laws of a kind of product, and how well they hold. */
export interface ProductFit {
  law: TileLaw;
  addedSeconds: number;
  fit: FittedLaw;
}

/** What the rows of a device are priced with, by the device's name in the rows. */
export type RatesOf = (gpu: string, precision: KernelRow["precision"]) => Rates;

type ProductRow = KernelRow & { work: ProductWork };
type AttentionRow = KernelRow & { work: AttentionWork };
type PassRow = KernelRow & { work: PassWork };

function checked<Row extends KernelRow>(rows: readonly Row[], name: string): readonly Row[] {
  if (rows.length > 0) return rows;
  throw new UserError(`Cannot fit ${name}: found no kernel rows, wanted at least one`);
}

const gpusOf = (rows: readonly KernelRow[]) => [...new Set(rows.map(({ gpu }) => gpu))];

const flopsOf = ({ work: { m, n, k, groups } }: ProductRow) => 2 * m * n * k * groups;

/** How far a grouped law may be from that of single products before rows tell more. */
const groupedSpread = 0.5;

/** Fits the law of products, or of grouped ones near to that of `single` ones. */
export function fitProducts(
  name: string,
  all: readonly KernelRow[],
  ratesOf: RatesOf,
  single?: TileLaw,
): ProductFit {
  const kind = single ? "grouped" : "product";
  const rows = checked(all.filter((r): r is ProductRow => r.work.kind === kind), name);
  const near = (mean: number, { spread }: Prior): Prior => ({
    mean,
    spread: Math.min(spread, groupedSpread),
  });
  const priors = single
    ? [
      near(single.computeEfficiency, productPriors[0]),
      near(single.memoryEfficiency, productPriors[1]),
      near(single.innerHalfSize, productPriors[2]),
      near(single.smallTileFactor, productPriors[3]),
      near(single.exposedResults, productPriors[4]),
      productPriors[5],
    ]
    : productPriors;
  const fit = fitRows<ProductRow>({
    rows,
    predict: (row, values) =>
      productCallSeconds(row, productsOf(values), ratesOf(row.gpu, row.precision)),
    workOf: flopsOf,
    priors,
    bounds: productBounds,
  });
  return { ...productsOf(fit.values), fit: { ...fit, name, gpus: gpusOf(rows) } };
}

/** Fits one pass of attention. */
export function fitAttention(
  name: string,
  all: readonly KernelRow[],
  kind: AttentionWork["kind"],
  ratesOf: RatesOf,
): { law: AttentionLaw; fit: FittedLaw } {
  const rows = checked(all.filter((r): r is AttentionRow => r.work.kind === kind), name);
  const fit = fitRows<AttentionRow>({
    rows,
    predict: ({ work, gpu }, values) =>
      attentionRowSeconds(work, attentionOf(values), ratesOf(gpu, "bf16").peakFlopsPerSecond),
    workOf: ({ work: { heads, queries, keys, qkDim, vDim } }) =>
      heads * queries * keys * (qkDim + vDim),
    priors: attentionPriors(ratesOf(rows[0].gpu, "bf16").multiprocessors),
  });
  return { law: attentionOf(fit.values), fit: { ...fit, name, gpus: gpusOf(rows) } };
}

/** Below so many bytes a pass shows its launch rather than the memory. */
const largePass = 32e6;

/** Fits the fraction of the memory bandwidth that passes reach beside a launch. */
export function fitPasses(
  name: string,
  all: readonly KernelRow[],
  kind: PassWork["kind"],
  ratesOf: RatesOf,
  launchSeconds: number,
): { efficiency: number; fit: FittedLaw } {
  const rows = checked(
    all.filter((r): r is PassRow => r.work.kind === kind && r.work.bytes > largePass),
    name,
  );
  const fit = fitRows<PassRow>({
    rows,
    predict: ({ work, gpu }, [efficiency]) =>
      launchSeconds +
      work.bytes / (ratesOf(gpu, "bf16").bandwidthBytesPerSecond * efficiency),
    workOf: ({ work }) => work.bytes,
    priors: [{ mean: 0.7, spread: 0.5 }],
  });
  return { efficiency: fit.values[0], fit: { ...fit, name, gpus: gpusOf(rows) } };
}
