/**
 * What if? The best plan and its speed as the cluster, the batch, the network, the number format, the
 * routing or the model's shape change.
 *
 * @module
 */
import { type Circumstances, type Context, defineExperiment, type Outcome } from "../define.ts";
import { contentId } from "../hash.ts";
import { type KnownErrors, knownErrors } from "../simulate/known_errors.ts";
import { fitErrors } from "../simulate/left_out.ts";
import type { BestPlans } from "./best_plans.ts";
import { type DoneSweep, findPoints } from "./find_points.ts";
import { scalingChecks } from "./scaling_checks.ts";
import { scalingParameters, type ScalingValues } from "./scaling_parameters.ts";
import { scalingBars, scalingLines } from "./scaling_plots.ts";
import { planTable, sweepTables } from "./scaling_tables.ts";
import { scalingDecision, scalingNotes, scalingVerdict } from "./scaling_words.ts";
import { skewCandidates, type SkewedRouting, skewedRouting } from "./skew.ts";
import { candidateTable, type SkewedSubject, skewPlots, skewTable } from "./skew_tables.ts";
import { type Subject, subjectName, subjectsOf } from "./subjects.ts";
import { chosenSweeps, skewId } from "./sweeps.ts";

/** Clusters, batches, networks, formats, routing and shapes, with the best plan of each. */
export const scalingExperiment = defineExperiment({
  id: "scaling",
  title: "What if: scaling",
  question:
    "How fast is the best plan on other clusters, batches, networks and formats, with uneven routing and for other shapes of the model, and where does efficiency fall below 80 %?",
  parameters: scalingParameters,
  run: runScaling,
});

/** Nothing runs on a device. */
async function circumstances(subjects: readonly Subject[]): Promise<Circumstances> {
  return {
    adapter: {
      ...{ vendor: "none", architecture: "none", device: "none", description: "none is used" },
      ...{ software: false, features: [], limits: {}, subgroupSize: 0 },
    },
    timer: { kind: "none", resolutionSeconds: 0 },
    inputs: { subjects: await contentId(subjects) },
    kernels: {},
  };
}

/** Lets those who wait have a word. */
const breathe = () => new Promise((resume) => setTimeout(resume));

async function skewSubjects(
  subjects: readonly Subject[],
  bases: readonly BestPlans[],
  { seed, signal, progress }: Pick<Context, "seed" | "signal" | "progress">,
): Promise<SkewedSubject[]> {
  const skewed: SkewedSubject[] = [];
  const of = (subject: Subject) => `${subjectName(subject)}, uneven routing`;
  progress.start(subjects.reduce((sum, { skews }) => sum + skews.length, 0), of(subjects[0]));
  for (const [i, subject] of subjects.entries()) {
    await breathe();
    const { base, skews } = subject;
    const exponent = Math.max(...skews);
    const plans = base.sizes.moe ? skewCandidates(base, bases[i], { exponent, seed }) : [];
    const routings: SkewedRouting[] = [];
    for (const exponent of skews) {
      await breathe();
      signal.throwIfAborted();
      if (plans.length > 0) routings.push(skewedRouting(base, plans, { exponent, seed }));
      progress.step(of(subject));
    }
    if (routings.length > 0) skewed.push({ subject, routings });
  }
  progress.stop();
  return skewed;
}

async function runScaling(context: Context<ScalingValues>): Promise<Outcome> {
  const { parameters } = context;
  const chosen = chosenSweeps(parameters.sweeps);
  const subjects = await subjectsOf(parameters);
  const { done, bases, forget } = await findPoints(subjects, {
    ...context,
    sweeps: parameters.sweeps,
  });
  const skewed = chosen.has(skewId) ? await skewSubjects(subjects, bases, context) : [];
  const errors = await fitErrors();
  const errorsOf = ({ subject: { base } }: DoneSweep): KnownErrors =>
    knownErrors(base.stack, errors, base.sizes);
  const tables = [
    ...sweepTables(done, errorsOf),
    ...(skewed.length > 0 ? [skewTable(skewed), candidateTable(skewed)] : []),
    planTable(done),
  ];
  const lines = [...scalingLines(done, errorsOf), ...skewPlots(skewed)];
  const bars = scalingBars(done);
  return {
    written: forget,
    verdict: scalingVerdict(done, errorsOf),
    decision: scalingDecision(done, skewed),
    notes: scalingNotes,
    tables: tables.map(({ info }) => info),
    rows: tables.flatMap(({ rows }) => rows),
    ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
    lines,
    bars,
    // The first curves say where efficiency falls, the bars what breaks it.
    sections: [
      ...[...lines.slice(0, 1), ...bars, ...lines.slice(1)].map(({ id }) => id),
      "results",
    ],
    checks: scalingChecks(done),
    circumstances: await circumstances(subjects),
  };
}
