/**
 * Arguments of Megatron-LM and of torchrun that say nothing of a plan or a model, and why they are
 * read over.
 *
 * @module
 */

/** Reasons by the names that they are for. */
const reasons: readonly [pattern: RegExp, why: string][] = [
  [
    /^--(node[-_]rank|rdzv[-_].*|master[-_](addr|port)|max[-_]restarts|tee|log[-_]dir|redirects|role)$/,
    "where processes find each other",
  ],
  [
    /^--(lr|min-lr|lr-.*|weight-decay.*|adam-.*|clip-grad|optimizer|init-method.*|embedding-init.*|seed|(hidden|attention)-dropout|train-(iters|samples)|rampup-batch-size|loss-scale.*|initial-loss-scale|hysteresis|start-weight-decay|end-weight-decay|override-opt.*|use-checkpoint-opt.*|mtp-loss-.*|mscale.*|calculate-per-token-loss)$/,
    "how it learns, not how long a step takes",
  ],
  [
    /^--(data-.*|train-data.*|valid-data.*|test-data.*|per-split.*|split|tokenizer-.*|vocab-file|merge-file|vocab-extra.*|make-vocab.*|mock-data|num-workers|num-dataset.*|dataloader-type|no-mmap.*|no-create-attention.*|reset-.*|eod-.*|hf-.*|legacy-tokenizer)$/,
    "where the text comes from",
  ],
  [
    /^--(save.*|load|ckpt-(?!format).*|no-(save|load)-.*|exit-.*|async-save|dist-ckpt.*|auto-detect.*|finetune|pretrained.*|use-checkpoint-args|use-mp-args.*|non-persistent.*)$/,
    "checkpoints",
  ],
  [
    /^--(log-.*|tensorboard.*|wandb.*|eval-.*|timing-.*|profile.*|record-memory.*|memory-snapshot.*|use-pytorch-profiler|no-one-logger|one-logger.*|straggler.*|manual-gc.*|check-.*|no-check-.*|rerun-.*|result-.*|disable-straggler.*|test-mode|skip-train|moe-per-layer-logging|empty-unused.*)$/,
    "what is watched and kept",
  ],
  [
    /^--(rotary-.*|use-rotary.*|use-rope.*|rope-.*|no-rope.*|norm-epsilon|apply-layernorm-1p|attention-softmax.*|qk-l2-norm|glu-.*|activation-func.*|no-position.*|mrope.*|layernorm-.*)$/,
    "changes no size",
  ],
  [
    /^--(moe-aux-.*|moe-z-.*|moe-router-(load-balancing.*|bias-update.*|topk-scaling.*|force.*)|moe-token-drop.*|moe-input-jitter.*|moe-apply-.*|moe-use-upcycling|moe-upcycling.*)$/,
    "how tokens are balanced: the routing of the workload says who goes where",
  ],
  [
    /^--((no-)?(bias|masked|persist|rope|gradient-accumulation).*fusion|no-.*-fusion|use-flash-attn|attention-backend|transformer-impl|use-mcore-models|cross-entropy.*|moe-(permute|router)-fusion|moe-.*num-sms|moe-router-padding.*|moe-use-legacy.*|cuda-graph.*|external-cuda-graph|enable-cuda-graph|te-rng.*|use-te-.*|no-persist.*|deterministic-mode|delay-wgrad.*|defer-embedding.*|wgrad-.*|fp8-(margin|interval|amax.*)|first-last-.*|num-layers-at-.*|enable-experimental|.*-cpu-optimizer-.*|no-pin-.*|use-cpu-init.*)$/,
    "kernels: the stack says how fast they are",
  ],
  [
    /^--(distributed-.*|ddp-.*|use-nccl-ub|nccl-.*|disable-(gloo|symmetric|tp-comm|nccl).*|high-priority.*|use-tp-pp-dp.*|no-align.*|no-scatter.*|use-sharp|sharp-.*|fsdp-double.*|init-model-with.*|keep-fp8.*|suggested-comm.*|tp-comm-(?!overlap$).*|no-gradient-reduce.*|overlap-p2p-.*|overlap-param-gather-with.*|microbatch-group.*|use-ring.*|local-rank|disable-bf16.*)$/,
    "how exchanges are carried out: the stack and the cluster say how fast they are",
  ],
];

/** Why an argument is read over, undefined where it is not known. */
export function megatronIgnores(name: string): string | undefined {
  return reasons.find(([pattern]) => pattern.test(name))?.[1];
}
