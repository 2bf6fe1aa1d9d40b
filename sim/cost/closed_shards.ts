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
import type { ChunkSeconds } from "./closed_chunk.ts";
import { emptyLine, layOne, layPair, runLine } from "./closed_line.ts";
import { operationScript, type Script, type ScriptSite } from "./closed_script.ts";

/** Micro-batches after which each takes as long as the one before. */
const settled = 4;

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
  return few + (microBatches - settled) * (few - run(settled - 1));
}
