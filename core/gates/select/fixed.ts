/**
 * Choices that are never trained: by a hash of ids, by chance, by the tag of the text (survey,
 * section 4.1.1). Such a gate costs nothing and has no gradient; it can be balanced beforehand, and
 * a part of the model can be taken out for one tag.
 *
 * @module
 */
import type { GateShape } from "../gate.ts";
import { nameInLayer, type SpecOf } from "../shorthand.ts";
import { balancedTable, clusteredTable, dispersedTable } from "./fixed_tables.ts";
import type { Selector, SelectRun } from "./run.ts";
import type { SelectSpec } from "./specs.ts";
import { tooMany, unevenGroups } from "./top_k.ts";

type HashSpec = SpecOf<SelectSpec, "hash">;

const withoutIds = (vocabulary: number) =>
  vocabulary < 1
    ? `A hash of ids found a vocabulary of ${vocabulary}, wanted at least 1`
    : undefined;

/**
 * Expert by a hash: Hash Layer, arXiv 2106.04426. With several hashes the experts are split into as
 * many banks, and each hash chooses in its own: a network cut into segments, each of which has
 * several versions.
 */
export const hashSelect: Selector<HashSpec> = {
  choices: ({ hashes }) => hashes,
  refusal: ({ of, hashes }, { experts, vocabulary }) =>
    tooMany(hashes, experts, "experts") ?? (of === "position" ? undefined : withoutIds(vocabulary)),
  select(run) {
    const { g, spec: { hashes }, shape: { experts } } = run;
    const bounds = Array.from({ length: hashes + 1 }, (_, j) => Math.floor(j * experts / hashes));
    const banks = bounds.slice(1).map((end, j) =>
      g.affine(hashed(run, { buckets: end - bounds[j], hash: j }), { plus: bounds[j] })
    );
    return { ids: hashes === 1 ? banks[0] : g.idsBeside(...banks) };
  },
};

/** Hash number `hash`, below `buckets`: [T, 1]. */
function hashed<A, I>(
  { g, spec, shape, input }: SelectRun<A, I, HashSpec>,
  { buckets, hash }: { buckets: number; hash: number },
): I {
  const { of, frequencies } = spec;
  const { vocabulary, layer } = shape;
  const seed = layer * spec.hashes + hash;
  const byTable = (values: () => Uint32Array) => {
    const name = nameInLayer(shape, `${of} hash ${hash} ${vocabulary} to ${buckets}`);
    return g.lookUpIds(g.indices(name, [vocabulary, 1], values), input.tokens);
  };
  const options = { buckets, seed };
  const clusters = { experts: buckets, seed };
  switch (of) {
    case "token":
      return g.hash([input.tokens], options);
    case "bigram":
      return g.hash([input.before, input.tokens], options);
    case "before":
      return g.hash([input.before], options);
    case "position":
      return g.hash([positions(g, shape)], options);
    case "balanced":
      return byTable(() =>
        balancedTable(frequencies ?? new Float64Array(vocabulary).fill(1), { experts: buckets })
      );
    case "clustered":
      return byTable(() => clusteredTable(vocabulary, clusters));
    case "dispersed":
      return byTable(() => dispersedTable(vocabulary, clusters));
  }
}

/** The place of each token in its sequence, [T, 1]. */
function positions<A, I>(g: SelectRun<A, I>["g"], { tokens, length }: GateShape): I {
  return g.indices(
    `positions ${tokens} of ${length}`,
    [tokens, 1],
    () => Uint32Array.from({ length: tokens }, (_, t) => t % length),
  );
}

/** k different experts by chance, in training and in use: THOR, arXiv 2110.04260. */
export const randomSelect: Selector<SpecOf<SelectSpec, "random">> = {
  choices: ({ k }) => k,
  refusal: ({ k }, { experts }) => tooMany(k, experts, "experts"),
  select({ g, spec: { k }, shape }) {
    const { tokens, experts } = shape;
    const name = nameInLayer(shape, "random experts");
    if (k === 1) return { ids: g.randomIds(name, [tokens, 1], experts) };
    return { ids: g.topK(g.noise(name, "uniform", [tokens, experts]), k) };
  },
};

/** What `of` gives for each token's tag, [T, 1]. */
function byTag<A, I>(
  { g, shape: { tags }, input }: SelectRun<A, I>,
  { name, of }: { name: string; of(tag: number): number },
): I {
  const table = g.indices(
    name,
    [tags, 1],
    () => Uint32Array.from({ length: tags }, (_, i) => of(i)),
  );
  return g.lookUpIds(table, input.tags);
}

const withoutTags = (tags: number) =>
  tags < 1 ? `A choice by tag found ${tags} tags, wanted at least 1` : undefined;

/**
 * The expert of the tag: DEMix (domains, arXiv 2108.05036), Task-MoE (tasks, arXiv 2110.03742),
 * M2M-100 (languages, arXiv 2010.11125). With more tags than experts several share one.
 */
export const tagSelect: Selector<SpecOf<SelectSpec, "tag">> = {
  choices: () => 1,
  refusal: (_, { tags }) => withoutTags(tags),
  select(run) {
    const { experts, tags } = run.shape;
    return { ids: byTag(run, { name: `experts of ${tags} tags`, of: (tag) => tag % experts }) };
  },
};

/**
 * A group of experts by tag, and in it an expert by a fixed random map of token ids, another in each
 * layer: random routed experts of PanGu-Sigma, arXiv 2303.10845.
 */
export const tagThenHashSelect: Selector<SpecOf<SelectSpec, "tag-then-hash">> = {
  choices: () => 1,
  refusal: ({ groups }, shape) =>
    unevenGroups(groups, shape) ?? withoutIds(shape.vocabulary) ?? withoutTags(shape.tags),
  select(run) {
    const { g, spec: { groups }, shape: { experts, tags, layer }, input } = run;
    const size = Math.floor(experts / groups);
    const first = byTag(run, {
      name: `groups of ${size} of ${tags} tags`,
      of: (tag) => tag % groups * size,
    });
    const within = g.hash([input.tokens], { buckets: size, seed: layer });
    return { ids: g.affine(first, { plus: within }) };
  },
};
