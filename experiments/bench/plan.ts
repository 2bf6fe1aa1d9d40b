/**
 * How fast plans are found: whole searches, every valid plan of a model on a cluster, to the end.
 *
 * A search decides about many more plans than it prices; what is counted as its work are the plans
 * that were priced, and beside them those of them that fit, since rivals price plans that do not.
 *
 * @module
 */
import { modelPreset } from "../../core/spec/mod.ts";
import { median } from "../../kernels/base/estimate.ts";
import { type SearchCounts, searchPlans, type SearchProblem, sizesOf } from "../../sim/mod.ts";
import { type BenchOptions, type BenchResult, type BenchRow, chosenParts } from "./bench.ts";

/** A model on a cluster, with the batch that it is trained with. */
interface Question {
  /** Names the part. */
  id: string;
  /** Preset of the model. */
  model: string;
  /** Words of the cluster. */
  cluster: string;
  /** Sequences of a step. */
  globalBatch: number;
  /** Whether a search of it takes a second at most. */
  small?: true;
}

const questions: readonly Question[] = [
  { id: "mixtral-8x7b", model: "mixtral-8x7b", cluster: "h100:16", globalBatch: 32, small: true },
  { id: "qwen3-30b", model: "qwen3-30b-a3b", cluster: "h100:8", globalBatch: 32, small: true },
  { id: "mixtral-8x22b", model: "mixtral-8x22b", cluster: "h100:128", globalBatch: 1024 },
  { id: "qwen3-235b", model: "qwen3-235b-a22b", cluster: "h100:256", globalBatch: 2048 },
  { id: "deepseek-v3", model: "deepseek-v3", cluster: "h800:2048", globalBatch: 15360 },
];

/** The searches keep so many plans, as `plan` shows them. */
const top = 10;

/** How often each is searched: the fewest times that give a median an interval. */
const searches = 6;

/** Tokens of a sequence. */
const sequence = 4096;

/** What others were timed at on two such cores; theirs are plans priced one by one, in any state. */
const rivals = [
  "Beside it: Calculon's search of Turing 530B on 2,520 A100 went through 8,112 plans, 1,080 of them " +
  "feasible, at 387 to 425 plans/s on two such cores: about 53 feasible plans/s",
  "Beside it: SimuMax's search of DeepSeek-V3 on 1,024 devices priced 176 plans in 27.8 s on one core, " +
  "1 of them feasible: 6.3 plans/s",
];

function problemOf({ model, cluster, globalBatch }: Question, quick: boolean): SearchProblem {
  return {
    sizes: sizesOf(modelPreset(model)),
    cluster,
    workload: { sequence, routing: { kind: "balanced" }, causal: true },
    globalBatch,
    ...(quick && { fix: { precision: "bf16", cp: 1, dispatcher: "all-to-all" } }),
  };
}

/** A number of plans in three digits: "1.6e16". */
const shortly = (digits: string) => Number(digits).toPrecision(3).replace("e+", "e");

function rowOf(question: Question, counts: SearchCounts, samples: number[]): BenchRow {
  const { id, model, cluster, globalBatch } = question;
  const priced = Number(counts.evaluated);
  return {
    id: `plan/${id}`,
    labels: {
      ...{ model, cluster, batch: globalBatch, plans: shortly(counts.enumerated) },
      feasible: `${(100 * Number(counts.feasible) / priced).toFixed(0)} %`,
    },
    ...{ seconds: median(samples), samples },
    items: { name: "plans", count: priced },
    warnings: [],
  };
}

/** Times whole searches in one process. */
export function benchPlan(
  { quick, only, log, seconds, signal }: BenchOptions,
): Promise<BenchResult> {
  const asked = chosenParts(questions, only)
    .filter(({ small }) => !quick || only.length > 0 || small);
  const rows = asked.map((question): BenchRow => {
    const problem = problemOf(question, quick);
    const samples: number[] = [];
    let counts: SearchCounts | undefined;
    for (let i = 0; i < (quick ? 2 : searches); i++) {
      signal.throwIfAborted();
      log(`Plans of ${question.model} on ${question.cluster}`);
      const began = seconds();
      ({ counts } = searchPlans(problem, { top, front: false }));
      samples.push(seconds() - began);
    }
    return rowOf(question, counts!, samples);
  });
  const notes = [
    `Every valid plan of sequences of ${sequence} tokens, the best ${top}; one process, one core` +
    (quick ? "; bf16, no context ranks and all-to-all alone, as it is a quick run" : ""),
    ...rivals,
  ];
  return Promise.resolve({ bench: "plan", notes, rows, contests: [], skipped: [] });
}
