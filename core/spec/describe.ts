/**
 * A model as one plain record: what to print of it, and what to save beside a result.
 *
 * @module
 */
import { flopsPerToken, type TokenFlops } from "./flops.ts";
import { layersOf } from "./layers.ts";
import type { FieldSource, Model, PublishedCounts } from "./model.ts";
import { type ParameterCounts, parameters } from "./params.ts";
import { comparePublished, type CountAgreement } from "./published.ts";
import { mixerWords } from "./mixer_words.ts";
import { assumedFields } from "./sources.ts";

/** What there is to say of a model. All of it is JSON. */
export interface ModelDescription {
  /** Id. */
  id: string;
  /** Name. */
  name: string;
  /** Year of publication. */
  year?: number;
  /** Its publication. */
  reference?: { arxiv?: string; title?: string };
  /** True where the sizes were never published. */
  rumour: boolean;
  /** The sizes in a few words, by part. */
  config: Record<string, string | number>;
  /** Parameters. */
  parameters: ParameterCounts;
  /** FLOP of a token's forward pass, by part, and the sequence that they are for. */
  flopsPerToken: TokenFlops & { sequenceTokens: number };
  /** Layers, where each is like the others; absent where they differ. */
  layersAlike?: number;
  /** Counts that were printed, how the description compares, and why it differs where it does. */
  published?: PublishedCounts & {
    totalAgreement?: CountAgreement;
    activeAgreement?: CountAgreement;
  };
  /** Where the values come from. */
  sources: Record<string, FieldSource>;
  /** Fields whose value is assumed. */
  assumed: string[];
  /** Notes. */
  notes: string[];
}

const span = (low: number, high: number) => low === high ? `${low}` : `${low} to ${high}`;

function expertWords(model: Model): Record<string, string | number> {
  const { moe } = model;
  if (!moe) return {};
  const counts = layersOf(model).map((l) => l.experts).filter((n) => n > 0);
  const { shared, denseBeside, latent, router: { kind, limit } } = moe;
  return {
    experts: `${moe.topK} of ${span(Math.min(...counts), Math.max(...counts))}, ${moe.activation}`,
    expertWidth: moe.width,
    expertLayers: `${counts.length} of ${layersOf(model).length}`,
    ...(shared && { sharedExperts: `${shared.count} of width ${shared.width}` }),
    ...(denseBeside && { denseBesideExperts: `width ${denseBeside.width}` }),
    ...(latent && { expertSpace: `${latent} wide` }),
    router: limit ? `${kind}, ${limit.chosen} of ${limit.groups} groups of experts` : kind,
  };
}

function config(model: Model): Record<string, string | number> {
  const { embedding, encoderLayers, ffn, layers } = model;
  return {
    layers: encoderLayers > 0 ? `${encoderLayers} encoder, ${layers} decoder` : layers,
    dModel: model.dModel,
    block: model.block,
    ...mixerWords(model),
    ...(ffn && { denseFfn: `width ${ffn.width}, ${ffn.activation}` }),
    ...expertWords(model),
    ...(model.mtp && { furtherTokens: `${model.mtp.modules}, one layer each` }),
    vocabulary: `${embedding.vocab}, ${embedding.tied ? "tied" : "untied"}`,
    positions: embedding.positions.kind,
  };
}

/**
 * Everything there is to say of a model, as JSON.
 *
 * @example
 * ```ts
 * import { describe, modelPreset } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const { config, parameters } = describe(modelPreset("mixtral-8x7b"));
 * assertEquals(config.experts, "2 of 8, swiglu");
 * assertEquals(parameters.checked, true);
 * ```
 */
export function describe(model: Model, options: { sequence?: number } = {}): ModelDescription {
  const { sequence = 4096 } = options;
  const { id, name, year, reference, rumour, published, sources, notes } = model;
  const compared = comparePublished(model);
  const layers = layersOf(model);
  const alike = new Set(layers.map(({ index: _, ...layer }) => JSON.stringify(layer))).size === 1;
  return {
    id,
    name,
    ...(year !== undefined && { year }),
    ...(reference && { reference }),
    rumour,
    config: config(model),
    parameters: parameters(model),
    flopsPerToken: { ...flopsPerToken(model, { sequence }), sequenceTokens: sequence },
    ...(alike && { layersAlike: layers.length }),
    ...(published && {
      published: {
        ...published,
        ...(compared.total && { totalAgreement: compared.total }),
        ...(compared.active && { activeAgreement: compared.active }),
      },
    }),
    sources,
    assumed: assumedFields(model),
    notes,
  };
}
