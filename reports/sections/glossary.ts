/** Words that a report uses, and the part of it that needs them. @module */
import type { Result } from "../result.ts";

/** An entry of the glossary. */
export interface Term {
  /** The word. */
  word: string;
  /** What it means here. */
  meaning: string;
}

const always: readonly Term[] = [
  {
    word: "measured",
    meaning: "Timed on the adapter that the provenance names, by this run or by its profile.",
  },
  { word: "simulated", meaning: "Computed by the simulator from a profile, a model and a plan." },
  { word: "published", meaning: "Taken from a publication or a vendor's sheet." },
  { word: "derived", meaning: "Computed from other numbers of this page." },
  {
    word: "interval",
    meaning:
      "Where the true value plausibly lies; the line under a table says how it was obtained. " +
      "No number has more digits than its interval supports.",
  },
  { word: "n", meaning: "Number of samples behind a number." },
  {
    word: "s, ms, µs, ns",
    meaning: "Seconds, and thousandth, millionth and milliardth parts of it.",
  },
  {
    word: "KiB, MiB, GiB",
    meaning: "1024, 1024² and 1024³ bytes. Bandwidths count in powers of 1000: GB/s.",
  },
  {
    word: "FLOP",
    meaning:
      "A floating-point addition or multiplication; a multiply-add is two. GFLOP/s and TFLOP/s " +
      "are 10⁹ and 10¹² of them a second.",
  },
];

const parity: readonly Term[] = [
  {
    word: "error",
    meaning: "|predicted / measured − 1|. Its signed form is positive where predictions are slow.",
  },
  {
    word: "inside, outside",
    meaning:
      "Whether every dimension lies within the range that was profiled, where a prediction " +
      "interpolates, or beyond it, where it extrapolates.",
  },
  {
    word: "Kendall τ",
    meaning:
      "Share of pairs of configurations that the prediction ranks as the measurement does, less " +
      "the share that it ranks the other way: 1 is perfect, 0 is chance.",
  },
];

const roofline: readonly Term[] = [
  {
    word: "arithmetic intensity",
    meaning: "FLOP for each byte that has to move at the least: inputs once, outputs once.",
  },
  { word: "ridge", meaning: "The intensity at which the memory's roof meets the arithmetic's." },
];

const timelines: readonly Term[] = [
  { word: "rank", meaning: "One device of the cluster." },
  { word: "stream", meaning: "A queue of a device; its spans follow each other." },
  {
    word: "exposed",
    meaning: "Communication at a time when the rank computes nothing: what overlap could hide.",
  },
  { word: "bubble", meaning: "Time in which a rank neither computes nor communicates." },
];

const fronts: readonly Term[] = [
  {
    word: "front",
    meaning:
      "The points that no other beats on both axes: less of the one costs more of the other.",
  },
];

/** The terms that a result's report uses. */
export function termsOf(result: Result): Term[] {
  return [
    ...always,
    ...(result.pairs.length > 0 ? parity : []),
    ...(result.roofline ? roofline : []),
    ...(result.timelines.length > 0 ? timelines : []),
    ...(result.scatters?.some(({ points }) => points.length > 0) ? fronts : []),
  ];
}
