/**
 * The time of a line of items on one rank: kernels, exchanges of tokens and exchanges between data
 * ranks each work through what they are given in order.
 *
 * Two operations that overlap are laid together like the teeth of a zip: one sends tokens off, and
 * while they travel the other computes, until it sends some in turn (DeepSeek-V3, arXiv 2412.19437,
 * section 3.2.1). Kernels stand still for the share of an exchange that takes the multiprocessors
 * from them, unless the next item waits for the whole of it anyway. Parameters come one layer ahead.
 *
 * The rules are those of the events (`sim/step/tasks/stage_tasks.ts`) for ranks that are all alike.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { type Script, type ScriptSite, takesProcessors } from "./closed_script.ts";

/** Items of an operation that follow each other. */
interface Segment {
  script: Script;
  operation: number;
  from: number;
  to: number;
}

/** Scripts in the order in which they run. */
export interface Line {
  /** Parts of scripts. */
  segments: Segment[];
  /** Operations. */
  operations: number;
}

/** When the operations of a line run. */
export interface LineTimes {
  /** Begin of the kernels of each operation. */
  start: number[];
  /** Begin of what follows each operation, a blocking send included. */
  end: number[];
  /** End of all kernels and exchanges between data ranks. */
  seconds: number;
  /** End of all kernels. */
  kernels: number;
}

/** An empty line. */
export function emptyLine(): Line {
  return { segments: [], operations: 0 };
}

/** Ends of the turns of a script: items up to one that sends tokens off. */
function turnEnds({ tokens }: Script): number[] {
  const ends: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] > 0 || i === tokens.length - 1) ends.push(i + 1);
  }
  return ends;
}

/** Lays an operation behind the others. */
export function layOne(line: Line, script: Script): void {
  const operation = line.operations++;
  line.segments.push({ script, operation, from: 0, to: script.seconds.length });
}

/** Lays two operations that overlap, in turns, in proportion where one has more of them. */
export function layPair(line: Line, one: Script, other: Script): void {
  const a = turnEnds(one);
  const b = turnEnds(other);
  const first = line.operations;
  line.operations += 2;
  const { segments } = line;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const next = j === b.length || (i < a.length && i * b.length <= j * a.length);
    if (next) segments.push({ script: one, operation: first, from: a[i - 1] ?? 0, to: a[i++] });
    else segments.push({ script: other, operation: first + 1, from: b[j - 1] ?? 0, to: b[j++] });
  }
}

/** Shares of exchanges for which kernels stand still, and whether they are waited for at once. */
function sharesOf(plan: Plan, { hiddenShare }: ScriptSite["machine"]["stack"]) {
  const { gradients, parameters } = plan.overlap;
  return {
    tokens: takesProcessors(plan) ? 1 - hiddenShare.experts : 0,
    gather: parameters ? 1 - hiddenShare.parameters : 0,
    scatter: gradients ? 1 - hiddenShare.gradients : 0,
    gatherAlone: !parameters,
    scatterAlone: !gradients,
  };
}

/** The gather that comes next behind an item, 0 for none. */
function nextGather(segments: readonly Segment[], segment: number, item: number): number {
  let from = item + 1;
  for (let s = segment; s < segments.length; s++) {
    const { script: { gather }, to } = segments[s];
    for (let i = from; i < to; i++) if (gather[i] > 0) return gather[i];
    from = segments[s + 1]?.from;
  }
  return 0;
}

/** Runs a line; `sends` says how long each operation blocks kernels at its end, 0 unless given. */
export function runLine(
  line: Line,
  { plan, machine }: ScriptSite,
  options: { sends?: readonly number[] } = {},
): LineTimes {
  const { sends = [] } = options;
  const { segments, operations } = line;
  const share = sharesOf(plan, machine.stack);
  const start = new Array<number>(operations).fill(-1);
  const end = new Array<number>(operations).fill(0);
  const arrived = new Array<number>(operations).fill(0);
  // Until when kernels, tokens and data ranks are busy.
  let kernels = 0;
  let tokens = 0;
  let data = 0;
  let sentBy = -1;
  let sent = 0;
  // Whether the next gather has begun, and when it ends.
  let begun = false;
  let gathered = 0;
  // What gradients take that are on their way next, and when they are there.
  let owed = 0;
  let owedAt = 0;
  for (let s = 0; s < segments.length; s++) {
    const { script, operation, from, to } = segments[s];
    for (let i = from; i < to; i++) {
      const waits = script.waits[i] === 1;
      let ready = 0;
      let stand = 0;
      // When gradients are there that are waited for at once.
      let alone = 0;
      if (script.gather[i] > 0) {
        if (!begun) gathered = data = Math.max(data, kernels) + script.gather[i];
        ready = gathered;
        if (owed > 0 && share.scatterAlone) {
          alone = data = Math.max(data, owedAt) + owed;
          owed = 0;
        }
        const next = share.gatherAlone ? 0 : nextGather(segments, s, i);
        begun = next > 0;
        if (begun) gathered = data = Math.max(data, kernels) + next;
        stand += next * share.gather;
      }
      if (owed > 0) {
        data = Math.max(data, owedAt) + owed;
        if (share.scatterAlone) alone = data;
        stand += owed * share.scatter;
        owed = 0;
      }
      if (alone > ready) ready = alone;
      if (waits && arrived[operation] > ready) ready = arrived[operation];
      if (sent > 0 && !(waits && sentBy === operation)) stand += sent * share.tokens;
      sent = 0;
      if (stand > 0) kernels = Math.max(kernels, alone) + stand;
      if (start[operation] < 0) start[operation] = kernels;
      kernels = Math.max(kernels, ready) + script.seconds[i];
      if (script.tokens[i] > 0) {
        sent = script.tokens[i];
        sentBy = operation;
        arrived[operation] = tokens = Math.max(tokens, kernels) + sent;
      }
      owed = script.scatter[i];
      owedAt = kernels;
      if (i === script.seconds.length - 1) {
        kernels += sends[operation] ?? 0;
        end[operation] = kernels;
      }
    }
  }
  if (owed > 0) data = Math.max(data, owedAt) + owed;
  return { start, end, kernels, seconds: Math.max(kernels, data) };
}
