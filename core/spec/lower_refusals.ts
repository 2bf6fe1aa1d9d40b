/**
 * What a description can say and no kernel here runs yet, refused rather than left out.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { ModelLayer } from "./layers.ts";
import type { Model } from "./model.ts";

function refuse({ id }: Model, found: string, wanted: string): UserError {
  return new UserError(`Cannot lower ${id} to operators: found ${found}, wanted ${wanted}`);
}

/** @throws {UserError} where the experts of a model are none that a kernel runs. */
export function checkExpertsLower(model: Model): void {
  if (!model.moe?.latent) return;
  throw refuse(model, `experts in a latent space of ${model.moe.latent}`, "experts of model width");
}

/** @throws {UserError} where a layer has a part that no kernel runs. */
export function checkLayerLowers(model: Model, layer: ModelLayer): void {
  const { attention: a } = model;
  const { index, mixer, network, window } = layer;
  const at = `at layer ${index}`;
  const mixers = "a mixer of softmax attention or Mamba";
  if (mixer === "none" || network === "none") {
    throw refuse(model, `one block alone ${at}`, "a mixer and a network in each layer");
  }
  if (mixer === "linear") throw refuse(model, `${model.linear!.kind} attention ${at}`, mixers);
  if (mixer === "mamba2") throw refuse(model, `Mamba-2 ${at}`, mixers);
  if (window !== undefined) {
    throw refuse(model, `a window of ${window} keys ${at}`, "attention to all keys");
  }
  if (mixer === "attention" && "sinks" in a) {
    if (a.sinks) throw refuse(model, "attention with sinks", "attention without");
    if (a.outputGate) throw refuse(model, "attention with a gated output", "attention without");
  }
  if (network === "experts") checkExpertsLower(model);
}

/** @throws {UserError} where a model has a part beside its layers that no kernel runs. */
export function checkModelLowers(model: Model): void {
  if (!model.mtp) return;
  const { modules } = model.mtp;
  throw refuse(
    model,
    `${modules} ${modules === 1 ? "module" : "modules"} for further tokens`,
    "none",
  );
}
