/**
 * Which kernel runs the activation of a description.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { ActivationChoice } from "../../kernels/mod.ts";
import type { Activation } from "../spec/activation.ts";

/** Activations of descriptions that kernels run, and as what. */
const choices: Partial<Record<Activation, Required<ActivationChoice>>> = {
  swiglu: { kind: "silu", gated: true },
  geglu: { kind: "gelu", gated: true },
  relu: { kind: "relu", gated: false },
  gelu: { kind: "gelu", gated: false },
};

/** Names of the activations that run. */
export const runnableActivations = Object.keys(choices) as Activation[];

/**
 * The kernel of an activation.
 *
 * @throws {UserError} where there is none.
 */
export function activationChoice(activation: Activation): Required<ActivationChoice> {
  const choice = choices[activation];
  if (choice) return choice;
  throw new UserError(
    `Cannot run ${activation}: wanted ${runnableActivations.join(", ")}`,
  );
}
