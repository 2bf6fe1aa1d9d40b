/**
 * Every law that kernel rows tell, by generation of devices.
 *
 * Rows of one processor are fitted together. What has no rows is not made up here: `profile_of.ts`
 * takes it from the nearest generation and says so.
 *
 * @module
 */
import type { AttentionLaw } from "../../../kernels/base/profile_schema.ts";
import type { PublishedCase } from "../case.ts";
import { deviceFacts } from "./device_facts.ts";
import {
  fitAttention,
  fitPasses,
  fitProducts,
  type FittedLaw,
  type ProductFit,
} from "./fit_laws.ts";
import { type KernelRow, kernelRows } from "./kernel_rows.ts";
import type { Rates } from "./laws.ts";
import { traceRows } from "./trace_rows.ts";

/** Laws of products in one format. */
export interface FormatFits {
  product: ProductFit;
  grouped?: ProductFit;
}

/** What the rows tell of a generation. */
export interface GenerationFits {
  bf16?: FormatFits;
  fp8?: FormatFits;
  forward?: { law: AttentionLaw; fit: FittedLaw };
  backward?: { law: AttentionLaw; fit: FittedLaw };
  /** Fractions of the memory bandwidth. */
  activation?: { efficiency: number; fit: FittedLaw };
  norm?: { efficiency: number; fit: FittedLaw };
  cast?: { efficiency: number; fit: FittedLaw };
}

/** The fits by the device that a generation is named after. */
export type DeviceFits = Record<"a100" | "h100" | "h800" | "b200", GenerationFits>;

/** Our id of a device as the sources name it. */
export const idOf: Readonly<Record<string, string>> = {
  A100: "a100",
  "A100-PCIe-80GB": "a100-pcie",
  H100: "h100",
  H800: "h800",
  B200: "b200",
};

function ratesOf(gpu: string, precision: KernelRow["precision"]): Rates {
  const facts = deviceFacts(idOf[gpu] ?? gpu);
  return {
    peakFlopsPerSecond: facts.peakFlopsPerSecond[precision] ?? 0,
    bandwidthBytesPerSecond: facts.memoryBandwidthBytesPerSecond,
    multiprocessors: facts.multiprocessors,
  };
}

/** Fits every law; the same cases give the same laws. */
export function fitDevices(cases: readonly PublishedCase[]): DeviceFits {
  const rows = [...kernelRows(cases), ...traceRows(cases)];
  const of = (...gpus: string[]) => rows.filter(({ gpu }) => gpus.includes(gpu));
  const products = (name: string, some: readonly KernelRow[], alsoGrouped: boolean): FormatFits => {
    const product = fitProducts(`${name} products`, some, ratesOf);
    if (!alsoGrouped) return { product };
    return { product, grouped: fitProducts(`${name} grouped`, some, ratesOf, product.law) };
  };
  const attention = (id: string, gpu: string, kind: "forward" | "backward") =>
    fitAttention(`${id} attention ${kind}`, of(gpu), kind, ratesOf);
  const passes = (id: string, gpu: string, kind: "activation" | "norm" | "cast", launch: number) =>
    fitPasses(`${id} ${kind}`, of(gpu), kind, ratesOf, launch);
  const a100 = products("a100 bf16", of("A100", "A100-PCIe-80GB"), true);
  const h100 = products("h100 bf16", of("H100"), false);
  const [launchA100, launchH100] = [a100, h100].map(({ product }) => product.addedSeconds);
  return {
    a100: {
      bf16: a100,
      forward: attention("a100", "A100-PCIe-80GB", "forward"),
      backward: attention("a100", "A100-PCIe-80GB", "backward"),
      activation: passes("a100", "A100", "activation", launchA100),
      norm: passes("a100", "A100", "norm", launchA100),
    },
    h100: {
      bf16: h100,
      activation: passes("h100", "H100", "activation", launchH100),
      norm: passes("h100", "H100", "norm", launchH100),
    },
    h800: {
      fp8: products("h800 fp8", of("H800"), true),
      forward: attention("h800", "H800", "forward"),
      // A profiler's times have no launch in them.
      cast: passes("h800", "H800", "cast", 0),
    },
    b200: {
      bf16: products("b200 bf16", of("B200"), true),
      forward: attention("b200", "B200", "forward"),
      backward: attention("b200", "B200", "backward"),
    },
  };
}

/** The fits as one list. */
export function fitsOf(fits: DeviceFits): FittedLaw[] {
  return Object.values(fits).flatMap((of) => [
    of.bf16?.product.fit,
    of.bf16?.grouped?.fit,
    of.fp8?.product.fit,
    of.fp8?.grouped?.fit,
    of.forward?.fit,
    of.backward?.fit,
    of.activation?.fit,
    of.norm?.fit,
    of.cast?.fit,
  ]).filter((fit) => fit !== undefined);
}
