/**
 * Adapters as listeners of the base: one pass of a recipe over a batch.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { AuxiliaryLoss, GateInput } from "../gates/gate.ts";
import { marks, onesOf } from "../gates/shorthand.ts";
import { within } from "../nn/gating.ts";
import { baseNorm } from "./base_norm.ts";
import { applyByChance } from "./chance.ts";
import { contrastLoss } from "./contrast.ts";
import type { AtSite, BaseHooks } from "./forward.ts";
import { applyAdapters, expertOutputs, type SiteAdapter } from "./kinds.ts";
import { type AdaptedModel, type AdapterPlace, branchOf } from "./places.ts";
import { prefixOf } from "./prefix.ts";
import { type AdapterWeights, chosenLater, weighAdapters } from "./routing.ts";
import type { AdapterPart, ProductSite } from "./specs.ts";

/** Part of a training: experts that are given are made first, then all is mixed. */
export type AdapterStage = "given" | "mixed";

/** One pass. */
export interface AdapterPass<A, I> {
  /** The language. */
  g: Arrays<A, I>;
  /** All parameters. */
  w: Readonly<Record<string, A>>;
  /** All states. */
  state: Readonly<Record<string, A>>;
  /** What the batch says of its tokens, [T, 1] each. */
  ids: Readonly<Record<"tokens" | "before" | "tags" | "clusters", I>>;
  /** Whether adapters are trained. */
  training: boolean;
}

/** What a pass leaves beside its logits. */
export interface AdapterLeft<A> {
  /** Listens to the base. */
  hooks: BaseHooks<A>;
  /** Losses of gates and of what experts give; filled while the base runs. */
  losses: AuxiliaryLoss<A>[];
  /** New states; filled while the base runs. */
  states: Record<string, A>;
}

/** What experts of a place count. */
type Weighed<A, I> = Pick<AdapterWeights<A, I>, "weights" | "chosen">;

/** Each token's expert is that of its tag. */
function ofTags<A, I>(g: Arrays<A, I>, ids: I, tags: number): Weighed<A, I> {
  const [rows] = g.indexShapeOf(ids);
  return {
    weights: marks(g, ids, tags),
    chosen: chosenLater(1, () => ({ ids, weights: onesOf(g, [rows, 1]) })),
  };
}

/** The sets that tell a part's gate where sequences belong. */
function tagIds<A, I>({ g, ids }: AdapterPass<A, I>, part: AdapterPart, tags: number): I {
  if (part.tags === "cluster") return ids.clusters;
  if (part.tags !== "kind") return ids.tags;
  const kinds = g.indices(
    "kinds of tags",
    [tags, 1],
    () => Uint32Array.from({ length: tags }, (_, tag) => tag % 2),
  );
  return g.lookUpIds(kinds, ids.tags);
}

/** Makes the listeners of a pass. */
export function listenWith<A, I>(
  pass: AdapterPass<A, I>,
  options: { adapted: AdaptedModel; places: readonly AdapterPlace[]; stage: AdapterStage },
): AdapterLeft<A> {
  const { g, w, state, ids, training } = pass;
  const { adapted, stage } = options;
  const { recipe: { loss }, length, tags = 1, compute } = adapted;
  const places = options.places.filter(({ part }) => stage === "mixed" || part.given);
  const losses: AuxiliaryLoss<A>[] = [];
  const states: Record<string, A> = {};
  const entered = new Map<string, A>();
  const weighed = new Map<string, Weighed<A, I>>();
  let given: Weighed<A, I> | undefined;

  /** Weights of a place; x is what enters it. */
  function weightsAt({ gate, part, layer }: AdapterPlace, x: A): Partial<Weighed<A, I>> {
    if (gate === undefined) return {};
    if (stage === "given") return given ??= ofTags(g, ids.tags, tags);
    const known = weighed.get(gate.prefix);
    if (known !== undefined) return known;
    const seen = gate.branch === undefined ? x : entered.get(`${layer} ${gate.branch}`)!;
    const input: GateInput<A, I> = {
      ...{ x: seen, tokens: ids.tokens, before: ids.before },
      tags: tagIds(pass, part, tags),
    };
    const found = weighAdapters({ g, w, state, input, training }, { gate, part });
    losses.push(...found.losses);
    Object.assign(states, found.states);
    weighed.set(gate.prefix, found);
    return found;
  }

  function applied(place: AdapterPlace, found: AtSite<A>): A {
    const { part, prefix, banks } = place;
    const own = within(w, prefix);
    const { adapter } = part;
    if (part.gate === "chance" && (adapter.kind === "lora" || adapter.kind === "bottleneck")) {
      return applyByChance({ g, w: own, found }, { spec: adapter, name: prefix, training });
    }
    const run = { g, w: own, found };
    if (loss?.kind === "contrast" && adapter.kind === "lora" && banks > 1 && training) {
      const { rank, alpha } = adapter;
      const outputs = expertOutputs(run, { experts: banks, rank, alpha });
      const value = contrastLoss(g, outputs, { length, temperature: loss.temperature });
      losses.push({ name: "contrast", value: g.scale(value, loss.weight) });
    }
    const { weights, chosen } = weightsAt(place, found.x);
    const counted = { ...weights && { weights }, ...chosen && { chosen }, compute };
    return applyAdapters({ ...run, ...counted }, adapter as SiteAdapter);
  }

  const at = (layer: number, site: AdapterPlace["site"]) =>
    places.filter((one) => one.layer === layer && one.site === site);
  const hooks: BaseHooks<A> = {
    enter(layer, branch, x) {
      entered.set(`${layer} ${branch}`, x);
    },
    at: (layer, site, { x, y }) =>
      at(layer, site).filter(({ part }) => part.weighs !== "networks")
        .reduce((y, place) => applied(place, { x, y }), y),
    beside(layer, x) {
      const here = at(layer, "layer");
      if (here.length === 0) return undefined;
      const rows = baseNorm(g, x);
      entered.set(`${layer} layer`, rows);
      return here.map((place) => added(place, rows)).reduce((a, b) => g.map("add", a, b));
    },
    prefix: (layer) =>
      at(layer, "prefix").flatMap((place) => {
        const { adapter } = place.part;
        if (adapter.kind !== "prefix") return [];
        const { weights } = weightsAt(place, entered.get(`${layer} ${branchOf("prefix")}`)!);
        const told = { length: adapter.length, ...weights && { weights } };
        return [prefixOf(g, within(w, place.prefix), told)];
      }),
    networks(layer) {
      const own = places.filter(({ part, ...one }) =>
        one.layer === layer && part.weighs === "networks"
      );
      if (own.length === 0) return undefined;
      const { weights } = weightsAt(own[0], entered.get(`${layer} network`)!);
      return {
        weights: weights!,
        delta: (site, { expert, x }) => deltaOf(own, site, { expert, x }),
      };
    },
  };

  /** What a place adds to nothing. */
  function added(place: AdapterPlace, x: A): A {
    const nothing = g.scale(x, 0);
    return applied(place, { x, y: nothing });
  }

  /** What expert e adds to a product of x. */
  function deltaOf(
    own: readonly AdapterPlace[],
    site: ProductSite,
    { expert, x }: { expert: number; x: A },
  ): A | undefined {
    const place = own.find((one) => one.site === site);
    if (place?.part.adapter.kind !== "lora") return undefined;
    const { rank, alpha } = place.part.adapter;
    const { a, b } = within(w, place.prefix);
    const one = (bank: A) =>
      place.banks === 1 ? bank : g.columns(bank, expert * rank, (expert + 1) * rank);
    const y = g.product(g.product(x, one(a)), one(b), { transpose: "b" });
    return g.scale(y, alpha / rank);
  }

  return { hooks, losses, states };
}
