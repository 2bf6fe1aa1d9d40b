/**
 * What the report of `routing-trace` says.
 *
 * @module
 */
import { formatSigned } from "../../../reports/format.ts";
import type { Result } from "../../../reports/result.ts";
import { intervalNote, trainingNote } from "../router_words.ts";
import type { Arena } from "../sized_runs.ts";
import { type SimulatedTrace, type SimulatedWords, stretchOf } from "./simulate_trace.ts";

/** The answer. */
export function traceVerdict(
  simulated: readonly SimulatedTrace[],
  { model, cluster, plan }: SimulatedWords,
): string {
  const ordered = simulated.toSorted((a, b) => stretchOf(a) - stretchOf(b));
  const [least, most] = [ordered[0], ordered.at(-1)!];
  if (!least) return "No router was trained: nothing to say.";
  return `A simulated step of ${model} on ${cluster} (${plan}) is ${
    formatSigned(stretchOf(least))
  } ` +
    `(${least.name}) to ${
      formatSigned(stretchOf(most))
    } (${most.name}) longer under the loads of ` +
    `${simulated.length} routers trained here than under equal loads.`;
}

/** What follows from it. */
export function traceDecision(simulated: readonly SimulatedTrace[]): string {
  const least = simulated.toSorted((a, b) => stretchOf(a) - stretchOf(b))[0];
  if (!least) return "Nothing follows from it.";
  return `Simulate clusters with --routing ${least.path} or another of these files where the ` +
    "router matters, and not with equal loads. Loads of a larger model, or of other text, would " +
    "change this.";
}

/** How it was done, and its limits. */
export function traceNotes(
  arena: Arena,
  options: SimulatedWords & { seeds: number; simulated: readonly SimulatedTrace[] },
): Result["notes"] {
  const { seeds, model, cluster, plan, simulated } = options;
  return [
    {
      heading: "From a trace to a step",
      paragraphs: [
        "Choices of held-out tokens are counted by layer and expert, before any is dropped, and " +
        "written as JSON with the key counts_LE. The simulator takes the shares of each layer for " +
        "its own; a model with more layers takes those of the trace in turn. The trace is of the " +
        "first seed.",
        ...(simulated.length > 0
          ? [
            "The same by hand: simulate " +
            `--model ${model} --cluster ${cluster} --plan ${plan} --routing ${simulated[0].path}`,
          ]
          : []),
        "What carries over from so small a model is the kind of imbalance that a router leaves, " +
        "not its size.",
      ],
    },
    trainingNote(arena.training),
    intervalNote(seeds),
  ];
}
