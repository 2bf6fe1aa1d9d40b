/**
 * A device's profile: its data sheet, and the laws of the nearest device that kernel rows exist for.
 *
 * Every law has a grade that says whether rows of this device told it, or which device's did.
 *
 * @module
 */
import type {
  AttentionLaw,
  Grade,
  Law,
  PrecisionLaws,
  ProductFormat,
  Profile,
  TileLaw,
} from "../../../kernels/base/profile_schema.ts";
import type { DeviceFacts } from "./device_facts.ts";
import { type DeviceFits, fitsOf, type FormatFits, idOf } from "./fit_devices.ts";
import type { FittedLaw } from "./fit_laws.ts";
import { narrowed } from "./laws.ts";
import { rowSources, summaryOf } from "./words.ts";

/** Multiprocessors that exchanges of tokens took on an H800 (deepseek-ai/profile-data). */
const communicationMultiprocessors = 20;

const GIB = 2 ** 30;

/** Figures are no better known than to four places, and files are read by people. */
const rounded = (x: number) => Number(x.toPrecision(4));

function roundedLaw<L extends TileLaw | AttentionLaw>(law: L): L {
  return Object.fromEntries(
    Object.entries(law).map(([key, v]) => [key, rounded(v)]),
  ) as unknown as L;
}

/** Laws in 16 or 8 bits. Experts' products without rows have the law of single ones. */
function lawsOf({ product, grouped }: FormatFits, groupSeconds: number): PrecisionLaws {
  return {
    product: roundedLaw(product.law),
    grouped: roundedLaw(grouped?.law ?? product.law),
    groupSeconds: rounded(grouped?.addedSeconds ?? groupSeconds),
  };
}

/** Laws of products by format, with their grades. */
function precisionsOf(facts: DeviceFacts, fits: DeviceFits) {
  const { id, laws, peakFlopsPerSecond: peaks } = facts;
  const grades: Record<string, Grade> = {};
  const precisions: Partial<Record<ProductFormat, PrecisionLaws>> = {};
  const grade = (name: string, { gpus }: FittedLaw) => {
    const from = gpus.map((gpu) => idOf[gpu]);
    grades[name] = from.includes(id) ? "fitted to kernel rows" : `assumed from ${from.join(", ")}`;
  };
  const wide = fits[laws].bf16!;
  const groupSeconds = fits.b200.bf16!.grouped!.addedSeconds;
  precisions.bf16 = lawsOf(wide, groupSeconds);
  grade("precisions.bf16.product", wide.product.fit);
  if (wide.grouped) grade("precisions.bf16.grouped", wide.grouped.fit);
  else {
    grades["precisions.bf16.grouped"] = `assumed from the products of ${laws}`;
    grades["precisions.bf16.groupSeconds"] = "assumed from b200";
  }
  if (peaks.fp8 && laws === "h100") {
    precisions.fp8 = lawsOf(fits.h800.fp8!, groupSeconds);
    grade("precisions.fp8.product", fits.h800.fp8!.product.fit);
    grade("precisions.fp8.grouped", fits.h800.fp8!.grouped!.fit);
  }
  for (const format of ["fp8", "fp4"] as const) {
    if (!peaks[format] || precisions[format]) continue;
    const rate = Math.round(peaks[format] / peaks.bf16!);
    const { product, grouped, groupSeconds } = narrowed(precisions.bf16, rate);
    precisions[format] = {
      product: roundedLaw(product),
      grouped: roundedLaw(grouped),
      groupSeconds,
    };
    grades[`precisions.${format}`] = `assumed from the bf16 products of ${laws}`;
  }
  return { precisions, grades };
}

/** Laws of attention with their grades. Where a pass has no rows, other devices' ratio holds. */
function attentionOf({ id, laws }: DeviceFacts, fits: DeviceFits) {
  const { a100, b200, h800 } = fits;
  const forward = laws === "h100" ? h800.forward! : fits[laws].forward!;
  const ratio = [a100, b200].reduce(
    (product, { forward, backward }) =>
      product * Math.sqrt(backward!.law.computeEfficiency / forward!.law.computeEfficiency),
    1,
  );
  const rowsRatio = a100.backward!.law.halfRows / a100.forward!.law.halfRows;
  const backward = fits[laws].backward?.law ?? {
    ...forward.law,
    computeEfficiency: forward.law.computeEfficiency * ratio,
    halfRows: forward.law.halfRows * rowsRatio,
  };
  const rowsOf = { a100: "a100-pcie", h100: "h800", b200: "b200" }[laws];
  const grades: Record<string, Grade> = {
    "attention.forward": rowsOf === id ? "fitted to kernel rows" : `assumed from ${rowsOf}`,
    "attention.backward": laws === "h100"
      ? "assumed from its forward pass and the ratio of a100 and b200"
      : rowsOf === id
      ? "fitted to kernel rows"
      : `assumed from ${rowsOf}`,
  };
  const attention = { forward: roundedLaw(forward.law), backward: roundedLaw(backward) };
  return { attention, grades };
}

/** Kinds of ops that are bound by memory, by the pass that they are like. */
const memoryOps = {
  elementwise: "activation",
  combine: "activation",
  router: "activation",
  group_tokens: "activation",
  norm: "norm",
} as const;

/** Generations whose fits a device's laws are from. */
const generations = { a100: /^a100/, h100: /^h[18]00/, b200: /^b200|^h100 (activation|norm)/ };

/** Whether a fit of that name tells something of a device. */
function tells(name: string, { laws }: DeviceFacts): boolean {
  return generations[laws].test(name) || name === "h800 cast";
}

/** A device's profile. */
export function profileOf(facts: DeviceFacts, fits: DeviceFits): Profile {
  const { precisions, grades: productGrades } = precisionsOf(facts, fits);
  const { attention, grades: attentionGrades } = attentionOf(facts, fits);
  const { computeEfficiency, memoryEfficiency, innerHalfSize } = precisions.bf16!.product;
  const law: Law = { computeEfficiency, memoryEfficiency, halfSize: innerHalfSize };
  const passesFrom = facts.laws === "a100" ? "a100" : "h100";
  const passes = fits[passesFrom];
  const laws = Object.fromEntries(
    Object.entries(memoryOps).map(([kind, like]) => [kind, {
      computeEfficiency,
      memoryEfficiency: rounded(passes[like]!.efficiency),
      halfSize: 0,
    }]),
  );
  const passGrade: Grade = facts.id === passesFrom
    ? "fitted to kernel rows"
    : `assumed from ${passesFrom}`;
  const launchFrom = facts.laws === "a100" ? "a100" : "h100";
  const own: Grade = "data sheet";
  return {
    schema: 1,
    id: facts.id,
    device: {
      name: facts.name,
      vendor: "nvidia",
      architecture: facts.architecture,
      software: false,
    },
    kind: "published",
    sources: [
      ...facts.sources,
      "memoryBytes: the device's total in PyTorch's out-of-memory messages, from public threads and logs.",
      rowSources,
      ...fitsOf(fits).filter(({ name }) => tells(name, facts)).map(summaryOf),
    ],
    memoryBytes: Math.round(facts.memoryGib * GIB),
    memoryBandwidthBytesPerSecond: facts.memoryBandwidthBytesPerSecond,
    peakFlopsPerSecond: facts.peakFlopsPerSecond,
    launchSeconds: rounded(fits[launchFrom].bf16!.product.addedSeconds),
    law,
    laws: {
      attention: {
        computeEfficiency: attention.forward.computeEfficiency,
        memoryEfficiency,
        halfSize: 0,
      },
      attention_backward: {
        computeEfficiency: attention.backward.computeEfficiency,
        memoryEfficiency,
        halfSize: 0,
      },
      ...laws,
    },
    curves: {},
    kernels: {},
    multiprocessors: facts.multiprocessors,
    precisions,
    attention,
    castMemoryEfficiency: rounded(fits.h800.cast!.efficiency),
    communicationShare: rounded(communicationMultiprocessors / facts.multiprocessors),
    powerWatts: facts.powerWatts,
    grades: {
      peakFlopsPerSecond: own,
      memoryBandwidthBytesPerSecond: own,
      ...productGrades,
      ...attentionGrades,
      "laws.elementwise": passGrade,
      "laws.norm": passGrade,
      castMemoryEfficiency: facts.id === "h800" ? "fitted to kernel rows" : "assumed from h800",
      communicationShare: facts.id === "h800" ? "measured shape" : "assumed from h800",
      launchSeconds: facts.id === launchFrom
        ? "fitted to kernel rows"
        : `assumed from ${launchFrom}`,
    },
  };
}
