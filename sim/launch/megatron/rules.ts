/**
 * What Megatron-LM itself checks of its arguments: `validate_args` of `megatron/training/arguments.py`
 * and the checks of `TransformerConfig`, `ModelParallelConfig` and `MoELayer`, Megatron Core 0.15.
 *
 * @module
 */
import { settingOf, type Settings } from "../settings.ts";
import { megatronArguments as known } from "./arguments.ts";
import { parseLayout } from "./layout.ts";

/** Reads arguments, with what holds where they are left out. */
interface At {
  number(name: string): number;
  is(name: string): boolean;
  text(name: string): string | undefined;
  words(name: string): readonly string[];
}

/** A rule: what is wrong with settings, if anything, and what would do. */
interface MegatronRule {
  fault(at: At, devices: number): string | undefined;
}

const divides = (what: string, whole: number, by: string, part: number) =>
  whole % part === 0 ? undefined : `${what} ${whole} in multiples of ${by} ${part}`;

const rules: readonly MegatronRule[] = [
  {
    fault: (at) => {
      const heads = at.number("--num-attention-heads");
      return divides("heads", heads, "tp", at.number("--tensor-model-parallel-size"));
    },
  },
  {
    fault: (at) =>
      at.is("--group-query-attention")
        ? divides(
          "key and value heads",
          at.number("--num-query-groups"),
          "tp",
          at.number("--tensor-model-parallel-size"),
        )
        : undefined,
  },
  {
    fault: (at) =>
      at.is("--sequence-parallel") && at.number("--tensor-model-parallel-size") === 1
        ? "more than one tensor rank for --sequence-parallel"
        : undefined,
  },
  {
    fault: (at) =>
      at.text("--num-experts") !== undefined && at.number("--tensor-model-parallel-size") > 1 &&
        !at.is("--sequence-parallel")
        ? "--sequence-parallel where experts are joined with tensor ranks"
        : undefined,
  },
  {
    fault: (at) =>
      at.number("--expert-model-parallel-size") > 1 && at.is("--fp16")
        ? "--bf16 where there are expert ranks"
        : undefined,
  },
  {
    fault: (at) => {
      const sequence = at.number("--seq-length");
      const cp = at.number("--context-parallel-size");
      return cp > 1 ? divides("tokens of a sequence", sequence, "twice cp", 2 * cp) : undefined;
    },
  },
  {
    fault: (at) => {
      const pp = at.number("--pipeline-model-parallel-size");
      const layout = at.text("--pipeline-model-parallel-layout");
      if (layout !== undefined) {
        return divides("stages of the layout", parseLayout(layout).length, "pp", pp);
      }
      const vpp = at.number("--num-virtual-stages-per-pipeline-rank");
      return divides("layers", at.number("--num-layers"), "pp times vpp", pp * vpp);
    },
  },
  {
    fault: (at) => {
      const pp = at.number("--pipeline-model-parallel-size");
      const layout = at.text("--pipeline-model-parallel-layout");
      const chunks = layout === undefined
        ? at.number("--num-virtual-stages-per-pipeline-rank")
        : parseLayout(layout).length / pp;
      if (chunks === 1) return undefined;
      if (pp === 1) return "more than one stage for interleaving";
      return pp === 2 && at.is("--no-overlap-p2p-communication")
        ? "more than two stages, or sends beside kernels, for interleaving"
        : undefined;
    },
  },
  {
    fault: (at) =>
      at.is("--overlap-param-gather") && !at.is("--overlap-grad-reduce")
        ? "--overlap-grad-reduce beside --overlap-param-gather (overlap=gradients+parameters)"
        : undefined,
  },
  {
    fault: (at) =>
      at.is("--tp-comm-overlap") && !at.is("--sequence-parallel")
        ? "--sequence-parallel for --tp-comm-overlap"
        : undefined,
  },
  {
    fault: (at) =>
      at.is("--fp8-param-gather") && !at.is("--use-distributed-optimizer")
        ? "--use-distributed-optimizer (zero=1) for --fp8-param-gather"
        : undefined,
  },
  {
    fault: (at) =>
      at.is("--optimizer-cpu-offload") && at.is("--fp8-param-gather") &&
        at.text("--fp8-recipe") !== "delayed"
        ? "parameters gathered in bf16 where the optimiser is offloaded"
        : undefined,
  },
  {
    fault: (at) => {
      const layers = at.number("--cpu-offloading-num-layers");
      if (layers === 0) return undefined;
      if (at.number("--pipeline-model-parallel-size") > 1) return "pp 1 for offload=activations";
      if (at.text("--recompute-granularity")) return "recompute=none for offload=activations";
      return layers < at.number("--num-layers")
        ? undefined
        : `less than ${at.number("--num-layers")} layers for offload=activations`;
    },
  },
  {
    fault: (at) =>
      at.words("--recompute-modules").includes("mla_up_proj") && !at.is("--multi-latent-attention")
        ? "latent attention for recompute=mla_up"
        : undefined,
  },
  {
    fault: (at) =>
      at.words("--recompute-modules").includes("moe_act") && !at.is("--moe-grouped-gemm")
        ? "precision bf16 or narrower for recompute=activation"
        : undefined,
  },
  {
    fault: (at) =>
      at.is("--moe-shared-expert-overlap") &&
        (at.text("--moe-token-dispatcher-type") !== "alltoall" ||
          at.words("--recompute-modules").includes("shared_experts"))
        ? "dispatcher=all-to-all and shared experts kept for overlap=experts:shared"
        : undefined,
  },
  {
    fault: (at) => {
      if (!at.is("--overlap-moe-expert-parallel-comm")) return undefined;
      const pp = at.number("--pipeline-model-parallel-size");
      const layout = at.text("--pipeline-model-parallel-layout");
      const chunked = at.number("--num-virtual-stages-per-pipeline-rank") > 1 ||
        (layout !== undefined && parseLayout(layout).length > pp);
      const holds = at.number("--expert-model-parallel-size") > 1 && (pp === 1 || chunked) &&
        at.text("--moe-token-dispatcher-type") !== "allgather" &&
        at.text("--recompute-granularity") !== "full" && (at.is("--bf16") || at.is("--fp16")) &&
        (at.number("--mtp-num-layers") || 1) === 1;
      return holds
        ? undefined
        : "ep above 1, chunks where there are stages, all-to-all, deepep or hybridep, bf16, and no " +
          "recompute=full for overlap=experts:batches";
    },
  },
  {
    fault: (at) =>
      at.text("--num-experts") !== undefined && !at.is("--disable-bias-linear") &&
        at.number("--expert-tensor-parallel-size") > 1
        ? "etp 1 for experts with biases"
        : undefined,
  },
  {
    fault: (at, devices) => {
      const replicas = devices / (at.number("--tensor-model-parallel-size") *
        at.number("--context-parallel-size") * at.number("--pipeline-model-parallel-size"));
      const each = replicas * at.number("--micro-batch-size");
      return divides("sequences of a step", at.number("--global-batch-size"), "a round of", each);
    },
  },
];

/** What Megatron-LM would refuse of settings: what it wants instead. */
export function megatronFaults(settings: Settings, devices: number): string[] {
  const value = (name: string) => settingOf(settings, name, known);
  const at: At = {
    number: (name) => Number(value(name) ?? 0),
    is: (name) => value(name) === true,
    text: (name) => value(name) === undefined ? undefined : String(value(name)),
    words: (name) => (value(name) ?? []) as readonly string[],
  };
  return rules.flatMap(({ fault }) => fault(at, devices) ?? []);
}
