/**
 * What keeps experts busy: losses, and controllers that move a state after each step.
 *
 * @module
 */

/** A loss or a controller. `weight` is the loss's coefficient. */
export type BalanceSpec =
  /** N sum D_i P_i (Switch, GShard); over a sequence, the batch, or by `share` of what is chosen. */
  | { kind: "balance"; weight: number; of?: "first" | "all"; over?: "batch" | "sequence" }
  /** CV(importance)^2 (Shazeer et al.); of all scores, chosen or not, in V-MoE. */
  | { kind: "importance"; weight: number; of?: "gates" | "scores" }
  /**
   * CV(load)^2 with the smooth estimator; needs noise. An expert is to beat the K-th of all noisy
   * logits (V-MoE), or of those of the `others` (Shazeer et al.).
   */
  | { kind: "load"; weight: number; rival?: "all" | "others" }
  /** Mean of squared log-sum-exp (ST-MoE). */
  | { kind: "z"; weight: number }
  /** Mutual information of experts and tags or tokens, negated (Mod-Squad, ModuleFormer). */
  | { kind: "mutual-information"; weight: number; of: "tags" | "tokens" }
  /** Balance of StableMoE's first stage. */
  | { kind: "stable"; weight: number }
  /** Balance of X-MoE with a temperature of its own. */
  | { kind: "x-moe"; weight: number; temperature: number; scores: "softmax" | "sigmoid" }
  /** Null experts share one averaged load (AdaMoE). */
  | { kind: "null-aware"; weight: number }
  /** Expert representations apart and of one length (DYNMoE). */
  | { kind: "diversity"; weight: number }
  | { kind: "simplicity"; weight: number }
  /** Mean of the gates (DYNMoE's efficiency). */
  | { kind: "efficiency"; weight: number }
  /** DeepSeek: expert, device and communication balance; sequence-wise. */
  | { kind: "device"; weight: number; devices: number }
  | { kind: "communication"; weight: number; devices: number; chosen: number }
  | { kind: "sequence-wise"; weight: number }
  /** L1 of ReLU gates with load balance; a state steers it to `k` open experts a token (ReMoE). */
  | { kind: "relu-l1"; start: number; factor: number; k?: number }
  /** Experts that cost nothing count `share` of one that does (MoE++). */
  | { kind: "two-kinds"; weight: number; share: number }
  /** Experts of the tag's group count more (LoRAMoE). */
  | { kind: "localised"; weight: number; delta: number }
  /** Local entropy low, global entropy above a threshold, by tag (LIMoE). */
  | { kind: "local-entropy"; weight: number }
  | { kind: "global-entropy"; weight: number; threshold: number }
  /** Branch-Train-MiX: shares of the gates themselves instead of counts. */
  | { kind: "gates"; weight: number }
  /**
   * sum (1/n - mean gate)^2, its coefficient a state that follows the drop rate (Skywork-MoE); it
   * begins at `start`, or at `most`.
   */
  | { kind: "adaptive"; slope: number; most: number; keep: number; start?: number }
  /** Entropy of each token's gate, low (DSelect-k). */
  | { kind: "entropy"; weight: number }
  /** Bias of the choice moved by the sign of what is missing (loss-free balancing). */
  | { kind: "bias"; rate: number; by?: "sign" | "share"; zeroShare?: number };
