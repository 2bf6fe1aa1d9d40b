/**
 * All ways to use the experts of a replicate, on the same held-out text.
 *
 * @module
 */
import { batchOf, type Corpus } from "../../core/train/data/corpus.ts";
import { floorOf } from "../../core/train/data/synthetic.ts";
import { onlyDomain } from "../bam/held_out.ts";
import { lossBySequence } from "../training/held_out.ts";
import { askFrugally, joinTexts, judgeText, type SomeFuser } from "./ask_frugally.ts";
import type { ReplicateFigures, Way, WayFigures } from "./figures.ts";
import type { NamedExpert } from "./experts.ts";
import { type FusionValues, heldOutBatches } from "./parameters.ts";
import { type Experts, lossesOfExpert, type Said } from "./said.ts";
import { fuserLosses, type TrainedFuser } from "./train_fusers.ts";
import { evenLosses, expertOfDomain, posteriorMix } from "./ways.ts";

/** What is examined, and on what. */
export interface ExaminationSite {
  /** The experts, on the device. */
  experts: Experts;
  /** Their names. */
  names: readonly Pick<NamedExpert, "name">[];
  /** Their averaged parameters, on the device. */
  averaged: Experts;
  /** The fusers. */
  fusers: readonly TrainedFuser[];
  /** The text. */
  corpus: Corpus;
  /** Seed of the replicate. */
  seed: number;
  /** Seed of the order of the fusers' text. */
  dataSeed: number;
  /** Told after each batch. */
  step(): void;
  /** Ends it between batches. */
  signal: AbortSignal;
}

/** A way's answers to a batch. */
interface Answer {
  way: Way;
  losses_T: ArrayLike<number>;
  /** Experts asked of a token. */
  asked: number;
}

const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

/** The fuser that can do with any experts, on the host. */
async function someFuser(
  fusers: readonly TrainedFuser[],
  sizes: Pick<SomeFuser, "experts" | "vocabulary" | "hidden">,
): Promise<SomeFuser> {
  const { trainer } = fusers.find(({ way }) => way.hidden)!;
  const { first, telling, second } = await trainer.values();
  return { ...sizes, first, telling, second };
}

/** What all ways say of text, once known text was read. */
async function waysOf(site: ExaminationSite, values: FusionValues) {
  const { experts, names, averaged, fusers, corpus, seed, dataSeed } = site;
  const { sequences, length, known, fuserSteps, hidden, neighbours, price, prices } = values;
  const { count } = experts;
  const texts: Said[] = [];
  for (let i = 0; i < known; i++) {
    // Steps that no fuser has learned from.
    const step = fuserSteps + i;
    texts.push(await experts.say(batchOf(corpus, { sequences, length, seed: dataSeed, step })));
    site.step();
  }
  const fuser = await someFuser(fusers, { experts: count, vocabulary: corpus.vocabulary, hidden });
  const textOf = (said: Said) => ({ said, experts: count, length });
  const judged = joinTexts(texts.map((said) => judgeText(fuser, textOf(said))));
  const chosen = expertOfDomain(texts, corpus);
  const all = [...new Set([price, ...prices])].sort((a, b) => a - b);

  return async (said: Said, at: { domain: number; step: number }): Promise<Answer[]> => {
    const text = textOf(said);
    const learned: Answer[] = [];
    for (const { way, trainer } of fusers.filter((one) => !one.way.hidden)) {
      const losses_T = await fuserLosses({ way, trainer }, text, { seed, step: at.step });
      const { id, name } = way;
      learned.push({ way: { id, name, kind: "fuser" }, losses_T, asked: count });
    }
    const mean_T = await averaged.say(said.batch);
    const frugal = askFrugally(judgeText(fuser, text), {
      ...{ experts: count, hidden, known: judged, neighbours, prices: all },
    });
    return [
      ...names.map(({ name }, e): Answer => ({
        way: { id: `expert-${e}`, name, kind: "expert" },
        ...{ losses_T: lossesOfExpert(said, e), asked: 1 },
      })),
      {
        way: { id: "averaged", name: "parameters averaged", kind: "averaged" },
        ...{ losses_T: lossesOfExpert(mean_T, 0), asked: 1 },
      },
      {
        way: { id: "even", name: "mean of predictions", kind: "rule" },
        ...{ losses_T: evenLosses(said), asked: count },
      },
      {
        way: { id: "posterior", name: "predictions by posterior", kind: "rule" },
        ...{ losses_T: posteriorMix(said, { length }), asked: count },
      },
      ...learned,
      ...frugal.map(({ losses_T, asked_T }, i): Answer => ({
        way: {
          ...{ id: `frugal-${all[i]}`, name: `FoE, frugal, ${all[i]} an expert` },
          ...{ kind: "frugal", price: all[i] },
        },
        ...{ losses_T, asked: mean(asked_T) },
      })),
      {
        way: { id: "oracle", name: "expert of the known domain", kind: "oracle" },
        ...{ losses_T: lossesOfExpert(said, chosen[at.domain]), asked: 1 },
      },
    ];
  };
}

/** Examines all ways of a replicate. */
export async function examine(
  site: ExaminationSite,
  values: FusionValues,
): Promise<Pick<ReplicateFigures, "ways" | "floors">> {
  const { experts, corpus, seed, signal } = site;
  const { sequences, length } = values;
  const batches = heldOutBatches(values);
  const say = await waysOf(site, values);
  const ways = new Map<string, WayFigures & { counts: number[] }>();
  const floors: number[] = [];
  for (const domain of corpus.domains.keys()) {
    const text = onlyDomain(corpus, domain);
    const least: number[] = [];
    for (let step = 0; step < batches; step++) {
      signal.throwIfAborted();
      const batch = batchOf(text, { sequences, length, seed, step, part: "held-out" });
      const floor = floorOf(text, { ...batch, length });
      if (floor) least.push(floor.told);
      for (
        const { way, losses_T, asked } of await say(await experts.say(batch), { domain, step })
      ) {
        const domains = corpus.domains.map((): number[] => []);
        const found = ways.get(way.id) ?? { ...way, domains, asked: 0, counts: [] };
        found.domains[domain].push(...lossBySequence(losses_T, { ...batch, length }));
        found.counts.push(asked);
        ways.set(way.id, found);
      }
      site.step();
    }
    if (least.length > 0) floors.push(mean(least));
  }
  return {
    ways: [...ways.values()].map(({ counts, ...way }) => ({ ...way, asked: mean(counts) })),
    ...floors.length > 0 && { floors },
  };
}
