/**
 * A step of one stage whose parameters are sharded (ZeRO 3): every layer is gathered before each of
 * its passes and its gradients are scattered behind, so that the passes cannot be priced one by one.
 * A few micro-batches are run as a line; the rest take what the last of these adds.
 *
 * @module
 */
import type { PairRule } from "../pipeline/compiled.ts";
import type { OperationPhase } from "../pipeline/program.ts";
import { schedule } from "../pipeline/schedule.ts";
import type { Plan } from "../plan/plan.ts";
import type { Stack } from "../stack/stack.ts";
import type { ChunkSeconds } from "./closed_chunk.ts";
import { emptyLine, layOne, layPair, runLine } from "./closed_line.ts";
import {
  operationScript,
  type Script,
  type ScriptSite,
  takesProcessors,
  tokensApart,
} from "./closed_script.ts";

/** Micro-batches after which each takes as long as the one before. */
const settled = 4;

/**
 * Seconds for which kernels stand still at least, for gathers and scatters that take so long.
 *
 * Beside kernels a share of each shows, else all of it. An item may begin with both: it waits for the
 * one behind the other, but for a gather that it waits for while it stands still for a scatter.
 */
export function shownShards(
  seconds: { gather: number; scatter: number },
  { parameters, gradients }: Pick<Plan["overlap"], "parameters" | "gradients">,
  { hiddenShare }: Pick<Stack, "hiddenShare">,
): number {
  const gather = seconds.gather * (parameters ? 1 - hiddenShare.parameters : 1);
  const scatter = seconds.scatter * (gradients ? 1 - hiddenShare.gradients : 1);
  return gradients && !parameters ? Math.max(gather, scatter) : gather + scatter;
}

/** Seconds of an operation's items and of tokens for which they stand still or wait at least. */
function leastKernels({ seconds, tokens, waits }: Script, { plan, machine }: ScriptSite): number {
  const apart = tokensApart(plan);
  const share = 1 - machine.stack.hiddenShare.experts;
  let least = 0;
  for (let i = 0; i < seconds.length; i++) {
    least += seconds[i];
    if (tokens[i] === 0) continue;
    // Alone, an operation waits with its next item or with the one after that.
    const beside = waits[i + 1] === 1 ? 0 : seconds[i + 1];
    const stands = takesProcessors(plan) ? tokens[i] * share : 0;
    least += apart ? stands : Math.max(stands, tokens[i] - beside);
  }
  return least;
}

/**
 * Seconds that a micro-batch adds to a long line at least: its kernels, or what data ranks exchange.
 * Its operations are forward and whole backward passes, or as much in more of them.
 */
function leastAdded(scripts: readonly Script[], site: ScriptSite): number {
  let kernels = 0;
  let gather = 0;
  let scatter = 0;
  for (const script of scripts) {
    kernels += leastKernels(script, site);
    for (const seconds of script.gather) gather += seconds;
    for (const seconds of script.scatter) scatter += seconds;
  }
  const { plan: { overlap }, machine: { stack } } = site;
  return Math.max(kernels + shownShards({ gather, scatter }, overlap, stack), gather + scatter);
}

/** Seconds of all micro-batches on a single stage. */
export function shardedSeconds(
  chunks: readonly ChunkSeconds[],
  site: ScriptSite,
  options: { microBatches: number; rule: PairRule },
): number {
  const { microBatches, rule } = options;
  const { plan } = site;
  const scripts = new Map<string, Script>();
  const scriptOf = (phase: OperationPhase, chunk: number) => {
    const key = `${phase}/${chunk}`;
    let script = scripts.get(key);
    if (script === undefined) {
      scripts.set(key, script = operationScript(chunks[chunk].layers, phase, site));
    }
    return script;
  };

  function run(count: number): number {
    const [{ operations }] = schedule(plan.schedule, {
      stages: 1,
      microBatches: count,
      chunks: chunks.length,
    });
    const line = emptyLine();
    for (let i = 0; i < operations.length; i++) {
      const op = operations[i];
      const next = operations[i + 1];
      const pair = rule === "marked"
        ? next?.paired
        : rule === "followed" && op.phase === "BW" && next?.phase === "F";
      const script = scriptOf(op.phase, op.chunk);
      if (pair) {
        layPair(line, script, scriptOf(next.phase, next.chunk));
        i++;
      } else layOne(line, script);
    }
    return runLine(line, site).seconds;
  }

  if (microBatches <= settled) return run(microBatches);
  const few = run(settled);
  const passes = chunks.flatMap((_, chunk) => [scriptOf("F", chunk), scriptOf("BW", chunk)]);
  const added = Math.max(few - run(settled - 1), leastAdded(passes, site));
  return few + (microBatches - settled) * added;
}
