/**
 * Generation as tables: measured, published, and what the bytes of a token say.
 *
 * @module
 */
import { type Estimate, exactly, median } from "../../../kernels/base/mod.ts";
import type { Row, TableInfo } from "../../../reports/result.ts";
import { contentId } from "../../hash.ts";
import { paperModels } from "./formulas.ts";
import {
  type Generations,
  type GenerationSizes,
  type MeasuredGeneration,
  publishedLatencySeconds,
} from "./generation.ts";
import { cacheBytes, readBytes } from "./memory_bound.ts";
import { pairedRatio } from "./ratios.ts";
import { RIVAL, type Variant } from "./variants.ts";

/** Figures of a variant that generated. */
export interface LatencyFigures {
  /** The variant. */
  variant: Variant;
  /** Seconds of the prompt with its first token, of the others, and of both. */
  seconds: { prompt: Estimate; tokens: Estimate; all: number[] };
  /** Both over BTX's. */
  ratio: Estimate;
  /** The same without the waits of the host; absent where these are all of some of BTX's rounds. */
  workRatio?: Estimate;
  /** Bytes of weights and cache. */
  stateBytes: number;
}

const wholeSeconds = ({ promptSeconds, tokenSeconds }: MeasuredGeneration): number[] =>
  promptSeconds.map((seconds, i) => seconds + tokenSeconds[i]);

/** Figures of all that generated; none where BTX did not. */
export function latencyFigures({ measured }: Generations): LatencyFigures[] {
  const rival = measured.find(({ variant }) => variant.id === RIVAL);
  if (!rival) return [];
  return measured.map((one) => ({
    variant: one.variant,
    seconds: {
      prompt: median(one.promptSeconds),
      tokens: median(one.tokenSeconds),
      all: wholeSeconds(one),
    },
    ratio: pairedRatio(wholeSeconds(one), wholeSeconds(rival)),
    ...(rival.workSeconds.every((seconds) => seconds > 0) && {
      workRatio: pairedRatio(one.workSeconds, rival.workSeconds),
    }),
    stateBytes: one.stateBytes,
  }));
}

/** What the work prints over BTX's; undefined where it prints nothing. */
export function publishedRatio(id: string): number | undefined {
  const seconds = publishedLatencySeconds[id];
  return seconds === undefined ? undefined : seconds / publishedLatencySeconds[RIVAL];
}

/** The table of measured generation. */
export const latencyTable = ({ prompt, generated }: GenerationSizes): TableInfo => ({
  id: "latency",
  title: `${generated} tokens after a prompt of ${prompt}`,
  note: "Wall clock, one text at a time, with caches. Over BTX: ratios of rounds. Each pass ends " +
    "with a wait of the host, the same for all: without it, the ratios are those of the work, where there is more than waits. " +
    "Published: 16 tokens after 256 on a TPU.",
  columns: [
    ...["variant", "totalSeconds", "overBtx", "workOverBtx", "publishedOverBtx"],
    ...["promptSeconds", "tokensSeconds", "stateBytes"],
  ],
  best: { totalSeconds: "lowest" },
});

/** The table of bytes at the work's small size. */
export const readTable: TableInfo = {
  id: "reads",
  title: "What a token reads, at the work's small size",
  note: "Weights that a token meets in 16 bits, the input table left out, and keys and values of " +
    "256 tokens. A device that memory limits would take as much longer as it reads more.",
  columns: ["model", "readBytes", "readOverBtx", "publishedOverBtx", "cacheBytes"],
};

/** Rows of measured generation. */
export async function latencyRows(
  figures: readonly LatencyFigures[],
  { refused }: Generations,
): Promise<Row[]> {
  const idOf = (variant: Variant) => contentId({ table: "latency", variant: variant.id });
  const rows = await Promise.all(figures.map(async (one): Promise<Row> => {
    const { variant, seconds: { prompt, tokens, all }, ratio, workRatio } = one;
    const published = publishedRatio(variant.id);
    return {
      ...{ id: await idOf(variant), table: "latency", kind: "measured", warnings: [] },
      labels: { variant: variant.name },
      metrics: {
        ...{ totalSeconds: median(all), overBtx: ratio },
        ...(workRatio && { workOverBtx: workRatio }),
        ...(published && { publishedOverBtx: exactly(published, "published, Table 7's text") }),
        ...{ promptSeconds: prompt, tokensSeconds: tokens },
        stateBytes: exactly(one.stateBytes, "weights and cache, counted"),
      },
    };
  }));
  const none = await Promise.all(refused.map(async ({ variant, reason }): Promise<Row> => ({
    ...{ id: await idOf(variant), table: "latency", kind: "measured", metrics: {}, warnings: [] },
    ...{ labels: { variant: variant.name }, infeasible: reason },
  })));
  return [...rows, ...none];
}

/** Ids of the variants, by the key of the work's models. */
const variantOf: Readonly<Record<string, string>> = {
  dense: "seed",
  btxTop1: "btx-4",
  btxTop3: "btx-6",
  bam: "bam-expert-kv",
  bamShared: "bam-shared-kv",
};

/** Rows of bytes at the work's small size. */
export async function readRows(): Promise<Row[]> {
  const models = paperModels();
  const read = (key: string) => readBytes(models[key].model, { past: 256 });
  return await Promise.all(
    Object.entries(models).map(async ([key, { name, model }]) => {
      const published = publishedRatio(variantOf[key]);
      return {
        ...{ id: await contentId({ table: "reads", key }), table: "reads", warnings: [] },
        ...{ kind: "derived" as const, labels: { model: name } },
        metrics: {
          readBytes: exactly(read(key), "counted"),
          readOverBtx: exactly(read(key) / read("btxTop1"), "counted"),
          ...(published && { publishedOverBtx: exactly(published, "published") }),
          cacheBytes: exactly(cacheBytes(model), "a token, 16 bits"),
        },
      };
    }),
  );
}
