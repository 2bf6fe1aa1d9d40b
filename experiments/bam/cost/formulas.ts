/**
 * BAM's Tables 7, 9 and 10 beside counts of the weights' own shapes, with what in the print is not what
 * its own sizes give.
 *
 * Source: BAM, arXiv 2408.08274. Small size: d 1024, d_ff 4096 fused (a hidden width of 2048), context
 * 256, n experts, k networks a token.
 *
 * @module
 */
import { layerFlops } from "../../../core/spec/flops.ts";
import { layersOf } from "../../../core/spec/layers.ts";
import type { Model } from "../../../core/spec/model.ts";
import { parameters } from "../../../core/spec/params.ts";
import { modelPreset } from "../../../core/spec/presets/presets.ts";
import { paperTable } from "../../../core/spec/data/tables.ts";
import { modelWeights } from "../../../core/spec/weights.ts";

/** A printed figure beside the counted one. */
export interface FormulaRow {
  /** Table of the work, 7, 9 or 10. */
  table: number;
  /** Model, as the work has it. */
  model: string;
  /** What is counted. */
  part: string;
  /** What it counts. */
  unit: "parameters" | "flops";
  /** As printed, or as the printed formula gives; null where nothing is printed. */
  printed: number | null;
  /** Counted from shapes. */
  counted: number;
  /** Why they differ, where they do; what it is, where nothing is printed. */
  note?: string;
}

/** Tokens of context. */
const CONTEXT = 256;

const btx = (): Model => modelPreset("btx-small");

/** The models of the tables, by the key of their column in Table 9. */
export function paperModels(): Record<string, { name: string; model: Model }> {
  const moe = btx().moe!;
  return {
    dense: { name: "Dense seed", model: modelPreset("bam-small-seed") },
    btxTop1: { name: "BTX, 4 experts top-1", model: btx() },
    btxTop3: {
      name: "BTX, 6 experts top-3",
      model: { ...btx(), moe: { ...moe, experts: 6, topK: 3 } },
    },
    bam: { name: "BAM, expert KV", model: modelPreset("bam-small") },
    bamShared: { name: "BAM, shared KV", model: modelPreset("bam-small-shared-kv") },
  };
}

/** Weights of a model's first layer and of its ends, by name; 0 for those that it has not. */
function numbersOf(model: Model): (name: string) => number {
  const sizes = modelWeights(model).map(({ name, shape }) =>
    [name, shape.reduce((a, b) => a * b, 1)] as const
  );
  const byName = new Map(sizes);
  return (name) => byName.get(name) ?? byName.get(`layers.0.${name}`) ?? 0;
}

/** What the parts of Table 9 are in a description. */
const parts: Readonly<Record<string, (model: Model, of: (name: string) => number) => number>> = {
  "layer norm of a layer": (_, of) => of("attention.norm"),
  "attention out of a layer": (_, of) => of("attention.out"),
  "query, key and value of a layer": (_, of) =>
    of("attention.q") + of("attention.k") + of("attention.v"),
  "active expert expansion of a layer": ({ moe }, of) =>
    moe ? moe.topK * of("moe.up") / moe.experts : of("ffn.up"),
  "active expert reduction of a layer": ({ moe }, of) =>
    moe ? moe.topK * of("moe.down") / moe.experts : of("ffn.down"),
  "router of a layer": (_, of) => of("moe.router"),
  "input embedding": (_, of) => of("embedding"),
  "output embedding": (_, of) => of("head"),
  "final layer norm": (_, of) => of("norm"),
  "printed active": (model) => parameters(model).active,
  "printed total": (model) => parameters(model).total,
};

/** Why a printed figure is not what its own sizes give, by column and part. */
const errata: Readonly<Record<string, string>> = {
  "bamShared, query, key and value of a layer": "the print leaves the shared keys and values out",
  "bamShared, printed active": "the print leaves the shared keys and values of six layers out",
  "btxTop3, router of a layer": "the print is the router of 4 experts, not of 6",
  "btxTop3, printed active": "the print has routers of 4 experts, not of 6",
  "btxTop3, printed total": "the print is the total of 4 experts, not of 6",
};

/** Table 9: parameters by part. */
function parameterRows(): FormulaRow[] {
  const models = Object.entries(paperModels()).map(([key, { name, model }]) => ({
    ...{ key, name, model, of: numbersOf(model) },
  }));
  return paperTable("bam-9").rows.flatMap((row) =>
    models.map(({ key, name, model, of }): FormulaRow => {
      const part = String(row.part);
      return {
        ...{ table: 9, model: name, part: part.replace(/^printed /, ""), unit: "parameters" },
        printed: row[key] === null ? null : Number(row[key]),
        counted: parts[part](model, of),
        note: errata[`${key}, ${part}`],
      };
    })
  );
}

/** The rows of Table 7 as models. */
const tableSeven = ["bam", "btxTop1", "btxTop3"] as const;

/** Table 7: FLOP a token a layer. The print counts 3 FLOP a hidden unit for the activation. */
function flopRows(): FormulaRow[] {
  const models = paperModels();
  const of = (model: Model) =>
    layerFlops(model, layersOf(model)[0], { sequence: CONTEXT, activation: 3 });
  const printed = paperTable("bam-7").rows.flatMap((row, i) => {
    const { name, model } = models[tableSeven[i]];
    const { attention, ffn, total } = of(model);
    const counted = { attentionFlop: attention, ffnFlop: ffn, totalFlop: total };
    const words = {
      attentionFlop: "attention",
      ffnFlop: "networks",
      totalFlop: "all with routers",
    };
    return Object.entries(counted).map(([key, count]): FormulaRow => ({
      ...{ table: 7, model: name, part: words[key as keyof typeof words], unit: "flops" },
      ...{ printed: Number(row[key]), counted: count },
    }));
  });
  const { name, model } = models.bamShared;
  return [...printed, {
    ...{ table: 7, model: name, part: "all with routers", unit: "flops", printed: null },
    ...{ counted: of(model).total, note: "the work prints no FLOP of shared keys and values" },
  }];
}

/** Symbols of Table 10. */
interface Symbols {
  /** Attention experts; 1 in BTX. */
  copies: number;
  /** Networks of a layer. */
  n: number;
  /** Networks a token. */
  k: number;
  /** Model width, and that of attention. */
  d: number;
  /** Fused width of a network. */
  ff: number;
}

/** The operations of Table 10: the printed formulas, and the weights that they are about. */
const operations: readonly {
  part: string;
  parameters?: (s: Symbols) => number;
  flops: (s: Symbols) => number;
  weights: readonly string[];
  used?: (s: Symbols) => number;
}[] = [
  {
    part: "attention router",
    parameters: ({ n, d, copies }) => copies > 1 ? n * d : 0,
    flops: ({ n, d, copies }) => copies > 1 ? 2 * n * d : 0,
    weights: ["attention.router"],
  },
  {
    part: "query, key and value",
    parameters: ({ copies, d }) => 3 * copies * d * d,
    flops: ({ copies, d }) => 6 * copies * d ** 2,
    weights: ["attention.q", "attention.k", "attention.v"],
  },
  { part: "mask", flops: ({ copies, d }) => 2 * copies * CONTEXT * d, weights: [] },
  {
    part: "projection",
    parameters: ({ copies, d }) => copies * d * d,
    flops: ({ copies, d }) => 2 * copies * d ** 2,
    weights: ["attention.out"],
  },
  {
    part: "network router",
    parameters: ({ n, d }) => n * d,
    flops: ({ n, d }) => 2 * n * d,
    weights: ["moe.router"],
  },
  {
    part: "networks",
    parameters: ({ n, d, ff }) => 1.5 * n * d * ff,
    flops: ({ k, d, ff }) => 3 * k * d * ff,
    weights: ["moe.up", "moe.down"],
    used: ({ n, k }) => k / n,
  },
];

/** Table 10: its formulas at the small size, beside shapes and FLOP of the descriptions. */
function operationRows(): FormulaRow[] {
  const models = paperModels();
  return tableSeven.flatMap((key) => {
    const { name, model } = models[key];
    const { moe, dModel: d, attention } = model;
    const copies = attention.kind === "experts" ? attention.experts : 1;
    const symbols = { copies, n: moe!.experts, k: moe!.topK, d, ff: 2 * moe!.width };
    const of = numbersOf(model);
    const count = (weights: readonly string[]) => weights.reduce((sum, one) => sum + of(one), 0);
    const all = layerFlops(model, layersOf(model)[0], { sequence: CONTEXT });
    const projected = 2 * count(["attention.q", "attention.k", "attention.v", "attention.out"]);
    return operations.flatMap(({ part, parameters, flops, weights, used = () => 1 }) => {
      const row = { table: 10, model: name, part } as const;
      const counted = weights.length === 0
        ? all.attention - projected
        : 2 * count(weights) * used(symbols);
      const priced: FormulaRow = { ...row, unit: "flops", printed: flops(symbols), counted };
      if (!parameters) return [priced];
      const sized: FormulaRow = {
        ...{ ...row, unit: "parameters", printed: parameters(symbols), counted: count(weights) },
      };
      return [sized, priced];
    });
  });
}

/** All figures of the three tables. */
export const formulaRows = (): FormulaRow[] => [
  ...flopRows(),
  ...parameterRows(),
  ...operationRows(),
];

/** Whether a printed figure is not what its own sizes give. */
export const isErratum = ({ printed, counted }: FormulaRow): boolean =>
  printed !== null && printed !== counted;
