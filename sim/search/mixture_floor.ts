/**
 * What mixtures take at least under many degrees: their attention and their experts follow from fewer
 * fields each than both together, so that few of them are priced and the rest are sums.
 *
 * @module
 */
import type { LayerCost, LayerKind, LayerPhase } from "../cost/phases.ts";
import type { Plan } from "../plan/plan.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import { layerPricer, type TokenMode, wayPhases } from "./layer_work.ts";
import type { SearchSite } from "./problem.ts";
import { recall } from "./recall.ts";
import { triedRowFormats } from "./row_formats.ts";
import { heavyModule, ways } from "./ways.ts";

/** Fields of a phase that follow from experts and dispatcher, and those that do not. */
const experted = [
  ...["routeSeconds", "expertSeconds", "mergeSeconds"] as const,
  ...["dispatchSeconds", "combineSeconds"] as const,
];
const others = [
  ...["mixerSeconds", "ffnSeconds", "sharedSeconds"] as const,
  ...["tensorSeconds", "contextSeconds"] as const,
];

/** Gaps between kernels, which shared experts last longer by, are less in a micro-batch without end. */
const gaps = 1e-3;

/** One of both parts of a layer, by way: seconds of all passes, and fields of each pass. */
interface LayerPart {
  seconds: number[];
  /** Shared experts of a pass that hide a dispatch, or what they hide: by way and pass. */
  beside: number[][];
  /** Tokens on their way. */
  tokens: number[];
}

interface PartSite {
  site: SearchSite;
  fields: readonly (keyof LayerPhase)[];
  beside: "sharedSeconds" | "dispatchSeconds";
}

function partOf(layer: LayerCost, of: PartSite): LayerPart {
  const { site, fields, beside } = of;
  const inputs = wayPhases(layer.kind, layer, heavyModule(site.sizes));
  const passes = inputs.map((input) => [layer.forward, input, layer.backwardWeight]);
  const sum = (own: readonly LayerPhase[], names: readonly (keyof LayerPhase)[]) =>
    own.reduce((all, phase) => names.reduce((more, name) => more + phase[name], all), 0);
  return {
    seconds: passes.map((own) => sum(own, fields)),
    beside: passes.map((own) => own.map((phase) => phase[beside])),
    tokens: passes.map((own) => sum(own, ["dispatchSeconds", "combineSeconds"])),
  };
}

/** A model's mixtures, and what of them is searched. */
interface FloorSite {
  /** The problem. */
  site: SearchSite;
  /** Formats of rows and dispatchers. */
  lists: ChoiceLists;
  /** Kinds of mixtures, with their layers. */
  kinds: readonly { kind: LayerKind; count: number }[];
  /** Ways in which tokens may be hidden. */
  modes: readonly TokenMode[];
}

/** Parts of all kinds of mixtures; sums are of all layers. */
interface MixtureParts {
  kinds: LayerPart[];
  /** By way. */
  seconds: number[];
  /** The same without what hides of tokens beside other work. */
  apart: number[];
}

/** Seconds of all mixtures of a plan at least: by dispatcher, by way. */
export type MixtureFloors = (plan: Plan) => number[][];

/** Floors of mixtures, remembered; see the module. */
export function mixtureFloors({ site, lists, kinds, modes }: FloorSite): MixtureFloors {
  const attentions = new Map<string, MixtureParts>();
  const experts = new Map<string, MixtureParts[][]>();

  // The experts of modules that predict further tokens are those of all mixtures.
  const priced = (kinds.find(({ kind }) => kind === "moe") ?? kinds[0])?.kind;

  function partsOf(
    plan: Plan,
    of: Pick<PartSite, "fields" | "beside"> & { priced?: LayerKind },
  ): MixtureParts {
    const price = layerPricer(plan, site);
    const known = new Map<LayerKind, LayerPart>();
    const parts = kinds.map(({ kind }) => {
      const own = of.priced ?? kind;
      return recall(known, own, () => partOf(price(own, "none"), { site, ...of }));
    });
    const share = site.machine(plan.precision).stack.hiddenShare.experts;
    const sum = (figure: (part: LayerPart, way: number) => number) =>
      ways.map((_, way) =>
        parts.reduce((all, part, k) => all + kinds[k].count * figure(part, way), 0)
      );
    return {
      kinds: parts,
      seconds: sum(({ seconds }, way) => seconds[way]),
      apart: sum(({ seconds, tokens }, way) => seconds[way] - share * tokens[way]),
    };
  }

  /** Seconds that dispatches hide beside shared experts at most. */
  function besideShared(attention: MixtureParts, expert: MixtureParts, way: number): number {
    let hidden = 0;
    for (let k = 0; k < kinds.length; k++) {
      const shared = attention.kinds[k].beside[way];
      const dispatch = expert.kinds[k].beside[way];
      for (let pass = 0; pass < shared.length; pass++) {
        hidden += kinds[k].count * Math.min(dispatch[pass], shared[pass] * (1 + gaps));
      }
    }
    return hidden;
  }

  return (plan) => {
    const { tp, cp, ep, etp, sequenceParallel, contextExchange, precision } = plan;
    const attention = recall(
      attentions,
      `${tp}/${cp}/${sequenceParallel}/${contextExchange}/${precision}`,
      () => partsOf(plan, { fields: others, beside: "sharedSeconds" }),
    );
    // Routers work on the tokens of a rank, where these are split by tensor ranks as well.
    const own = sequenceParallel ? "" : tp;
    const byDispatcher = recall(
      experts,
      `${tp * cp}/${own}/${ep}/${etp}/${precision}`,
      () =>
        lists.dispatcher.map((dispatcher) =>
          triedRowFormats({ ...plan, dispatcher }, lists).map((formats) =>
            partsOf({ ...plan, dispatcher, formats }, {
              ...{ fields: experted, beside: "dispatchSeconds", priced },
            })
          )
        ),
    );
    return byDispatcher.map((byFormat) =>
      ways.map((_, way) => {
        let least = Infinity;
        for (const expert of byFormat) {
          for (const mode of modes) {
            const seconds = mode === "apart" ? expert.apart[way] : expert.seconds[way];
            const hidden = mode === "shared" ? besideShared(attention, expert, way) : 0;
            least = Math.min(least, seconds - hidden);
          }
        }
        return attention.seconds[way] + least;
      })
    );
  };
}
