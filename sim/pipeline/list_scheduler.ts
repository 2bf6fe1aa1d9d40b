/**
 * Orders for schedules that split the backward pass, found by running them: a stage does its next
 * forward or input gradient if it can, and a weight gradient that it still owes if it cannot or if
 * its activations are at their limit.
 *
 * This is the idea of the heuristic of "Zero Bubble Pipeline Parallelism" (arXiv 2401.10241,
 * section 3): weight gradients wait for nobody, so they fill the time that others leave.
 *
 * Who is next follows from a *rank* that each schedule gives its operations: a stage takes the
 * operation of the lowest rank of all that are left (`strict`) or of those that could start now.
 *
 * @module
 */
import type { PipelineCosts } from "./costs.ts";
import type { Operation, PipelineShape } from "./program.ts";

/** What tells one list schedule from another. */
export interface ListRule {
  /** Rank of an operation; lower goes first. */
  rank(phase: "F" | "B", at: { stage: number; chunk: number; microBatch: number }): number;
  /** Whether a stage waits for its lowest rank rather than take another that could start. */
  strict: boolean;
  /** Chunk activations that a stage may hold, from a forward to its weight gradient. */
  limit: number;
  /** How many of them chunk 0 leaves to chunk 1. */
  reserve(stage: number): number;
  /**
   * Share of a weight gradient that has to fit before what comes next arrives, for a stage to
   * begin it; 0 begins whenever there is nothing else.
   */
  patience: number;
}

/** What a stage has done and when it can do more. */
interface Stage {
  order: Operation[];
  /** Forwards, input gradients and held activations, by chunk. */
  forwards: number[];
  gradients: number[];
  held: number[];
  owed: Operation[];
  /** End of what it does now. */
  free: number;
  /** When to look at it again. */
  wake: number;
}

interface Candidate {
  phase: "F" | "B";
  chunk: number;
  rank: number;
  ready: number;
}

/**
 * The order of every stage.
 *
 * @throws {RangeError} where the limit is too low for any micro-batch to get through.
 */
export function listSchedule(
  shape: PipelineShape,
  rule: ListRule,
  costs: PipelineCosts,
): Operation[][] {
  const { stages, microBatches, chunks } = shape;
  const last = stages * chunks - 1;
  const positionOf = (stage: number, chunk: number) => chunk === 0 ? stage : last - stage;
  const stageOf = (position: number) => position < stages ? position : last - position;
  const unknown = () => new Float64Array(microBatches).fill(Infinity);
  const forwardEnd = Array.from({ length: last + 1 }, unknown);
  const gradientEnd = Array.from({ length: last + 1 }, unknown);
  const all = Array.from({ length: stages }, (): Stage => ({
    order: [],
    forwards: new Array(chunks).fill(0),
    gradients: new Array(chunks).fill(0),
    held: new Array(chunks).fill(0),
    owed: [],
    free: 0,
    wake: 0,
  }));

  const arrival = (end: number, from: number, to: number) =>
    end + (stageOf(from) === to ? 0 : costs.sendSeconds);

  function candidates(s: number): Candidate[] {
    const { forwards, gradients } = all[s];
    const list: Candidate[] = [];
    for (let chunk = chunks - 1; chunk >= 0; chunk--) {
      const at = positionOf(s, chunk);
      const f = forwards[chunk];
      if (f < microBatches) {
        const ready = at === 0 ? 0 : arrival(forwardEnd[at - 1][f], at - 1, s);
        const rank = rule.rank("F", { stage: s, chunk, microBatch: f });
        list.push({ phase: "F", chunk, rank, ready });
      }
      const b = gradients[chunk];
      if (b < microBatches) {
        const next = at === last ? forwardEnd[at][b] : arrival(gradientEnd[at + 1][b], at + 1, s);
        const ready = b < f ? next : Infinity;
        const rank = rule.rank("B", { stage: s, chunk, microBatch: b });
        list.push({ phase: "B", chunk, rank, ready });
      }
    }
    return list.sort((a, b) => a.rank - b.rank);
  }

  function fits(s: number, { phase, chunk }: Candidate): boolean {
    if (phase === "B") return true;
    const { held } = all[s];
    const total = held.reduce((sum, n) => sum + n, 0);
    if (total >= rule.limit) return false;
    return chunk > 0 || chunks === 1 || held[0] < rule.limit - rule.reserve(s);
  }

  function run(s: number, { phase, chunk }: Candidate, now: number): number {
    const stage = all[s];
    const at = positionOf(s, chunk);
    if (phase === "F") {
      const microBatch = stage.forwards[chunk]++;
      stage.held[chunk]++;
      stage.order.push({ phase, microBatch, chunk });
      return forwardEnd[at][microBatch] = now + costs.forward[s][chunk];
    }
    const microBatch = stage.gradients[chunk]++;
    stage.order.push({ phase, microBatch, chunk });
    stage.owed.push({ phase: "W", microBatch, chunk });
    return gradientEnd[at][microBatch] = now + costs.backwardInput[s][chunk];
  }

  /** Wakes the stage that waits for the output of an operation that ends at `end`. */
  function tell(s: number, { phase, chunk }: Candidate, end: number): void {
    const to = positionOf(s, chunk) + (phase === "F" ? 1 : -1);
    if (to < 0 || to > last || stageOf(to) === s) return;
    const other = all[stageOf(to)];
    other.wake = Math.min(other.wake, Math.max(end + costs.sendSeconds, other.free));
  }

  /** Whether something arrives too soon to begin a weight gradient. */
  function waitIsShort(s: number, list: Candidate[], now: number): boolean {
    const { chunk } = all[s].owed[0];
    const soon = now + rule.patience * costs.backwardWeight[s][chunk];
    return (rule.strict ? list.slice(0, 1) : list)
      .some((candidate) => now < candidate.ready && candidate.ready < soon && fits(s, candidate));
  }

  /** Lets a stage do one thing; where it can do nothing it sleeps until something arrives. */
  function act(s: number, now: number): void {
    const stage = all[s];
    const list = candidates(s);
    const choice = (rule.strict ? list.slice(0, 1) : list)
      .find((candidate) => candidate.ready <= now && fits(s, candidate));
    if (choice === undefined && (stage.owed.length === 0 || waitIsShort(s, list, now))) {
      const later = list.filter(({ ready }) => ready > now).map(({ ready }) => ready);
      stage.wake = Math.min(Infinity, ...later);
      return;
    }
    if (choice) {
      stage.free = run(s, choice, now);
      tell(s, choice, stage.free);
    } else {
      const weight = stage.owed.shift()!;
      stage.held[weight.chunk]--;
      stage.order.push(weight);
      stage.free = now + costs.backwardWeight[s][weight.chunk];
    }
    stage.wake = stage.free;
    left--;
  }

  let left = 3 * stages * chunks * microBatches;
  while (left > 0) {
    let next = 0;
    for (let s = 1; s < stages; s++) if (all[s].wake < all[next].wake) next = s;
    const now = all[next].wake;
    if (now === Infinity) {
      throw new RangeError(
        `Cannot order ${shape.name} on ${stages} stages: a limit of ${rule.limit} chunk ` +
          `activations lets nothing through`,
      );
    }
    act(next, now);
  }
  return all.map((stage) => stage.order);
}
