/**
 * The fields of a published communication row that a prediction reads. Names and units are those of
 * the collection; see `case.ts`.
 *
 * @module
 */

/** A row of category "comm". */
export interface CommRow {
  /** Name of the row. */
  id: string;
  /** Where it was printed. */
  source: { ref: string; file?: string; section?: string };
  /** What was sent. */
  workload: {
    op?: string;
    bytes?: number;
    hidden?: number;
    topk?: number;
    experts?: number;
    local_experts?: number;
    tokens_per_gpu?: number;
    seq_len?: number;
    mbs?: number;
  };
  /** On what. */
  hardware: { gpu: string; n_gpus: number; gpus_per_node?: number; gpus_per_node_used?: number };
  /** Expert-parallel ranks. */
  plan: { ep?: number };
  /** What was printed. */
  result: Readonly<Record<string, unknown>>;
  /** Remarks of the collection. */
  notes?: string;
}

/** A row that cannot be described, and why. */
export interface Unsupported {
  /** Why. */
  unsupported: string;
}
