/**
 * What a run of the fusion of experts gives: plain records that tables and words read.
 *
 * @module
 */

/** What a way to use the experts is. */
export type WayKind =
  /** One of them. */
  | "expert"
  /** Their parameters averaged. */
  | "averaged"
  /** All of them, mixed by a rule. */
  | "rule"
  /** All of them, with a fuser that has learned. */
  | "fuser"
  /** Some of them, asked as long as that is worth its price. */
  | "frugal"
  /** One of them, by who knows the domain. */
  | "oracle";

/** A way to use the experts. */
export interface Way {
  /** Lower case with hyphens. */
  id: string;
  /** As tables name it. */
  name: string;
  /** What it is. */
  kind: WayKind;
  /** Price of asking an expert, nats; frugal ways alone. */
  price?: number;
}

/** What a way gave in a replicate. */
export interface WayFigures extends Way {
  /** Mean losses of held-out sequences by domain, nats a token: the same sequences for all ways. */
  domains: number[][];
  /** Experts asked of a token, their mean. */
  asked: number;
}

/** A replicate. */
export interface ReplicateFigures {
  /** Its seed. */
  seed: number;
  /** All ways, in the order of the table. */
  ways: WayFigures[];
  /** Losses of each fuser's steps by id. */
  fusers: { id: string; losses: number[] }[];
  /** Numbers of the experts' weights that changed. */
  changed: number;
  /** Least loss of each domain for who knows its process; none of real text. */
  floors?: number[];
}

/** A run. */
export interface FusionFigures {
  /** Names of the domains. */
  domains: string[];
  /** Names of the experts. */
  experts: string[];
  /** Numbers that the weights of a fuser are made of, by id. */
  fuserParameters: Record<string, number>;
  /** Replicates. */
  replicates: ReplicateFigures[];
}
