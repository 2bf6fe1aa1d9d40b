/**
 * The models of the study, as rows: what each is made of, how long its mixture is trained, and at which
 * sizes (BAM, arXiv 2408.08274, Tables 1, 2, 4, 5 and 6).
 *
 * @module
 */
import type { Budget, ModelFigures, StudySize } from "./figures.ts";

/** What a model of the study is made of. */
export type StudyMake =
  /** Nothing: a dense model from scratch. */
  | { kind: "seed" }
  /** The seed, on a domain of its own. */
  | { kind: "branch"; domain: number }
  /** The seed, on the mixture's data: what the same data make of a dense model. */
  | { kind: "continued" }
  /** Seed and branches as networks of one attention; further networks are copies of the seed's. */
  | { kind: "btx"; copies: number; topK: number }
  /** Seed and branches, their attention too, by a scheme of the core. */
  | { kind: "bam"; scheme: string };

/** A model of the study. */
export interface StudyRow {
  /** Names the row; rows of both budgets share it. */
  id: string;
  /** What it is made of. */
  make: StudyMake;
  /** How much a mixture is trained. */
  budget?: Budget;
  /** At which sizes. */
  sizes: readonly StudySize[];
}

const both: readonly StudySize[] = ["small", "large"];
const small: readonly StudySize[] = ["small"];

/** Special domains: models that branch off the seed. */
export const BRANCHES = 3;

const btx = (copies: number, topK = 1): StudyMake => ({ kind: "btx", copies, topK });
const bam = (scheme: string): StudyMake => ({ kind: "bam", scheme });

/** The rows, each after those that it is made of. */
export const studyRows: readonly StudyRow[] = [
  { id: "seed", make: { kind: "seed" }, sizes: both },
  ...Array.from({ length: BRANCHES }, (_, i): StudyRow => ({
    id: `dense-${i + 1}`,
    make: { kind: "branch", domain: i + 1 },
    sizes: both,
  })),
  { id: "dense-mixed", make: { kind: "continued" }, sizes: both },
  { id: "btx-4", make: btx(0), budget: "data", sizes: both },
  { id: "bam-expert-kv", make: bam("bam"), budget: "data", sizes: both },
  { id: "bam-expert-kv", make: bam("bam"), budget: "compute", sizes: both },
  { id: "bam-shared-kv", make: bam("bam-shared-kv"), budget: "data", sizes: both },
  { id: "bam-shared-kv", make: bam("bam-shared-kv"), budget: "compute", sizes: both },
  { id: "btx-5", make: btx(1), budget: "data", sizes: small },
  { id: "btx-6", make: btx(2), budget: "data", sizes: small },
  { id: "btx-7", make: btx(3), budget: "data", sizes: small },
  { id: "btx-8", make: btx(4), budget: "data", sizes: small },
  { id: "btx-6-top-3", make: btx(2, 3), budget: "data", sizes: small },
  { id: "bam-top-2", make: bam("bam-top-2"), budget: "compute", sizes: small },
  { id: "bam-top-1", make: bam("bam-top-1"), budget: "compute", sizes: small },
];

const phases: Readonly<Record<StudyMake["kind"], ModelFigures["phase"]>> = {
  ...{ seed: "seed", branch: "branch", continued: "mix", btx: "mix", bam: "mix" },
};

/** The phase that trains a model last. */
export const phaseOf = ({ kind }: StudyMake): ModelFigures["phase"] => phases[kind];

/** Ids of the rows that a model is made of; the first is the seed. */
export function parentsOf({ kind }: StudyMake): string[] {
  if (kind === "seed") return [];
  if (kind === "branch" || kind === "continued") return ["seed"];
  return ["seed", ...Array.from({ length: BRANCHES }, (_, i) => `dense-${i + 1}`)];
}
