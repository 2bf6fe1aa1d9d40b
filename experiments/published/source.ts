/**
 * What a source means by its figures and leaves unsaid of its plans.
 *
 * A rule says what the software of that source does unless its configuration says otherwise, so it
 * holds for every row of the source. `assumed` names what nobody printed.
 *
 * @module
 */
import type { MoeSizes } from "../../sim/cost/sizes.ts";
import type { Dispatcher, Overlap, Plan } from "../../sim/plan/plan.ts";
import type { FlopConvention } from "./flop_conventions.ts";
import type { ModelFamily } from "./model_families.ts";

/** How a source's rows are read; see the module. */
export interface SourceRules {
  /** Short name, also the key of its group. */
  id: string;
  /** Pattern of the row's `source.ref`. */
  ref: RegExp;
  /** Pattern of the row's id, where one ref holds several kinds of rows. */
  rows?: RegExp;
  /** Stack id, completed by `stackOf` where a source has several. */
  stack: string;
  /** What the printed model FLOP count. */
  flops: FlopConvention;
  /** Sharding where the row prints none. */
  zero: Plan["zero"];
  /** Whether tensor parallelism implies sequence parallelism where the row is silent. */
  sequenceParallel: boolean;
  /** What runs beside what where the row says nothing. */
  overlap: Overlap;
  /** Formats that differ from what the precision implies. */
  formats: Plan["formats"];
  /** Micro-batch where not printed: one sequence, or the whole share of a replica. */
  microBatch: "one" | "whole";
  /** Chunks of a stage where not printed: 1, or the largest divisor up to this. */
  chunksUpTo: number;
  /** What is computed again where the row prints nothing; nothing unless given. */
  recompute?: Plan["recompute"];
  /** Who brings tokens to their experts where the row prints nothing; all-to-all unless given. */
  dispatcher?: Dispatcher;
  /** Groups of experts that a token is confined to; none unless given. */
  domainLimit?: MoeSizes["domainLimit"];
  /** Rows of the vocabulary, where the collection has another figure than the authors' code. */
  vocab?: number;
  /** Cluster presets that stand for the source's own devices of that name. */
  devices?: Readonly<Record<string, string>>;
  /** How the source's models differ from their families. */
  family?: Partial<ModelFamily>;
  /** What nobody printed. */
  assumed: readonly string[];
}
