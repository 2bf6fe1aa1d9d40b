/**
 * Plans in words: "tp=1,pp=16,ep=64,schedule=dualpipe,recompute=norm+mla_up".
 *
 * Each word stands for a field of `Plan`; the table below reads and writes them.
 *
 * @module
 */
import { unknownName, UserError } from "../../kernels/base/errors.ts";
import { scheduleNames } from "../pipeline/schedule.ts";
import {
  contextExchanges,
  dispatchers,
  expertOverlaps,
  type Overlap,
  type Plan,
  precisions,
  recomputeModules,
} from "./plan.ts";
import type { PlanInput } from "./plan_input.ts";

/** Reads a word's value, and writes it, or nothing where it goes without saying. */
interface Word {
  read(text: string): PlanInput;
  write(plan: Plan): string | undefined;
}

function oneOf<T extends string>(what: string, text: string, known: readonly T[]): T {
  if (!(known as readonly string[]).includes(text)) throw unknownName(what, text, known);
  return text as T;
}

function number(what: string, text: string, options: { least: number; most?: number }): number {
  const { least, most = Infinity } = options;
  const value = Number(text);
  if (text.trim() !== "" && value >= least && value <= most) return value;
  throw new UserError(
    `Cannot read ${what}=${text}: wanted a number of at least ${least}` +
      (most < Infinity ? ` and at most ${most}` : ""),
  );
}

function whole(what: string, text: string, least: number): number {
  const value = number(what, text, { least });
  if (Number.isSafeInteger(value)) return value;
  throw new UserError(`Cannot read ${what}=${text}: wanted a whole number`);
}

/** The fields that are a whole number above 0. */
type Count =
  | "tp"
  | "cp"
  | "dp"
  | "pp"
  | "vpp"
  | "ep"
  | "etp"
  | "microBatch"
  | "globalBatch"
  | "shardRanks";

const count = (word: string, field: Count): Word => ({
  read: (text) => ({ [field]: whole(word, text, 1) }),
  write: (plan) => plan[field] === undefined ? undefined : String(plan[field]),
});

const format = (word: string, field: keyof Plan["formats"]): Word => ({
  read: (text) => ({ formats: { [field]: oneOf(word, text, precisions) } }),
  write: (plan) => plan.formats[field],
});

const switches = ["gradients", "parameters", "tensor", "pipeline"] as const;

function readOverlap(text: string): PlanInput {
  const overlap: Overlap = {
    ...{ gradients: false, parameters: false, tensor: false, pipeline: false },
    experts: "none",
  };
  for (const part of text === "none" ? [] : text.split("+")) {
    const [name, how, ...rest] = part.split(":");
    if (name === "experts" && rest.length === 0) {
      overlap.experts = oneOf("overlap of experts", how ?? "", expertOverlaps);
    } else overlap[oneOf("overlap", part, switches)] = true;
  }
  return { overlap };
}

function writeOverlap({ overlap }: Plan): string {
  const parts: string[] = switches.filter((name) => overlap[name]);
  if (overlap.experts !== "none") parts.push(`experts:${overlap.experts}`);
  return parts.join("+") || "none";
}

function readOffload(text: string): PlanInput {
  const offload: PlanInput["offload"] = {};
  for (const part of text === "none" ? [] : text.split("+")) {
    const [name, share = ""] = part.split(":");
    if (oneOf("offload", name, ["optimizer", "activations"]) === "optimizer") {
      offload.optimizer = number("offload=optimizer", share, { least: 0, most: 1 });
    } else offload.activationLayers = whole("offload=activations", share, 0);
  }
  return { offload };
}

function writeOffload({ offload }: Plan): string | undefined {
  const parts = [
    ...(offload.optimizer > 0 ? [`optimizer:${offload.optimizer}`] : []),
    ...(offload.activationLayers > 0 ? [`activations:${offload.activationLayers}`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join("+");
}

const words: Readonly<Record<string, Word>> = {
  tp: count("tp", "tp"),
  cp: count("cp", "cp"),
  dp: count("dp", "dp"),
  pp: count("pp", "pp"),
  vpp: count("vpp", "vpp"),
  ep: count("ep", "ep"),
  etp: count("etp", "etp"),
  sp: {
    read: (text) => ({ sequenceParallel: oneOf("sp", text, ["true", "false"]) === "true" }),
    write: (plan) => String(plan.sequenceParallel),
  },
  context: {
    read: (text) => ({ contextExchange: oneOf("context exchange", text, contextExchanges) }),
    write: ({ cp, contextExchange }) => cp > 1 ? contextExchange : undefined,
  },
  zero: {
    read: (text) => ({ zero: Number(oneOf("zero", text, ["0", "1", "2", "3"])) as Plan["zero"] }),
    write: (plan) => String(plan.zero),
  },
  shard: count("shard", "shardRanks"),
  schedule: {
    read: (text) => ({ schedule: oneOf("schedule", text, scheduleNames) }),
    write: (plan) => plan.schedule,
  },
  layers: {
    read: (text) => ({
      stageLayers: text.split("/").map((stage) =>
        stage.split("+").map((layers) => whole("layers", layers, 0))
      ),
    }),
    write: (plan) => plan.stageLayers?.map((stage) => stage.join("+")).join("/"),
  },
  mb: count("mb", "microBatch"),
  gb: count("gb", "globalBatch"),
  recompute: {
    read: (text) => ({
      recompute: text === "none" || text === "full"
        ? text
        : text.split("+").map((module) => oneOf("module", module, recomputeModules)),
    }),
    write: ({ recompute }) => typeof recompute === "string" ? recompute : recompute.join("+"),
  },
  offload: { read: readOffload, write: writeOffload },
  precision: {
    read: (text) => ({ precision: oneOf("precision", text, precisions) }),
    write: (plan) => plan.precision,
  },
  dispatch: format("dispatch", "dispatch"),
  combine: format("combine", "combine"),
  gradients: format("gradients", "gradients"),
  parameters: format("parameters", "parameters"),
  main: format("main", "mainGradients"),
  moments: format("moments", "moments"),
  dispatcher: {
    read: (text) => ({ dispatcher: oneOf("dispatcher", text, dispatchers) }),
    write: (plan) => plan.dispatcher,
  },
  overlap: { read: readOverlap, write: writeOverlap },
  capacity: {
    read: (text) => {
      const capacityFactor = number("capacity", text, { least: 0 });
      if (capacityFactor > 0) return { capacityFactor };
      throw new UserError(`Cannot read capacity=${text}: wanted a number above 0`);
    },
    write: ({ capacityFactor }) => capacityFactor === undefined ? undefined : `${capacityFactor}`,
  },
};

/** The words of a plan. */
export const planWords: readonly string[] = Object.keys(words);

/**
 * A plan from words.
 *
 * @throws {UserError} for an unknown word or value, with the nearest that is known.
 *
 * @example
 * ```ts
 * import { parsePlan } from "@moelab/moelab/sim";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const plan = parsePlan("pp=4,vpp=2,recompute=norm+experts,overlap=gradients+experts:shared");
 * assertEquals([plan.pp, plan.vpp, plan.recompute], [4, 2, ["norm", "experts"]]);
 * assertThrows(() => parsePlan("schedule=dualpip"), TypeError, 'did you mean "dualpipe"');
 * ```
 */
export function parsePlan(text: string): PlanInput {
  const plan: PlanInput = {};
  const seen = new Set<string>();
  for (const part of text.split(",").map((word) => word.trim()).filter((word) => word !== "")) {
    const [name, ...rest] = part.split("=");
    if (!Object.hasOwn(words, name)) throw unknownName("word of a plan", name, planWords);
    if (rest.length !== 1 || seen.has(name)) {
      throw new UserError(
        `Cannot read "${part}" in plan "${text}": wanted ${name}=VALUE, and only once`,
      );
    }
    seen.add(name);
    const read = words[name].read(rest[0]);
    Object.assign(plan, read, read.formats && { formats: { ...plan.formats, ...read.formats } });
  }
  return plan;
}

/** The words of a plan that `parsePlan` and `completePlan` turn into the same plan. */
export function formatPlan(plan: Plan): string {
  return Object.entries(words).flatMap(([name, { write }]) => {
    const text = write(plan);
    return text === undefined ? [] : [`${name}=${text}`];
  }).join(",");
}
