/**
 * Which descriptions have a forward pass whose tensors are told.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { isGated } from "../spec/activation.ts";
import type { Model } from "../spec/model.ts";

/** A part of a description, what is wanted there, and what is found. */
type Check = (model: Model) => { at: string; wanted: string; found: unknown; fits: boolean };

const checks: readonly Check[] = [
  ({ encoderLayers }) => ({
    ...{ at: "encoderLayers", wanted: "0", found: encoderLayers, fits: encoderLayers === 0 },
  }),
  ({ attention }) => {
    const found = attention.kind === "experts" ? attention.qkNorm : undefined;
    const fits = found === undefined || found === "none";
    return { at: "attention.qkNorm", wanted: "none beside attention experts", found, fits };
  },
  ({ attention }) => {
    const gate = "outputGate" in attention && attention.outputGate;
    return { at: "attention.outputGate", wanted: "false", found: gate, fits: !gate };
  },
  (model) => {
    const other = (["mamba", "linear", "mamba2", "blocks"] as const)
      .find((name) => model[name] !== undefined);
    const wanted = "attention in every layer";
    return { at: other ?? "mixers", wanted, found: other, fits: other === undefined };
  },
  ({ norm, block }) => {
    const fitting = norm.perLayer === 2 || (block === "parallel" && norm.perLayer === 1);
    return {
      at: "norm",
      wanted: `two a layer${
        block === "parallel" ? " or one" : ""
      } and one at the end, biases beside layernorm alone`,
      found: `${norm.kind}${norm.bias ? " with biases" : ""}, ${norm.perLayer} a layer`,
      fits: (norm.kind === "layernorm" || !norm.bias) && fitting && norm.final,
    };
  },
  ({ embedding: { positions: { kind } } }) => ({
    ...{ at: "embedding.positions", wanted: "rope", found: kind, fits: kind === "rope" },
  }),
  ({ ffn }) => ({
    at: "ffn",
    wanted: "a gated activation without biases",
    found: ffn && `${ffn.activation}${ffn.bias ? " with biases" : ""}`,
    fits: !ffn || (isGated(ffn.activation) && !ffn.bias),
  }),
  ({ moe }) => ({
    at: "moe.activation",
    wanted: "a gated activation",
    found: moe?.activation,
    fits: !moe || isGated(moe.activation),
  }),
  ({ moe }) => ({
    at: "moe.router.kind",
    wanted: "linear",
    found: moe?.router.kind,
    fits: !moe || moe.router.kind === "linear",
  }),
  ({ moe }) => ({
    at: "moe.shared",
    wanted: "shared experts without biases",
    found: moe?.shared && moe.bias ? "shared experts with biases" : undefined,
    fits: !moe?.shared || !moe.bias,
  }),
  ({ moe }) => {
    const beside = (["denseBeside", "latent"] as const).find((name) => moe?.[name] !== undefined);
    return {
      ...{ at: `moe.${beside}`, wanted: "none", found: beside, fits: beside === undefined },
    };
  },
];

/**
 * Refuses a description that has a part whose tensors are told nowhere.
 *
 * @throws {UserError} that names the part.
 */
export function checkRunnable(model: Model): void {
  for (const check of checks) {
    const { at, wanted, found, fits } = check(model);
    if (fits) continue;
    throw new UserError(
      `Cannot run ${model.id} from a checkpoint: at ${at} found ${found}, wanted ${wanted}`,
    );
  }
}
