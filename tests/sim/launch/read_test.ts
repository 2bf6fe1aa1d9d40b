import { assertEquals, assertThrows } from "@std/assert";
import { readLaunch, writeLaunch } from "../../../sim/launch/launch.ts";
import { launched } from "./plans.ts";

const megatron = (text: string) => readLaunch(text, { launcher: "megatron-lm" });

Deno.test("a script with arrays, variables and comments reads like its command", () => {
  const reading = megatron(`#!/bin/bash
    GPUS_PER_NODE=8   # of a node
    export NNODES=4
    TP=2; PP=\${PP:-4}
    MODEL_ARGS=(
      --num-layers 32
      --hidden-size 4096   # --num-layers 99
      --num-attention-heads 32
      --group-query-attention --num-query-groups 8
      --swiglu --untie-embeddings-and-output-weights
    )
    MOE_ARGS=(--num-experts 8 --moe-layer-freq "([0]*2+[1]*2)*8"
      --moe-token-dispatcher-type alltoall --overlap-grad-reduce)
    DATA="--data-path $HOME/data"
    torchrun --nproc_per_node $GPUS_PER_NODE --nnodes $NNODES pretrain_gpt.py \\
      \${MODEL_ARGS[@]} "\${MOE_ARGS[@]}" \\
      --tensor-model-parallel-size \${TP} --pipeline-model-parallel-size $PP \\
      --expert-model-parallel-size=4 --expert-tensor-parallel-size 1 --sequence-parallel \\
      --micro-batch-size 1 --global-batch-size $GBS --seq-length 4096 --bf16 \\
      --use-distributed-optimizer --lr 1e-4 --my-own-thing 3 > log.txt 2>&1
  `);
  const { plan, devices, model, sequence, ignored } = reading;
  assertEquals(devices, 32);
  assertEquals(sequence, 4096);
  assertEquals([plan.tp, plan.pp, plan.dp, plan.ep, plan.etp], [2, 4, 4, 4, 1]);
  assertEquals([plan.zero, plan.precision, plan.dispatcher], [1, "bf16", "all-to-all"]);
  assertEquals(plan.globalBatch, undefined);
  assertEquals(plan.overlap, {
    ...{ gradients: true, parameters: false, tensor: false, experts: "none" },
  });
  assertEquals(model["moe.placement"], "--EE".repeat(8));
  assertEquals([model["layers"], model["attention.kvHeads"], model["moe.topK"]], [32, 8, 2]);
  const why = Object.fromEntries(ignored.map(({ argument, why }) => [argument, why]));
  assertEquals(why["--global-batch-size"], "the script computes its value");
  assertEquals(why["--lr"], "how it learns, not how long a step takes");
  assertEquals(why["--my-own-thing"].startsWith("not known to say anything of a plan"), true);
});

Deno.test("what Megatron-LM does where nothing is said is what is read", () => {
  const { plan, devices } = megatron("--num-experts 8 --tensor-model-parallel-size 4");
  assertEquals([plan.tp, plan.etp, plan.zero, plan.dispatcher], [4, 4, 0, "all-gather"]);
  assertEquals([plan.sequenceParallel, plan.precision, devices], [false, "fp32", undefined]);
});

Deno.test("older and other ways to say the same are understood", () => {
  const layers = "--num-layers 30 --pipeline-model-parallel-size 4";
  const ends = megatron(
    `${layers} --decoder-first-pipeline-num-layers 7 --decoder-last-pipeline-num-layers 7`,
  );
  assertEquals(ends.plan.stageLayers, [[7], [8], [8], [7]]);
  const tables = megatron(
    `${layers} --account-for-embedding-in-pipeline-split --account-for-loss-in-pipeline-split ` +
      "--num-layers-per-virtual-pipeline-stage 4",
  );
  assertEquals([tables.plan.vpp, tables.plan.schedule], [2, "interleaved"]);
  assertEquals(tables.plan.stageLayers, [[3, 4], [4, 4], [4, 4], [4, 3]]);
  const deepep = megatron("--num-experts 8 --moe-token-dispatcher-type flex --moe-enable-deepep");
  assertEquals(deepep.plan.dispatcher, "deepep");
  assertEquals(megatron("--recompute-activations").plan.recompute, ["attention_core"]);
  assertEquals(megatron("--use-torch-fsdp2").plan.zero, 3);
  const block = megatron(
    "--recompute-granularity full --recompute-method block --recompute-num-layers 2",
  );
  assertEquals([block.plan.recompute, block.ignored[0].argument], ["full", "--recompute-method"]);
});

Deno.test("slips and wrong values are refused", () => {
  const refused = (text: string, says: string) =>
    assertThrows(() => megatron(text), TypeError, says);
  refused("--pipline-model-parallel-size 2", 'did you mean "--pipeline-model-parallel-size"');
  refused("--micro-batch-size two", 'expected a whole number from 1 on but found "two"');
  refused("--micro-batch-size --bf16", 'a whole number from 1 on but found "nothing"');
  refused(
    "--micro-batch-size -1",
    '--micro-batch-size: expected a whole number from 1 on but found "-1"',
  );
  refused("--tensor-model-parallel-size 0", 'a whole number from 1 on but found "0"');
  refused("--cp-comm-type ring", 'Unknown value of --cp-comm-type "ring"');
  refused("--recompute-modules moe layernom", 'did you mean "layernorm"');
  refused("--pipeline-model-parallel-layout 'Ettx|tL'", 'found "x"');
  refused("--num-layers 4 --num-experts 2 --moe-layer-freq '[1]*x'", "Cannot read the pattern");
});

Deno.test("overrides of a recipe say what they state and nothing else", () => {
  const read = (text: string) => readLaunch(text, { launcher: "megatron-bridge" });
  const { plan, model, ignored } = read(
    "python run_recipe.py --recipe mixtral model.tensor_model_parallel_size=4 " +
      "model.virtual_pipeline_model_parallel_size=null 'model.recompute_modules=[moe,layernorm]' " +
      "model.recompute_granularity=selective optimizer.lr=1e-4 logger.wandb_project=x " +
      "mixed_precision.grad_reduce_in_fp32=false model.num_layers=4",
  );
  assertEquals(plan, {
    ...{ tp: 4, vpp: 1, schedule: "1f1b", recompute: ["experts", "norm"] },
    formats: { gradients: "bf16", mainGradients: "bf16" },
  });
  assertEquals(model, { layers: 4 });
  assertEquals(ignored.map(({ argument }) => argument), ["optimizer.lr", "logger.wandb_project"]);
  assertEquals(read("mixed_precision=fp16_mixed").plan, { precision: "fp16" });
  assertEquals(read("mixed_precision=bf16-with-mxfp8-mixed").plan, {
    precision: "mxfp8",
    formats: { gradients: "fp32", parameters: "mxfp8" },
  });
  assertThrows(() => read("model.tensor_model_paralel_size=4"), TypeError, "did you mean");
});

Deno.test("DeepSpeed's JSON says batches, stages of ZeRO and formats", () => {
  const read = (json: unknown) => readLaunch(JSON.stringify(json), { launcher: "deepspeed" });
  const { plan, ignored } = read({
    ...{ train_batch_size: 512, train_micro_batch_size_per_gpu: 2, gradient_accumulation_steps: 4 },
    ...{ bf16: { enabled: true }, gradient_clipping: 1, optimizer: { type: "AdamW" } },
    zero_optimization: {
      ...{ stage: 3, overlap_comm: false, contiguous_gradients: true, mics_shard_size: 8 },
      offload_optimizer: { device: "nvme", pin_memory: true },
    },
  });
  assertEquals([plan.dp, plan.zero, plan.shardRanks, plan.precision], [64, 3, 8, "bf16"]);
  assertEquals([plan.overlap?.gradients, plan.offload?.optimizer], [false, 1]);
  assertEquals(
    ignored.at(-1)?.why,
    "no plan has an optimiser on NVMe; read as in the host's memory",
  );
  // Hugging Face's trainer fills in what is "auto".
  assertEquals(read({ train_batch_size: "auto" }).plan.globalBatch, undefined);
  assertEquals(read({ zero_optimization: { stage: 3 } }).plan.overlap?.gradients, true);
  assertEquals(read({ zero_optimization: { stage: 1 } }).plan.overlap?.gradients, false);
  const on = (json: unknown) =>
    readLaunch(JSON.stringify(json), { launcher: "deepspeed", devices: 16 }).plan;
  const micro = { train_micro_batch_size_per_gpu: 2 };
  assertEquals(on({ ...micro, gradient_accumulation_steps: 4 }).globalBatch, 128);
  assertEquals([on(micro).globalBatch, on({ train_batch_size: 64 }).microBatch], [32, 4]);
  const half = on({ ...micro, train_batch_size: 64, tensor_parallel: { autotp_size: 2 } });
  assertEquals([half.globalBatch, half.microBatch, half.dp], [64, 2, undefined]);
  const odd = { train_batch_size: 9, train_micro_batch_size_per_gpu: 2 };
  assertThrows(
    () => read({ ...odd, gradient_accumulation_steps: 1 }),
    TypeError,
    "Cannot read train_batch_size 9: expected a multiple of",
  );
  assertThrows(() => readLaunch("[1]", { launcher: "deepspeed" }), TypeError, "expected an object");
  assertThrows(() => readLaunch("{", { launcher: "deepspeed" }), TypeError, "Cannot read the JSON");
});

Deno.test("torchtitan's TOML says degrees, schedules and shards", () => {
  const { plan, model, sequence, ignored } = readLaunch(
    `
[model]
name = "llama3"
flavor = "405B"
converters = ["quantize.linear.float8"]
[training]
local_batch_size = 2
seq_len = 8192
steps = 3_000   # how long
[parallelism]
data_parallel_shard_degree = -1
tensor_parallel_degree = 8
enable_async_tensor_parallel = true
pipeline_parallel_degree = 1
[activation_checkpoint]
mode = 'full'
`,
    { launcher: "torchtitan", devices: 128 },
  );
  assertEquals([plan.tp, plan.dp, plan.zero, plan.precision], [8, 16, 3, "fp8"]);
  assertEquals([plan.globalBatch, plan.microBatch, plan.sequenceParallel], [32, 2, true]);
  assertEquals([plan.recompute, plan.overlap?.tensor, sequence], ["full", true, 8192]);
  assertEquals(model, { id: "llama-3.1-405b" });
  assertEquals(ignored.map(({ argument }) => argument), ["training.steps"]);
});

Deno.test("torchtitan's stages are cut where the modules of its parts are", () => {
  const input = launched("llama-3-8b", "h100:8", {
    ...{ pp: 4, zero: 2, schedule: "zb-v", globalBatch: 64 },
    stageLayers: [[3, 5], [4, 4], [4, 4], [4, 4]],
  });
  const { text } = writeLaunch(input, { launcher: "torchtitan" });
  const [, parts] = /module_fqns_per_model_part = (.*)\n/.exec(text)!;
  const modules: string[][] = JSON.parse(parts);
  assertEquals(modules.map(({ length }) => length), [4, 4, 4, 4, 4, 4, 4, 7]);
  assertEquals([modules[0][0], modules[7].slice(-3)], ["tok_embeddings", [
    "layers.31",
    "norm",
    "output",
  ]]);
  assertEquals(modules[1][0], "layers.3");
});
