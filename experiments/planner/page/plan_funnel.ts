/**
 * What became of every plan of the space, as a funnel whose counts add up.
 *
 * @module
 */
import type { Funnel, FunnelStep } from "../../../reports/visuals.ts";
import type { SearchCounts } from "../../../sim/search/counts.ts";
import type { PlanRecord } from "../plan_record.ts";

/** What the rules of plans ask. */
const ruleNotes: Readonly<Record<string, string>> = {
  world: "devices cannot be divided into so many tensor, context and pipeline ranks",
  replicas: "degrees do not come to the number of devices",
  "experts exist": "a dense model has nothing for expert ranks",
  "expert world": "devices of a stage cannot be divided into so many expert ranks",
  experts: "experts cannot be divided by ep",
  "expert width": "channels of an expert cannot be divided by etp",
  heads: "heads cannot be divided by tp",
  "key and value heads": "key and value heads cannot be divided by tp",
  "heads by context": "heads cannot be exchanged among so many context ranks",
  "dense width": "channels of a dense layer cannot be divided by tp",
  "sequence by context": "a sequence cannot be divided by cp",
  "sequence by tensor": "a sequence cannot be divided by tp times cp",
  batch: "the batch cannot be divided by dp times the micro-batch",
  shards: "replicas cannot be divided into groups that share",
  "sharded parameters": "parameters are not sharded under a pipeline",
  chunks: "several chunks of a stage are for the interleaved schedule",
  layers: "there are too few layers for the parts",
  "layers of stages": "layers of the stages do not come to those of the model",
  "two-way pipeline": "the schedule wants an even number of stages",
  "micro-batches": "the schedule cannot have so many micro-batches",
  overlap: "what should hide the exchange of tokens is not there",
};

const less = (a: string, b: string) => String(BigInt(a) - BigInt(b));

function stepsOf(
  { rules, same, dominance, memory, time, evaluated, feasible, left }: SearchCounts,
) {
  const broken = Object.entries(rules)
    .sort(([, a], [, b]) => BigInt(a) < BigInt(b) ? 1 : -1)
    .map(([rule, count]): FunnelStep => ({
      label: `rule: ${rule}`,
      count,
      outcome: "fell",
      note: ruleNotes[rule],
    }));
  const steps: FunnelStep[] = [
    ...broken,
    {
      label: "the same in other words",
      count: same,
      outcome: "fell",
      note: "a field that means nothing there, such as the exchange of one rank",
    },
    {
      label: "never better",
      count: dominance,
      outcome: "fell",
      note: "another plan is at least as fast and as small",
    },
    { label: "do not fit", count: memory, outcome: "fell", note: "by a bound of their memory" },
    {
      label: "too slow",
      count: time,
      outcome: "fell",
      note: "by a bound of their time: neither among the best nor on the front",
    },
    {
      label: "priced, do not fit",
      count: less(evaluated, feasible),
      outcome: "fell",
      note: "by their price",
    },
    { label: "not looked at", count: left, outcome: "open", note: "the search was stopped" },
    {
      label: "priced and fit",
      count: feasible,
      outcome: "kept",
      note: "the best and the front are of these",
    },
  ];
  return steps.filter(({ count, outcome }) => outcome === "kept" || count !== "0");
}

/** The funnel of a search. */
export function planFunnel({ counts, complete }: Pick<PlanRecord, "counts" | "complete">): Funnel {
  return {
    id: "searched",
    title: "What was searched",
    note: complete
      ? "Every plan of the space, and what it fell to: those that were priced, and those that no " +
        "price was needed of."
      : "The plans of the space, and what they fell to as far as the search went.",
    kind: "derived",
    unit: "plans",
    total: counts.enumerated,
    steps: stepsOf(counts),
  };
}
