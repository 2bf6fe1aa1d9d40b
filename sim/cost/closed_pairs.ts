/**
 * What two operations take that run beside each other, so that the tokens of each travel while the
 * other computes.
 *
 * @module
 */
import type { PairRule } from "../pipeline/compiled.ts";
import type { PairTimes } from "../pipeline/costs.ts";
import { scheduleFacts } from "../pipeline/schedule.ts";
import { chunkSends } from "../pipeline/sends.ts";
import type { ChunkSeconds } from "./closed_chunk.ts";
import { emptyLine, layPair, runLine } from "./closed_line.ts";
import { operationScript, type ScriptSite } from "./closed_script.ts";
import type { CostedStep } from "./step_costs.ts";

/** Which operations of a plan overlap; none where no tokens travel that could hide. */
export function pairRule({ overlap, pp, schedule, ep, etp }: ScriptSite["plan"]): PairRule {
  if (ep * etp === 1) return "none";
  if (overlap.experts === "dualpipe" && schedule.startsWith("dualpipe")) return "marked";
  // Elsewhere the program is not far enough ahead.
  const ahead = pp === 1 || schedule === "interleaved";
  return overlap.experts === "batches" && ahead ? "followed" : "none";
}

/** A pair on its own. */
interface Pair {
  lead: number;
  first: number;
  second: number;
  whole: number;
}

interface PairSite extends ScriptSite {
  rule: PairRule;
  /** Seconds of a send, and whether kernels wait for it. */
  sendSeconds: number;
  blocks: boolean;
}

/** Runs a pair; `sends` says whether the forward and the backward pass send their outputs on. */
function runPair(
  forward: ChunkSeconds,
  backward: ChunkSeconds,
  site: PairSite & { sends: { forward: boolean; backward: boolean } },
): Pair {
  const { rule, sends, sendSeconds, blocks } = site;
  const f = { script: operationScript(forward.layers, "F", site), sends: sends.forward };
  const b = { script: operationScript(backward.layers, "BW", site), sends: sends.backward };
  // DualPipe begins with the forward pass, other schedules with the backward pass.
  const [one, other] = rule === "marked" ? [f, b] : [b, f];
  const line = emptyLine();
  layPair(line, one.script, other.script);
  const blocking = (of: typeof f) => of.sends && blocks ? sendSeconds : 0;
  const { start, end, kernels } = runLine(line, site, {
    sends: [blocking(one), blocking(other)],
  });
  let [first, second] = end;
  if (one.sends && other.sends && !blocks) {
    // Two outputs leave one after the other.
    if (first < second) second = Math.max(second, first + sendSeconds);
    else first = Math.max(first, second + sendSeconds);
  }
  return { lead: start[1], first, second, whole: kernels };
}

/** Pairs of operations that overlap, by places as `PairTimes` has them. */
export function pairTimes(
  chunks: readonly (readonly ChunkSeconds[])[],
  costs: CostedStep,
  site: ScriptSite & { rule: PairRule },
): PairTimes {
  const { plan, rule } = site;
  const pairSite = { ...site, sendSeconds: costs.sendSeconds, blocks: !plan.overlap.pipeline };
  const count = chunks[0].length;
  const of = {
    placement: scheduleFacts[plan.schedule].placement,
    stages: chunks.length,
    chunks: count,
  };
  const zeros = () => new Array<number>(chunks.length * count * count).fill(0);
  const pairs = { lead: zeros(), first: zeros(), second: zeros(), whole: zeros() };
  // The few different chunks in the few different ways to send their outputs on.
  const known = new Map<ChunkSeconds, Map<ChunkSeconds, Pair[]>>();

  function pairOf(
    forward: ChunkSeconds,
    backward: ChunkSeconds,
    sends: { forward: boolean; backward: boolean },
  ): Pair {
    let others = known.get(forward);
    if (others === undefined) known.set(forward, others = new Map());
    let ways = others.get(backward);
    if (ways === undefined) others.set(backward, ways = []);
    const way = (sends.forward ? 1 : 0) + (sends.backward ? 2 : 0);
    return ways[way] ??= runPair(forward, backward, { ...pairSite, sends });
  }

  for (let stage = 0; stage < chunks.length; stage++) {
    for (let chunk = 0; chunk < count; chunk++) {
      for (let other = 0; other < count; other++) {
        // DualPipe never pairs a chunk with itself.
        if (rule === "marked" && other === chunk) continue;
        const pair = pairOf(chunks[stage][chunk], chunks[stage][other], {
          forward: chunkSends({ stage, chunk }, of).forward,
          backward: chunkSends({ stage, chunk: other }, of).backward,
        });
        const at = (stage * count + chunk) * count + other;
        pairs.lead[at] = pair.lead;
        pairs.first[at] = pair.first;
        pairs.second[at] = pair.second;
        pairs.whole[at] = pair.whole;
      }
    }
  }
  return pairs;
}
