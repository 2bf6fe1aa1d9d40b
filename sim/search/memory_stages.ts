/**
 * Stages as a bound of memory looks at them: those alike are one, and those that hold no more than
 * another at any moment are left out.
 *
 * @module
 */
import { chunksInFlight } from "../memory/in_flight.ts";
import type { KindCounts } from "../memory/kind_counts.ts";
import type { Plan } from "../plan/plan.ts";
import { memoryKinds } from "./layer_memory.ts";

/** A stage; lists are by kind, in the order of `memoryKinds`. */
export interface MemoryStage {
  /** Which of the ways to hold parameters it has. */
  held: number;
  /** Its layers, chunks together. */
  layers: readonly number[];
  /** Layers times micro-batches that wait, those in the host's memory left out. */
  waiting: readonly number[];
  /** Layers of its first chunk, likewise. */
  first: readonly number[];
  /** Losses of a micro-batch, and micro-batches whose loss waits. */
  losses: number;
  open: number;
  /** Whether the input table is here. */
  embedding: boolean;
}

/** Ways to hold parameters, and the stages that differ. */
export interface MemoryStages {
  /** Layers of all chunks of a stage. */
  held: readonly KindCounts[];
  /** Stages. */
  stages: readonly MemoryStage[];
  /** Of an average stage, layers times micro-batches that wait. */
  waiting: number;
  /** Share of stages that have any layers. */
  busy: number;
}

function together(counts: readonly KindCounts[]): KindCounts {
  const all = { dense: 0, moe: 0, mtp: 0, embedding: false, head: false };
  for (const chunk of counts) {
    for (const kind of memoryKinds) all[kind] += chunk[kind];
    all.embedding ||= chunk.embedding;
    all.head ||= chunk.head;
  }
  return all;
}

const noMore = (a: readonly number[], b: readonly number[]) => a.every((n, i) => n <= b[i]);

/** Whether one stage holds no more than another. */
function isCovered(a: MemoryStage, b: MemoryStage): boolean {
  return a.held === b.held && noMore(a.waiting, b.waiting) && a.open <= b.open &&
    (!a.embedding || noMore(b.first, a.first));
}

/** Whether each of some figures of a micro-batch grows at least as the micro-batch does. */
const growsWith = (
  figures: (stage: MemoryStage) => readonly number[],
  of: { many: MemoryStage; few: MemoryStage; growth: number },
) => {
  const after = figures(of.few);
  return figures(of.many).every((before, i) => after[i] * of.growth >= before);
};

/**
 * Whether the stages of a cut hold no less when the same sequences come in fewer micro-batches, so many
 * times as large: every stage of the one has a stage of the other that holds no less at any moment.
 */
export function holdNoLess(many: MemoryStages, few: MemoryStages, growth: number): boolean {
  const covers = (one: MemoryStage, other: MemoryStage): boolean => {
    const grows = (figures: (stage: MemoryStage) => readonly number[]) =>
      growsWith(figures, { many: one, few: other, growth });
    return one.held === other.held && one.losses <= other.losses &&
      grows(({ waiting }) => waiting) &&
      grows(({ open }) => [open, Math.max(0, open - 1)]) &&
      // What its first chunk gives back, when the gradient of the input table comes.
      (!one.embedding || grows(({ waiting, first }) => waiting.map((n, k) => n - first[k])));
  };
  return many.stages.every((one) => few.stages.some((other) => covers(one, other)));
}

function stageOf(stage: number, held: number, of: { plan: Plan; own: readonly KindCounts[] }) {
  const { plan, own } = of;
  const all = together(own);
  const inFlight = chunksInFlight(stage, plan);
  const layers = memoryKinds.map((kind) => all[kind]);
  const count = layers.reduce((a, b) => a + b, 0);
  const stays = count === 0 ? 1 : 1 - Math.min(1, plan.offload.activationLayers / count);
  const head = own.findIndex((chunk) => chunk.head);
  const losses = head < 0 ? 0 : inFlight[head] ?? 0;
  return {
    ...{ held, layers, embedding: all.embedding },
    waiting: memoryKinds.map((kind) =>
      stays * own.reduce((sum, chunk, c) => sum + chunk[kind] * (inFlight[c] ?? 0), 0)
    ),
    first: memoryKinds.map((kind) => stays * own[0][kind]),
    losses: all.head ? 1 + all.mtp : 0,
    // The backward pass begins right after the loss, unless all forward passes come first.
    open: plan.schedule === "gpipe" ? losses : Math.min(1, losses),
  };
}

/** The stages of a plan, whose chunks hold so many layers by kind. */
export function memoryStages(
  plan: Plan,
  counts: readonly (readonly KindCounts[])[],
): MemoryStages {
  const held = new Map<string, { index: number; all: KindCounts }>();
  let stages: MemoryStage[] = [];
  let waiting = 0;
  let busy = 0;
  counts.forEach((own, place) => {
    const all = together(own);
    const key = Object.values(all).join();
    let way = held.get(key);
    if (way === undefined) held.set(key, way = { index: held.size, all });
    const stage = stageOf(place, way.index, { plan, own });
    waiting += stage.waiting.reduce((a, b) => a + b, 0) / counts.length;
    if (stage.layers.some((layers) => layers > 0)) busy += 1 / counts.length;
    if (stages.some((other) => isCovered(stage, other))) return;
    stages = stages.filter((other) => !isCovered(other, stage));
    stages.push(stage);
  });
  return { held: [...held.values()].map(({ all }) => all), stages, waiting, busy };
}
