/**
 * What the work printed of costs: FLOP of a layer (Table 7) and parameters (Table 9) of the small
 * size, and what its parts add up to.
 *
 * Source: BAM, arXiv 2408.08274v2, Tables 7, 9 and 10.
 *
 * @module
 */

/** A row of Table 7: forward FLOP a token and layer, context 256. */
export interface PublishedFlops {
  /** The method. */
  name: string;
  /** Experts, and networks a token. */
  experts: { count: number; topK: number };
  /** Columns of FLOP as printed; the routers are in the total alone. */
  flops: { attention: number; ffn: number; total: number };
}

/** Table 7. */
export const publishedFlops: readonly PublishedFlops[] = [
  {
    ...{ name: "BAM, expert KV", experts: { count: 4, topK: 1 } },
    flops: { attention: 35_651_584, ffn: 12_589_056, total: 48_257_024 },
  },
  {
    ...{ name: "BTX", experts: { count: 4, topK: 1 } },
    flops: { attention: 8_912_896, ffn: 12_589_056, total: 21_510_144 },
  },
  {
    ...{ name: "BTX, top 3 of 6", experts: { count: 6, topK: 3 } },
    flops: { attention: 8_912_896, ffn: 37_767_168, total: 46_692_352 },
  },
];

/** What is odd about Table 7. */
export const flopErrata: readonly string[] = [
  "FFN FLOP are 6144 a chosen network above the formula of Table 10, which is 3 d d_ff a network: " +
  "1.5 d_ff, three operations a hidden unit of SwiGLU",
];

/** Parameters of the small size, of one kind of model. */
export interface PublishedParameters {
  /** The model. */
  name: string;
  /** Parameters of a block by part, of all experts where they are experts. */
  block: { attention: number; experts: number; routers: number };
  /** Totals as printed. */
  printed: { total: number; active?: number };
  /** What is odd about it. */
  erratum?: string;
}

/** Sizes that all models of the table share. */
const small = { blocks: 6, norm: 1024, embedding: 262_144_000 };

const attention = 1_048_576 + 3_145_728;
const ffn = 4_194_304 + 2_097_152;
const router = 4096;

/** Table 9, totals; parts of a block as the description of the work gives them. */
export const publishedParameters: readonly PublishedParameters[] = [
  {
    name: "dense",
    block: { attention, experts: ffn, routers: 0 },
    printed: { total: 587_209_728, active: 587_209_728 },
  },
  {
    name: "BAM, expert KV",
    block: { attention: 4 * attention, experts: 4 * ffn, routers: 2 * router },
    printed: { total: 776_002_560, active: 662_731_776 },
    erratum:
      "the total counts two routers a block, the active parameters one; its QKV is printed " +
      'as "1,258,2912"',
  },
  {
    name: "BAM, shared KV",
    block: { attention: 4 * 2 * 1024 ** 2 + 2 * 1024 ** 2, experts: 4 * ffn, routers: 2 * router },
    printed: { total: 738_253_824, active: 612_400_128 },
    erratum: "the printed QKV of 4,194,304 and the active parameters leave the shared keys and " +
      "values out, the total holds them",
  },
  {
    name: "BTX, top 1 of 4",
    block: { attention, experts: 4 * ffn, routers: router },
    printed: { total: 700_480_512, active: 587_234_304 },
  },
  {
    name: "BTX, top 3 of 6",
    block: { attention, experts: 6 * ffn, routers: 6 * 1024 },
    printed: { total: 700_480_512, active: 662_731_776 },
    erratum: "the printed total is that of 4 experts",
  },
];

/** All parameters of a model by its parts: blocks, input and output embedding, norms. */
export function addedParameters({ block }: PublishedParameters): number {
  const { blocks, norm, embedding } = small;
  const each = norm + block.attention + block.experts + block.routers;
  return blocks * each + 2 * embedding + norm;
}
