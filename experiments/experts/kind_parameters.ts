/**
 * Parameters of the experiment on kinds of experts.
 *
 * @module
 */

/** Numbers of the experiment. */
export const kindParameters = {
  seeds: { quick: 1, full: 3, note: "seeds of each kind" },
  steps: { quick: 50, full: 400, note: "steps of each training" },
  dModel: { quick: 32, full: 64, note: "width of a token of the language" },
  experts: { quick: 8, full: 8, note: "experts of a layer of the language" },
  width: { quick: 32, full: 64, note: "width of an expert of the first kind" },
  sequences: { quick: 2, full: 4, note: "sequences of a batch" },
  length: { quick: 64, full: 64, note: "tokens of a sequence" },
  rate: { quick: 2e-2, full: 1e-2, note: "highest learning rate, of the language" },
  images: { quick: 16, full: 32, note: "images of a batch" },
  imageRows: { quick: 6, full: 8, note: "rows of an image" },
  imageRate: { quick: 2e-2, full: 1e-2, note: "highest learning rate, of images" },
  heldOut: { quick: 8, full: 16, note: "held-out batches" },
} as const;

/** Values of them. */
export type KindValues = { -readonly [K in keyof typeof kindParameters]: number };
