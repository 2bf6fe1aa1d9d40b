/**
 * Sizes that are each in range and still do not fit together.
 *
 * @module
 */
import { layersOf, placedLayers } from "./layers.ts";
import type { Model, MoeSpec } from "./model.ts";

/** What does not fit, and where. */
export interface Contradiction {
  /** Field. */
  path: PropertyKey[];
  /** What was expected and what was found. */
  message: string;
}

type Want = (holds: boolean, path: PropertyKey[], message: string) => void;

const multiple = (of: string, found: number) =>
  `expected a divisor of the ${of} but found ${found}`;
const below = (bound: number, found: number) => `expected less than ${bound} but found ${found}`;

function checkMixers({ attention: a, linear, mamba, mamba2 }: Model, want: Want): void {
  if (a.kind === "gqa" || a.kind === "experts") {
    const fits = a.heads % a.kvHeads === 0;
    want(fits, ["attention", "kvHeads"], multiple(`${a.heads} heads`, a.kvHeads));
  }
  if (a.kind === "experts" && a.routing) {
    const { experts, routing: { topK } } = a;
    const wanted = `expected at most the ${experts} attention experts but found ${topK}`;
    want(topK <= experts, ["attention", "routing", "topK"], wanted);
  }
  if ("window" in a && a.window) {
    const { fullEvery: n, fullOffset: i } = a.window;
    want(i < n, ["attention", "window", "fullOffset"], below(n, i));
  }
  if (mamba) {
    const { attentionEvery: n, attentionOffset: i } = mamba;
    want(i < n, ["mamba", "attentionOffset"], below(n, i));
  }
  if (linear) {
    const { softmaxEvery: n, softmaxOffset: i, keyHeads, valueHeads } = linear;
    want(i < n, ["linear", "softmaxOffset"], below(n, i));
    const shared = multiple(`${valueHeads} value heads`, keyHeads);
    want(valueHeads % keyHeads === 0, ["linear", "keyHeads"], shared);
  }
  if (mamba2) {
    const shared = multiple(`${mamba2.heads} heads`, mamba2.groups);
    want(mamba2.heads % mamba2.groups === 0, ["mamba2", "groups"], shared);
  }
}

/** Blocks say of every layer what it is, so that nothing else may. */
function checkBlocks(model: Model, want: Want): void {
  const { blocks, encoderLayers, ffn, layers, linear, mamba, mamba2, moe, mtp } = model;
  if (blocks === undefined) {
    want(!mamba2, ["blocks"], 'expected letters with "M" where there is Mamba-2 but found nothing');
    return;
  }
  want(
    blocks.length === layers,
    ["blocks"],
    `expected one letter for each of ${layers} layers but found ${blocks.length}`,
  );
  const needs = { "M": mamba2, "E": moe, "-": ffn };
  for (const [letter, part] of Object.entries(needs)) {
    const fits = blocks.includes(letter) === (part !== undefined);
    const found = part ? `no "${letter}"` : `"${letter}" without its sizes`;
    want(fits, ["blocks"], `expected letters for the parts that are described but found ${found}`);
  }
  const others = { encoderLayers: encoderLayers > 0, linear, mamba, mtp };
  for (const [field, there] of Object.entries(others)) {
    want(!there, [field], "expected nothing beside blocks but found sizes");
  }
}

function checkExperts(moe: MoeSpec, model: Model, want: Want): void {
  const layers = layersOf(model);
  const path = ["moe", "placement"];
  const fewest = Math.min(...layers.filter((l) => l.experts > 0).map((l) => l.experts));
  want(Number.isFinite(fewest), path, "expected a layer with experts but found none");
  want(
    moe.topK <= fewest,
    ["moe", "topK"],
    `expected at most the ${fewest} experts of a layer but found ${moe.topK}`,
  );
  const named = placedLayers(moe.placement);
  const outside = named.filter((l) => l >= layers.length);
  want(
    outside.length === 0,
    path,
    `expected layers below ${layers.length} but found ${outside.join(", ")}`,
  );
  want(new Set(named).size === named.length, path, "expected each layer once");
  const { limit } = moe.router;
  if (!limit) return;
  const { groups, chosen } = limit;
  const at = (field: string) => ["moe", "router", "limit", field];
  want(fewest % groups === 0, at("groups"), multiple(`${fewest} experts of a layer`, groups));
  want(
    chosen <= groups && moe.topK <= chosen * fewest / groups,
    at("chosen"),
    `expected at most ${groups} groups, with ${moe.topK} experts or more, but found ${chosen}`,
  );
}

/** What of a description does not fit together, nothing where all does. */
export function contradictions(model: Model): Contradiction[] {
  const found: Contradiction[] = [];
  const want: Want = (holds, path, message) => {
    if (!holds) found.push({ path, message });
  };
  checkMixers(model, want);
  checkBlocks(model, want);
  // Letters that do not fit make no layers to look at.
  if (found.some(({ path }) => path[0] === "blocks")) return found;
  if (model.moe) checkExperts(model.moe, model, want);
  const dense = layersOf(model).find((l) => l.network === "dense");
  want(
    dense === undefined || model.ffn !== undefined,
    ["ffn"],
    `expected object but found nothing, and layer ${dense?.index} has no experts`,
  );
  return found;
}
