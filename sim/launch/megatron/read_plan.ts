/**
 * What settings of Megatron-LM say of a plan.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { Plan } from "../../plan/plan.ts";
import type { PlanInput } from "../../plan/plan_input.ts";
import { settingOf, type Settings } from "../settings.ts";
import type { IgnoredArgument } from "../types.ts";
import { planArguments as known } from "./arguments.ts";
import { readFormats } from "./formats.ts";
import { parseLayout, stageLayersOf, unevenParts } from "./layout.ts";
import { dispatcherNames, moduleNames } from "./plan.ts";

/** Takes note of what cannot be said. */
type Ignore = (argument: string, why: string) => void;

type Degrees = Required<Pick<PlanInput, "tp" | "cp" | "pp">>;

function whole(settings: Settings, name: string): number | undefined {
  return settingOf(settings, name, known) as number | undefined;
}

function readStages(settings: Settings, pp: number, layers: number | undefined, ignore: Ignore) {
  const layout = settings["--pipeline-model-parallel-layout"] as string | undefined;
  const cut = (vpp: number) =>
    ({ pp, vpp, schedule: vpp > 1 ? "interleaved" : "1f1b" }) as Pick<
      Plan,
      "pp" | "vpp" | "schedule"
    >;
  if (layout !== undefined) {
    const parts = parseLayout(layout);
    if (parts.length % pp !== 0) {
      throw new UserError(
        `Cannot read the pipeline layout "${layout}": expected a multiple of ${pp} stages but found ` +
          `${parts.length}`,
      );
    }
    const found = cut(parts.length / pp);
    return { ...found, stageLayers: stageLayersOf(parts, found) };
  }
  const each = whole(settings, "--num-layers-per-virtual-pipeline-stage");
  const embedding = settings["--account-for-embedding-in-pipeline-split"] === true;
  const loss = settings["--account-for-loss-in-pipeline-split"] === true;
  const counted = layers === undefined ? undefined : layers + (embedding ? 1 : 0) + (loss ? 1 : 0);
  if (each !== undefined && counted === undefined) {
    ignore("--num-layers-per-virtual-pipeline-stage", "chunks follow from --num-layers, left out");
  }
  const vpp = each !== undefined && counted !== undefined
    ? counted / pp / each
    : whole(settings, "--num-virtual-stages-per-pipeline-rank")!;
  const first = whole(settings, "--decoder-first-pipeline-num-layers");
  const last = whole(settings, "--decoder-last-pipeline-num-layers");
  const found = cut(vpp);
  if ((first ?? last) === undefined && !embedding && !loss) return found;
  if (layers === undefined) {
    ignore("--num-layers", "layers of stages follow from it, and it is left out");
    return found;
  }
  const parts = unevenParts(layers, { pp, vpp }, { first, last, embedding, loss });
  return { ...found, stageLayers: stageLayersOf(parts, found) };
}

function readZero(settings: Settings): Plan["zero"] {
  if (settings["--use-torch-fsdp2"]) {
    return settings["--torch-fsdp2-no-reshard-after-forward"] ? 2 : 3;
  }
  const optimizer = settings["--use-distributed-optimizer"] ? 1 : 0;
  if (!settings["--use-megatron-fsdp"]) return optimizer;
  const stages = known["--data-parallel-sharding-strategy"].values!;
  const strategy = settingOf(settings, "--data-parallel-sharding-strategy", known) as string;
  return stages.indexOf(strategy) as Plan["zero"];
}

function readRecompute(settings: Settings, ignore: Ignore): Plan["recompute"] {
  const granularity = settings["--recompute-activations"]
    ? "selective"
    : settings["--recompute-granularity"];
  if (granularity === undefined) return "none";
  if (granularity === "full") {
    const layers = settings["--recompute-num-layers"];
    if (settings["--recompute-method"] === "block") {
      ignore("--recompute-method", `block: read as full, not as ${layers} layers of each stage`);
    }
    return "full";
  }
  const modules = (settings["--recompute-modules"] ?? ["core_attn"]) as readonly string[];
  return modules.map((module) => moduleNames[module]);
}

function readDispatcher(settings: Settings): Plan["dispatcher"] {
  const type = settingOf(settings, "--moe-token-dispatcher-type", known);
  const backend = settings["--moe-flex-dispatcher-backend"] ?? "deepep";
  const names = Object.keys(dispatcherNames) as Plan["dispatcher"][];
  return names.find((name) => {
    const [wanted, behind] = dispatcherNames[name];
    return wanted === type && (behind === undefined || behind === backend);
  })!;
}

function readExperts(settings: Settings, tp: number): PlanInput {
  const experts = Object.keys(settings).some((name) => /^--(num-experts|moe-|expert-)/.test(name));
  if (!experts) return {};
  const capacity = whole(settings, "--moe-expert-capacity-factor");
  return {
    ep: whole(settings, "--expert-model-parallel-size"),
    etp: whole(settings, "--expert-tensor-parallel-size") ?? tp,
    dispatcher: readDispatcher(settings),
    ...(capacity !== undefined && { capacityFactor: capacity }),
  };
}

function readOverlap(settings: Settings, zero: number, schedule: Plan["schedule"]) {
  const experts: Plan["overlap"]["experts"] = settings["--moe-shared-expert-overlap"]
    ? "shared"
    : settings["--overlap-moe-expert-parallel-comm"]
    ? "batches"
    : "none";
  return {
    gradients: settings["--overlap-grad-reduce"] === true,
    ...(zero > 0 && { parameters: settings["--overlap-param-gather"] === true }),
    tensor: settings["--tp-comm-overlap"] === true,
    ...(schedule === "interleaved" && {
      pipeline: settings["--no-overlap-p2p-communication"] !== true,
    }),
    experts,
  };
}

function readContext(settings: Settings, ignore: Ignore): Pick<PlanInput, "contextExchange"> {
  const types = new Set(settingOf(settings, "--cp-comm-type", known) as readonly string[]);
  const [type] = types;
  if (types.size === 1 && type !== "a2a+p2p") {
    const contextExchange = type === "allgather" ? "all-gather" : type;
    return { contextExchange: contextExchange as Plan["contextExchange"] };
  }
  ignore("--cp-comm-type", "no plan mixes exchanges of context ranks");
  return {};
}

/** The plan that settings say, `devices` being those of the job. */
export function readPlanSettings(
  settings: Settings,
  devices: number | undefined,
): { plan: PlanInput; ignored: IgnoredArgument[] } {
  const ignored: IgnoredArgument[] = [];
  const ignore: Ignore = (argument, why) => ignored.push({ argument, why });
  const degrees: Degrees = {
    tp: whole(settings, "--tensor-model-parallel-size")!,
    cp: whole(settings, "--context-parallel-size")!,
    pp: whole(settings, "--pipeline-model-parallel-size")!,
  };
  const { tp, cp, pp } = degrees;
  const layers = settings["--num-layers"] as number | undefined;
  const { stageLayers, ...stages } = {
    stageLayers: undefined,
    ...readStages(settings, pp, layers, ignore),
  };
  const zero = readZero(settings);
  const replicas = devices === undefined ? undefined : devices / (tp * pp);
  const instances = whole(settings, "--num-distributed-optimizer-instances")!;
  if (instances > 1 && replicas === undefined) {
    ignore("--num-distributed-optimizer-instances", "shards follow from the number of devices");
  }
  const microBatch = whole(settings, "--micro-batch-size");
  const globalBatch = whole(settings, "--global-batch-size");
  const share = settingOf(settings, "--optimizer-offload-fraction", known) as number;
  const plan: PlanInput = {
    ...degrees,
    ...(devices !== undefined && { dp: devices / (tp * cp * pp) }),
    ...(cp > 1 && readContext(settings, ignore)),
    ...stages,
    ...(stageLayers && { stageLayers }),
    sequenceParallel: tp > 1 && settings["--sequence-parallel"] === true,
    ...readExperts(settings, tp),
    zero,
    ...(instances > 1 && replicas !== undefined && { shardRanks: replicas / instances }),
    ...(microBatch !== undefined && { microBatch }),
    ...(globalBatch !== undefined && { globalBatch }),
    recompute: readRecompute(settings, ignore),
    offload: {
      optimizer: settings["--optimizer-cpu-offload"] ? share : 0,
      activationLayers: whole(settings, "--cpu-offloading-num-layers")!,
    },
    ...readFormats(settings),
    overlap: readOverlap(settings, zero, stages.schedule),
  };
  return { plan, ignored };
}
