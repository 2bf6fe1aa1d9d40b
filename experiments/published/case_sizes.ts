/**
 * The sizes of the model of a row: what the row prints, and what its family or its authors' code
 * says where the row is silent.
 *
 * @module
 */
import type { AttentionSizes, MoeSizes, Sizes } from "../../sim/cost/sizes.ts";
import type { CaseWorkload, PublishedCase } from "./case.ts";
import { modelFamily } from "./model_family.ts";
import type { SourceRules } from "./source.ts";
import { sourceRules } from "./source_rules.ts";

function attentionOf(w: CaseWorkload): AttentionSizes {
  const heads = w.heads!;
  if (w.kv_lora !== undefined) {
    const ropeDim = w.qk_rope ?? 0;
    return {
      heads,
      kvHeads: heads,
      qkDim: (w.qk_nope ?? 0) + ropeDim,
      vDim: w.v_head ?? w.qk_nope ?? 0,
      latent: { qRank: w.q_lora ?? 0, kvRank: w.kv_lora, ropeDim },
    };
  }
  const headDim = w.head_dim ?? w.hidden! / heads;
  const window = /sliding-window (\d+)/.exec(w.attention ?? "");
  return {
    heads,
    kvHeads: w.kv_heads ?? heads,
    qkDim: headDim,
    vDim: headDim,
    ...(window && {
      window: { size: Number(window[1]), every: /alternating/.test(w.attention!) ? 2 : 1 },
    }),
  };
}

function moeOf(w: CaseWorkload, { domainLimit }: SourceRules): MoeSizes | undefined {
  if (w.experts === undefined || w.experts <= 1) return undefined;
  const width = w.expert_ffn ?? w.ffn!;
  return {
    experts: w.experts,
    topK: w.topk ?? 1,
    width,
    sharedWidth: (w.shared_experts ?? 0) * width,
    firstDense: w.dense_layers ?? 0,
    every: 1,
    ...(domainLimit && { domainLimit }),
  };
}

/** Fields without which there is no model. */
const needed = ["layers", "hidden", "heads", "seq_len"] as const;

/**
 * The sizes of a row's model, or what the row lacks for them.
 *
 * @example
 * ```ts
 * import { caseSizes, loadCases } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const row = (await loadCases()).find((r) => r.id === "mpt-125m-s1024-a100_40gb-8gpu-bf16-mb52-gb1248")!;
 * const sizes = caseSizes(row);
 * assertEquals(typeof sizes === "string" ? sizes : [sizes.dModel, sizes.tied], [768, true]);
 * ```
 */
export function caseSizes(row: PublishedCase): Sizes | string {
  const family = modelFamily(row);
  if (family?.hybrid) return `${row.workload.model} alternates layers without attention`;
  const w: CaseWorkload = { ...family?.sizes, ...row.workload };
  const missing = needed.filter((field) => w[field] === undefined);
  if (missing.length > 0) return `${missing.join(", ")} of ${w.model} are not printed`;
  const rules = sourceRules(row);
  const moe = moeOf(w, rules);
  const gelu = family?.gelu ?? /gelu|two-matrix/i.test(`${w.mlp ?? ""} ${w.activation ?? ""}`);
  if (moe === undefined && w.ffn === undefined) return `ffn of ${w.model} is not printed`;
  const vocab = rules.vocab ?? w.vocab;
  if (vocab === undefined) return `vocab of ${w.model} is not printed`;
  return {
    name: w.model ?? row.id,
    layers: w.layers!,
    dModel: w.hidden!,
    vocab,
    tied: family?.tied ?? false,
    attention: attentionOf(w),
    ffnWidth: moe && moe.firstDense === 0 ? 0 : w.ffn!,
    ffnMatrices: gelu ? 2 : 3,
    ...(moe && { moe }),
    mtpLayers: w.mtp ?? 0,
    learnedPositions: family?.learnedPositions ?? false,
    norms: { perLayer: 2, bias: family?.normBias ?? false },
  };
}
