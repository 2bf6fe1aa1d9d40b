/**
 * What the work printed of parameters (Table 9) of the small size and what its parts add up to, and
 * what is odd about its costs.
 *
 * Source: BAM, arXiv 2408.08274v2, Tables 7, 9 and 10.
 *
 * @module
 */

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
  /** Total as printed. */
  printed: number;
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
    printed: 587_209_728,
  },
  {
    name: "BAM, expert KV",
    block: { attention: 4 * attention, experts: 4 * ffn, routers: 2 * router },
    printed: 776_002_560,
    erratum:
      "the total counts two routers a block, the active parameters one; its QKV is printed " +
      'as "1,258,2912"',
  },
  {
    name: "BAM, shared KV",
    block: { attention: 4 * 2 * 1024 ** 2 + 2 * 1024 ** 2, experts: 4 * ffn, routers: 2 * router },
    printed: 738_253_824,
    erratum: "the printed QKV of 4,194,304 and the active parameters leave the shared keys and " +
      "values out, the total holds them",
  },
  {
    name: "BTX, top 1 of 4",
    block: { attention, experts: 4 * ffn, routers: router },
    printed: 700_480_512,
  },
  {
    name: "BTX, top 3 of 6",
    block: { attention, experts: 6 * ffn, routers: 6 * 1024 },
    printed: 700_480_512,
    erratum:
      "the printed total is that of 4 experts, and the printed active parameters have a router of 4",
  },
];

/** All parameters of a model by its parts: blocks, input and output embedding, norms. */
export function addedParameters({ block }: PublishedParameters): number {
  const { blocks, norm, embedding } = small;
  const each = norm + block.attention + block.experts + block.routers;
  return blocks * each + 2 * embedding + norm;
}
