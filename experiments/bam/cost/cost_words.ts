/**
 * What the report of `bam-cost` says.
 *
 * @module
 */
import { layerFlops, layersOf } from "../../../core/mod.ts";
import type { Estimate } from "../../../kernels/base/estimate.ts";
import { formatPlain } from "../../../reports/format.ts";
import type { Result } from "../../../reports/result.ts";
import type { ClusterStep } from "./cluster.ts";
import { overBtx } from "./cluster_tables.ts";
import { type FormulaRow, isErratum, paperModels } from "./formulas.ts";
import { type LatencyFigures, publishedRatio } from "./latency_tables.ts";
import { againstFlops, type StepFigures } from "./step_figures.ts";
import { readBytes } from "./memory_bound.ts";
import { RIVAL } from "./variants.ts";

/** All that the words are about. */
export interface CostFigures {
  /** Training steps. */
  steps: readonly StepFigures[];
  /** Generation. */
  latency: readonly LatencyFigures[];
  /** Steps on clusters. */
  clusters: readonly ClusterStep[];
  /** The work's tables. */
  formulas: readonly FormulaRow[];
}

const times = ({ value, lo, hi }: Estimate) =>
  `${formatPlain(value, 3)} (${formatPlain(lo, 3)} to ${formatPlain(hi, 3)})`;

const of = <T extends { variant: { id: string } }>(list: readonly T[], id: string) =>
  list.find(({ variant }) => variant.id === id);

/** Ratios of generation beside the published ones. */
function latencyWords(latency: readonly LatencyFigures[]): string {
  const [expert, shared] = ["bam-expert-kv", "bam-shared-kv"].map((id) => of(latency, id));
  if (!expert || !shared) {
    return "Generation of BAM models is refused here, so that its latency is not measured.";
  }
  const published = [expert, shared].map(({ variant: { id } }) =>
    formatPlain(publishedRatio(id)!, 3)
  );
  const work = expert.workRatio && shared.workRatio
    ? `; without the waits of the host ${times(expert.workRatio)} and ${times(shared.workRatio)}`
    : ", most of it waits of the host";
  return `Tokens after a prompt take ${times(expert.ratio)} and ${times(shared.ratio)} times as ` +
    `long${work}. The work has ${published[0]} and ${published[1]} on a TPU.`;
}

/** The answer. */
export function costVerdict({ steps, latency }: CostFigures): string {
  const [expert, shared] = ["bam-expert-kv", "bam-shared-kv"].map((id) => of(steps, id)!);
  return `A training step of BAM takes ${
    times(expert.stepRatio)
  } times as long as one of BTX here ` +
    `with expert keys and values, where FLOP say ${formatPlain(expert.flopsRatio, 3)}, and ` +
    `${times(shared.stepRatio)} with shared ones, where FLOP say ` +
    `${formatPlain(shared.flopsRatio, 3)}. ${latencyWords(latency)}`;
}

const overlapWords = (a: Estimate, b: Estimate) =>
  a.lo <= b.hi && b.lo <= a.hi ? "intervals that overlap" : "intervals apart";

/** BAM and the BTX that has as many parameters. */
function atEqualParameters(steps: readonly StepFigures[]): string {
  const [bam, btx] = ["bam-expert-kv", "btx-6"].map((id) => of(steps, id)!.stepRatio);
  return "At equal parameters, in all and a token, BAM with expert keys and values is held against " +
    `BTX with 6 experts top-3: ${times(bam)} against ${times(btx)} of BTX top-1's step, ` +
    `${overlapWords(bam, btx)}. `;
}

/** What it brings to send a token to its best attention expert alone. */
function routedWords(steps: readonly StepFigures[]): string {
  const [soft, one] = ["bam-shared-kv", "bam-top-1"].map((id) => of(steps, id)!.stepRatio);
  return `Attention routed to the best expert alone takes ${times(one)}, soft ${times(soft)}, ` +
    `${overlapWords(one, soft)}: this suite computes all experts for all tokens either way. `;
}

/** What follows from it. */
export function costDecision({ steps, clusters }: CostFigures): string {
  const slower = steps.filter((one) => one.variant.id !== RIVAL && againstFlops(one) === "slower");
  const beside = clusters.filter(({ hiding, paper }) =>
    hiding === "attention" && paper.id === "bam-expert-kv"
  );
  const saved = beside.map((step) => {
    const none = clusters.find(({ paper, cluster, hiding }) =>
      paper === step.paper && cluster === step.cluster && hiding === "none"
    )!;
    return 1 - step.stepSeconds / none.stepSeconds;
  });
  const percent = (share: number) => `${formatPlain(100 * share, 2)} %`;
  return atEqualParameters(steps) +
    (slower.length > 0
      ? `Slower than their FLOP say: ${slower.map(({ variant }) => variant.name).join("; ")}. `
      : "None is slower than its FLOP say. ") +
    routedWords(steps) +
    (saved.length > 0
      ? "On clusters, sending tokens beside the attention of the parallel block is worth " +
        `${percent(Math.min(...saved))} to ${percent(Math.max(...saved))} of BAM's step.`
      : "");
}

/** FLOP a token a layer of BAM's small model over BTX's, as Table 7 prints them. */
function layerWords(): string {
  const { bam, btxTop1 } = paperModels();
  const flops = [bam, btxTop1].map(({ model }) =>
    layerFlops(model, layersOf(model)[0], { sequence: 256, activation: 3 }).total
  );
  return formatPlain(flops[0] / flops[1], 3);
}

/** What the cluster says of BAM over BTX. */
function clusterWords(clusters: readonly ClusterStep[]): string {
  const ratios = clusters.filter(({ paper }) => paper.id === "bam-expert-kv")
    .map((step) => overBtx(step, clusters));
  if (ratios.length === 0) return "No cluster was simulated.";
  return `On the clusters above, a step of BAM with expert keys and values takes ` +
    `${formatPlain(Math.min(...ratios), 3)} to ${
      formatPlain(Math.max(...ratios), 3)
    } times as long ` +
    `as one of BTX top-1. At the small size its FLOP a layer are ${layerWords()} times as many; the ` +
    "output layer of 256,000 words, which is in no layer, is alike in both.";
}

/** What a token reads over what BTX's reads, with keys and values of each expert and shared. */
function readWords(): string {
  const { bam, bamShared, btxTop1 } = paperModels();
  const [expert, shared, rival] = [bam, bamShared, btxTop1].map(({ model }) =>
    readBytes(model, { past: 256 })
  );
  return `${formatPlain(expert / rival, 3)} and ${formatPlain(shared / rival, 3)}`;
}

/** How it was done, and its limits. */
export function costNotes({ clusters, formulas }: CostFigures): Result["notes"] {
  const wrong = formulas.filter(isErratum).length;
  const printed = formulas.filter((row) => row.printed !== null).length;
  return [
    {
      heading: "The work's tables",
      paragraphs: [
        `Of ${printed} printed figures and formulas ${
          printed - wrong
        } are what the shapes of the ` +
        `weights give, to the digit; ${wrong} are errata, each named in its row.`,
        "The work prints FLOP a layer. Whole models also have an output layer, of which it is silent: " +
        "with 256,000 words it is most of the small models' FLOP, so that a step is dearer by less " +
        "than Table 7 suggests.",
      ],
    },
    {
      heading: "How steps were measured",
      paragraphs: [
        "All variants are trained on one batch of random tokens at one size, forward, backward and " +
        "update in one piece. Ratios are of steps right behind each other, each round beginning with " +
        "another variant; their interval is that of the median over rounds. Seconds are lower " +
        "quartiles launch by launch, as the profile's are.",
        "Routers are the description's own, whose weights sum to 1: the work's gate weighs networks by " +
        "their probability, and has two losses, both next to free. Attention experts run as the heads " +
        "of one wide attention, not one expert after the other.",
      ],
    },
    {
      heading: "How latency was measured",
      paragraphs: [
        "The prompt is read in one pass, then token after token, one text at a time, all with caches; " +
        "weights are drawn by a seed. Every pass ends with a wait of the host for its logits, some " +
        "11 ms in Deno, which dilutes ratios at this size.",
        "The work's 4.81, 6.17 and 5.96 s are on a TPU and at a size that it does not say. It explains " +
        "them by memory, one cache for each expert: at its small size, the weights and the cache that " +
        `a token reads are ${readWords()} times those of BTX, most of it weights. Cores that compute ` +
        "are another machine than one that waits for memory.",
      ],
    },
    {
      heading: "How clusters were simulated",
      paragraphs: [
        "The work trained on TPUs; no profile of one is known here, so these are other devices. Their " +
        "memory and links are data sheets and published measurements; the stack is the base one, of " +
        "which nothing is known by steps. Batches are the work's, lengths of sequences are not told " +
        "by it.",
        "Attention experts are on every rank: a soft gate sends each token to all, so that splitting " +
        "them over ranks would gather all tokens on all. In a parallel block the exchange of tokens may " +
        "run beside attention, cut in proportion to dispatch and combine, in BTX as in BAM; the table says " +
        "what of it still shows. Kernels of both halves are not run at once: on a device that either " +
        "half fills, nothing is gained by it.",
        clusterWords(clusters),
      ],
    },
  ];
}
