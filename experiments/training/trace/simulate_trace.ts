/**
 * A cluster under a trace and under balanced routing.
 *
 * @module
 */
import { exactly } from "../../../kernels/base/estimate.ts";
import { loadSpread } from "../../../core/train/measures.ts";
import type { Row } from "../../../reports/result.ts";
import { contentId } from "../../hash.ts";
import { eventFigures, simulateEvents } from "../../simulate/events.ts";
import { readSimulation, type SimulationWords } from "../../simulate/inputs.ts";
import { knownErrors } from "../../simulate/known_errors.ts";
import { fitErrors } from "../../simulate/left_out.ts";
import { reportOf, type SimulationReport } from "../../simulate/report.ts";
import type { ToldTable } from "../router_table.ts";
import type { RoutingTrace } from "./trace.ts";

/** What is simulated, in words of the command line. */
export interface SimulatedWords {
  /** Preset or file. */
  model: string;
  /** Such as "h100:8". */
  cluster: string;
  /** Such as "ep=8". */
  plan: string;
}

/** A trace and what a cluster does under it. */
export interface SimulatedTrace {
  /** Name of the router. */
  name: string;
  /** Where the trace lies. */
  path: string;
  /** The trace. */
  trace: Pick<RoutingTrace, "counts_LE">;
  /** The step under it. */
  traced: SimulationReport;
  /** The step under equal loads. */
  balanced: SimulationReport;
}

/** All words of a step under a routing. */
export const tracedWords = (words: SimulatedWords, routing: string): SimulationWords => ({
  ...words,
  ...{ routing, sequence: 4096, stack: "base", graphs: "none", seed: 1 },
});

async function simulate(words: SimulatedWords, routing: string): Promise<SimulationReport> {
  const simulation = await readSimulation(tracedWords(words, routing));
  const { stack, sizes } = simulation;
  return reportOf(simulation, {
    errors: knownErrors(stack, await fitErrors(), sizes),
    // The closed form has every expert equally wanted.
    events: eventFigures(simulateEvents(simulation)),
  });
}

/**
 * Simulates both.
 *
 * @throws {UserError} where the model has another number of experts than the trace.
 */
export async function simulateTrace(
  traced: Pick<SimulatedTrace, "name" | "path" | "trace">,
  words: SimulatedWords,
): Promise<SimulatedTrace> {
  return {
    ...traced,
    traced: await simulate(words, traced.path),
    balanced: await simulate(words, "balanced"),
  };
}

/** How much longer the step is under the trace. */
export function stretchOf({ traced, balanced }: SimulatedTrace): number {
  return traced.step.value / balanced.step.value - 1;
}

/** Steps under traces, and the one under equal loads. */
export async function tracedTable(
  simulated: readonly SimulatedTrace[],
  words: SimulatedWords,
): Promise<ToldTable> {
  const id = "clusters";
  const row = async (
    router: string,
    report: SimulationReport,
    own: Row["metrics"],
  ): Promise<Row> => ({
    id: await contentId({ table: id, router, words }),
    table: id,
    labels: { routing: router },
    kind: "simulated",
    metrics: {
      ...own,
      stepSeconds: report.step,
      peakBytes: exactly(report.memory.peakBytes, "planned memory of the fullest stage"),
    },
    warnings: report.memory.fits ? [] : ["does not fit into the devices' memory"],
  });
  const rows = simulated.length === 0 ? [] : [
    await row("balanced", simulated[0].balanced, { busiestOverMean: exactly(1, "equal loads") }),
  ];
  for (const one of simulated) {
    const loads = one.trace.counts_LE.map((counts) => loadSpread(counts).maxOverMean);
    rows.push(
      await row(one.name, one.traced, {
        busiestOverMean: {
          value: loads.reduce((sum, x) => sum + x, 0) / loads.length,
          ...{ lo: Math.min(...loads), hi: Math.max(...loads), n: loads.length },
          method: "mean, least and greatest of the layers of the trace",
        },
        longerFraction: exactly(
          stretchOf(one),
          "step under the trace over that under equal loads, less 1",
        ),
      }),
    );
  }
  return {
    info: {
      id,
      title: `${words.model} on ${words.cluster}, ${words.plan}, under these loads`,
      note: "The layers of the trace are taken in turn for those of the model.",
      columns: ["routing", "busiestOverMean", "stepSeconds", "longerFraction", "peakBytes"],
      best: { stepSeconds: "lowest" },
    },
    rows,
  };
}
