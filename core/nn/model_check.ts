/**
 * What of a description the transformer runs; the rest is refused by the first field that it cannot.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import type { ExpertAttention, GqaAttention, MhaAttention, Model } from "../spec/model.ts";
import { runnableActivations } from "./activations.ts";

/** Attention whose heads share widths, of one expert. */
export type PlainAttention = MhaAttention | GqaAttention;

/** Attention that the transformer runs. */
export type RunnableAttention = PlainAttention | ExpertAttention;

/** How a description is to be run. */
export interface ModelUse {
  /** The gate of the layers with experts; the description's own router where absent. */
  recipe?: GateRecipe;
  /** Whether tokens see those before them alone; true where absent. */
  causal?: boolean;
  /** Tokens of a sequence, where it is known. */
  length?: number;
}

/** Parts that descriptions may have and this transformer has not. */
const absent = [
  "linear",
  "mamba",
  "mamba2",
  "blocks",
  "mtp",
  "attention.outputGate",
  "ffn.bias",
  "moe.bias",
  "moe.latent",
  "moe.sharedGate",
  "moe.denseBeside.bias",
] as const;

/** Parts of a router that only a recipe runs. */
const routerParts = ["moe.router.limit", "moe.router.bias"] as const;

const fieldOf = (model: Model, field: string) =>
  field.split(".").reduce<unknown>(
    (at, key) => (at as Record<string, unknown> | undefined)?.[key],
    model,
  );

type Want = [field: string, found: string, wanted: string, fits: boolean];

function generalWants(model: Model, { causal = true, length = 0 }: ModelUse): Want[] {
  const { attention, norm, embedding, block } = model;
  const { positions } = embedding;
  const window = "window" in attention && attention.window;
  const qkNorm = "qkNorm" in attention ? attention.qkNorm : "none";
  const one = (field: string): Want => {
    const there = fieldOf(model, field);
    return [field, there ? "one" : "none", "none", !there];
  };
  return [
    [
      "attention.kind",
      attention.kind,
      "mha, gqa or experts",
      /^(mha|gqa|experts)$/.test(attention.kind),
    ],
    ["attention.qkNorm", qkNorm, "none", qkNorm === "none"],
    ["attention.window", window ? "one" : "none", "none in both directions", causal || !window],
    [
      "positions",
      positions.kind,
      "rope, learned or none",
      /^(rope|learned|none)/.test(positions.kind),
    ],
    [
      "embedding.positions.length",
      `${"length" in positions ? positions.length : length}`,
      `${length} or more`,
      !("length" in positions) || positions.length >= length,
    ],
    ["encoderLayers", `${model.encoderLayers}`, "0", model.encoderLayers === 0],
    [
      "norm.perLayer",
      `${norm.perLayer}`,
      block === "parallel" ? "1 or 2" : "2",
      norm.perLayer === 2 || (norm.perLayer === 1 && block === "parallel"),
    ],
    ...absent.map(one),
  ];
}

function networkWants(model: Model, { recipe }: ModelUse): Want[] {
  const { moe, ffn } = model;
  const runs = runnableActivations.join(", ");
  const activation = (field: string, found: string | undefined): Want => {
    return [field, `${found}`, runs, !found || (runnableActivations as string[]).includes(found)];
  };
  const own = routerParts.map((field): Want => {
    const there = fieldOf(model, field);
    return [field, there ? "one" : "none", "none without a gate's recipe", !there];
  });
  return [
    activation("ffn.activation", ffn?.activation),
    activation("moe.activation", moe?.activation),
    activation("moe.denseBeside.activation", moe?.denseBeside?.activation),
    ...(recipe
      ? [["moe", moe ? "experts" : "none", `experts for ${recipe.id}`, !!moe] as Want]
      : moe
      ? [
        [
          "moe.activation",
          moe.activation,
          "swiglu without a gate's recipe",
          moe.activation === "swiglu",
        ] as Want,
        [
          "moe.router",
          moe.router.kind,
          "linear without a gate's recipe",
          moe.router.kind === "linear",
        ] as Want,
        ...own,
      ]
      : []),
  ];
}

/**
 * The attention of a model that can be run.
 *
 * @throws {UserError} that names the first field that cannot.
 */
export function checkRunnableModel(model: Model, use: ModelUse = {}): RunnableAttention {
  for (
    const [field, found, wanted, fits] of [...generalWants(model, use), ...networkWants(model, use)]
  ) {
    if (fits) continue;
    throw new UserError(`Cannot train ${model.id}: found ${found} as ${field}, wanted ${wanted}`);
  }
  return model.attention as RunnableAttention;
}

/**
 * The attention of a model that can be run and has no attention experts.
 *
 * @throws {UserError} that names the first field that cannot.
 */
export function checkModel(model: Model, use: ModelUse = {}): PlainAttention {
  const attention = checkRunnableModel(model, use);
  if (attention.kind !== "experts") return attention;
  throw new UserError(
    `Cannot train ${model.id}: found experts as attention.kind, wanted mha or gqa`,
  );
}
