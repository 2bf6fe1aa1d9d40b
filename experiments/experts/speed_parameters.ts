/**
 * Parameters of the experiment on the speed of experts.
 *
 * @module
 */

/** Parameters of the experiment. */
export const speedParameters = {
  tokens: { quick: 256, full: 512, note: "tokens, or places of images" },
  length: { quick: 64, full: 64, note: "tokens of a sequence, or places of an image" },
  dModel: { quick: 64, full: 128, note: "width of a token" },
  experts: { quick: 8, full: 8, note: "experts" },
  width: { quick: 64, full: 128, note: "width of an expert; of attention and filters an eighth" },
  repeats: { quick: 7, full: 21, note: "timed repetitions of each kind" },
} as const;

/** Values of the parameters. */
export type SpeedValues = { -readonly [K in keyof typeof speedParameters]: number };
