/**
 * Plans that Megatron-LM can be told, as products of lists.
 *
 * @module
 */
import type { Plan, Precision } from "../../plan/plan.ts";
import {
  type Lists,
  type ListSite,
  narrowed,
  products,
  trueFirst,
  usualRows,
} from "../narrowed.ts";
import { precisionSettings } from "./formats.ts";
import { dispatcherNames, moduleNames } from "./plan.ts";

/** Whether the modules that are computed again have names there; activations are grouped ones. */
function hasModules(recompute: Plan["recompute"], grouped: boolean): boolean {
  const names = Object.values(moduleNames);
  return typeof recompute === "string" ||
    recompute.every((module) => names.includes(module) && (grouped || module !== "activation"));
}

/** Formats of products; with experts the narrowest that there are, as grouped products want BF16. */
function precisions({ lists, model }: ListSite): readonly Precision[] {
  const known = lists.precision.filter((name) => precisionSettings(name, "") !== undefined);
  const grouped = known.filter((name) => name !== "fp16" && name !== "fp32");
  return model.moe && grouped.length > 0 ? grouped : known;
}

/** What holds of every plan, whatever else it says. */
function common({ lists, model }: ListSite): Lists {
  const { attention, moe, ffn } = model;
  const groups = attention.kind === "gqa" ? attention.kvHeads : attention.heads;
  const biases = moe?.bias && (ffn?.bias ?? true);
  const gradients = trueFirst(lists.gradients);
  const precision = precisions({ lists, model });
  const grouped = moe !== undefined && !precision.includes("fp32") && !precision.includes("fp16");
  return {
    tp: lists.tp.filter((tp) => attention.heads % tp === 0 && groups % tp === 0),
    etp: lists.etp.filter((etp) => etp === 1 || !biases),
    sequenceParallel: trueFirst(lists.sequenceParallel),
    gradients,
    // Parameters are gathered beside kernels where gradients are reduced so.
    parameters: gradients[0] ? lists.parameters : lists.parameters.filter((beside) => !beside),
    dispatcher: lists.dispatcher.filter((name) => Object.hasOwn(dispatcherNames, name)),
    recompute: lists.recompute.filter((what) => hasModules(what, grouped)),
    precision,
    // Expert ranks want BF16.
    ...(precision.includes("fp16") && { ep: lists.ep.filter((ep) => ep === 1) }),
    dispatch: lists.dispatch.filter(usualRows),
    combine: lists.combine.filter(usualRows),
  };
}

/** One forward, one backward, whose sends wait; and chunks, whose sends do not. */
function cuts({ lists }: ListSite): Lists[] {
  return [
    {
      schedule: lists.schedule.filter((name) => name === "1f1b"),
      vpp: lists.vpp.filter((vpp) => vpp === 1),
      pipeline: lists.pipeline.filter((beside) => !beside),
    },
    {
      schedule: lists.schedule.filter((name) => name === "interleaved"),
      vpp: lists.vpp.filter((vpp) => vpp > 1),
      pp: lists.pp.filter((pp) => pp > 1),
      pipeline: trueFirst(lists.pipeline),
    },
  ];
}

/** What hides tokens, with what that wants. */
function hiding({ lists, model }: ListSite): Lists[] {
  const only = (name: string) => lists.experts.filter((experts) => experts === name);
  return [
    { experts: only("none") },
    {
      experts: only("shared"),
      dispatcher: lists.dispatcher.filter((name) => name === "all-to-all"),
      recompute: lists.recompute.filter((what) => !what.includes("shared_experts")),
    },
    ...((model.mtp?.modules ?? 1) === 1
      ? [{
        experts: only("batches"),
        ep: lists.ep.filter((ep) => ep > 1),
        dispatcher: lists.dispatcher.filter((name) => name !== "all-gather"),
        recompute: lists.recompute.filter((what) => what !== "full"),
        precision: lists.precision.filter((name) => name !== "fp32"),
      }]
      : []),
  ];
}

/** The products; see the module. */
export function megatronSearches(site: ListSite): Lists[] {
  const shared = common(site);
  return products(cuts(site), hiding(site)).map((lists) => {
    // Batches hide each other in chunks, or without stages.
    const plain = lists.schedule?.includes("1f1b") && lists.experts?.includes("batches");
    const pp = plain ? { pp: site.lists.pp.filter((pp) => pp === 1) } : {};
    return { ...shared, ...narrowed({ ...lists, ...pp }, shared) };
  });
}
