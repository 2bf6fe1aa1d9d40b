/**
 * Shows sequences to a model and keeps where its routers sent each token.
 *
 * @module
 */
import type { Inference } from "../../../core/mod.ts";
import { layersOf } from "../../../core/spec/layers.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import type { RoutedSequence, RoutedTexts } from "./routed.ts";
import { routerBits } from "./router_entropy.ts";
import type { DomainSequences } from "./texts.ts";

/** Mean of -log p of each next token, nats, from the logits [T, V] of a sequence. */
export function nextTokenLoss(logits_TV: Float32Array, ids: Uint32Array): number | undefined {
  const vocabulary = logits_TV.length / ids.length;
  if (ids.length < 2) return undefined;
  let total = 0;
  for (let t = 0; t + 1 < ids.length; t++) {
    const row = logits_TV.subarray(t * vocabulary, (t + 1) * vocabulary);
    let most = -Infinity;
    for (const logit of row) most = Math.max(most, logit);
    let sum = 0;
    for (const logit of row) sum += Math.exp(logit - most);
    total += most + Math.log(sum) - row[ids[t + 1]];
  }
  return total / (ids.length - 1);
}

/**
 * Routes all sequences, one pass each.
 *
 * @throws {UserError} where the model has no experts.
 */
export async function routeTexts(
  inference: Inference,
  { domains, sequences }: DomainSequences,
  options: { done?: (share: number) => void; signal?: AbortSignal } = {},
): Promise<RoutedTexts> {
  const { done, signal } = options;
  const { model, settings } = inference;
  const layers = layersOf(model).filter(({ experts }) => experts > 0).map(({ index }) => index);
  if (!model.moe || layers.length === 0) {
    throw new UserError(`Cannot study the routing of ${model.id}: found no layer with experts`);
  }
  const { experts, topK } = model.moe;
  const { score } = settings.router!;
  const routed: RoutedSequence[] = [];
  for (const { domain, ids } of sequences) {
    signal?.throwIfAborted();
    inference.rewind(0);
    const { logits, routes } = await inference.read(ids, { logits: "all", routes: "logits" });
    routed.push({
      ...{ domain, ids },
      chosen_LTK: routes.map(({ ids_TK }) => ids_TK),
      weights_LTK: routes.map(({ weights_TK }) => weights_TK),
      routerBits_LT: routes.map(({ logits_TE }) => routerBits(logits_TE!, { experts, score })),
      loss: nextTokenLoss(logits, ids),
    });
    done?.(routed.length / sequences.length);
  }
  return { experts, topK, layers, domains, sequences: routed };
}
