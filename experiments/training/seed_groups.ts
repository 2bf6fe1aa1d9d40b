/**
 * What trainings of one configuration over several seeds say together, each number with its interval.
 *
 * With several seeds an interval is that of their mean, by Student's t. With one seed it can only say
 * what the choice of held-out sequences does, and is that of the mean over these; which of the two it
 * is stands in the estimate's method. Numbers of layers are given with the least and the greatest of
 * all layers and seeds.
 *
 * @module
 */
import { loadSpread, perplexity, specialisationOf } from "../../core/train/measures.ts";
import { meanOverSeeds } from "../../core/train/statistics.ts";
import { type Estimate, median } from "../../kernels/base/estimate.ts";
import type { FinishedRun, LayerFigures, RouterFigures, RouterRun } from "./router_run.ts";
import { mean } from "../mean.ts";

/** Trainings that differ in their seed alone. */
export interface SeedGroup {
  /** The first of them. */
  run: RouterRun;
  /** What came out, by seed; empty where it was refused. */
  figures: RouterFigures[];
  /** Why it could not run, where it could not. */
  refused?: string;
}

/** Puts runs with one id together, in the order of their first. */
export function groupSeeds(finished: readonly FinishedRun[]): SeedGroup[] {
  const groups = new Map<string, SeedGroup>();
  for (const { run, outcome } of finished) {
    const group = groups.get(run.id) ?? { run, figures: [] };
    groups.set(run.id, group);
    if ("figures" in outcome) group.figures.push(outcome.figures);
    else group.refused ??= outcome.refused;
  }
  // Fewer seeds than the others have would be an interval of another kind.
  return [...groups.values()].map((g) => g.refused === undefined ? g : { ...g, figures: [] });
}

const overSequences = (losses: readonly number[]): Estimate => ({
  ...meanOverSeeds(losses),
  method: "one seed: mean over held-out sequences, 95 % Student's t",
});

/** An estimate of which each number goes through a rising function. */
function through(estimate: Estimate, f: (x: number) => number): Estimate {
  const { value, lo, hi } = estimate;
  return { ...estimate, value: f(value), lo: f(lo), hi: f(hi) };
}

/** Mean held-out loss, nats a token. */
export function lossOf({ figures }: Pick<SeedGroup, "figures">): Estimate {
  if (figures.length === 1) return overSequences(figures[0].heldOut_S);
  return {
    ...meanOverSeeds(figures.map(({ heldOut_S }) => mean(heldOut_S))),
    method: "mean over seeds, 95 % Student's t",
  };
}

/** Held-out perplexity: exp of {@linkcode lossOf}. */
export function perplexityOf(group: Pick<SeedGroup, "figures">): Estimate {
  return through(lossOf(group), perplexity);
}

/**
 * Held-out loss less that of a control which was trained on the same seeds and saw the same
 * sequences, nats a token: below 0 where it is better. What seeds and sequences do to both alike
 * drops out.
 */
export function differenceOf(
  group: Pick<SeedGroup, "figures">,
  control: Pick<SeedGroup, "figures">,
): Estimate {
  const pairs = group.figures.map((one, i) => [one, control.figures[i]] as const);
  if (pairs.length === 1) {
    const [[one, other]] = pairs;
    return {
      ...overSequences(one.heldOut_S.map((loss, s) => loss - other.heldOut_S[s])),
      method: "one seed: mean over the same held-out sequences, 95 % Student's t",
    };
  }
  return {
    ...meanOverSeeds(pairs.map(([one, other]) => mean(one.heldOut_S) - mean(other.heldOut_S))),
    method: "mean over equal seeds, 95 % Student's t",
  };
}

/** A number of each layer, with the least and the greatest; nothing where no layer has it. */
export function overLayers(
  { figures }: Pick<SeedGroup, "figures">,
  of: (layer: LayerFigures, figures: RouterFigures) => number,
): Estimate | undefined {
  const values = figures.flatMap((one) => one.layers.map((layer) => of(layer, one)))
    .filter(Number.isFinite);
  if (values.length === 0) return undefined;
  return {
    value: mean(values),
    lo: Math.min(...values),
    hi: Math.max(...values),
    n: values.length,
    method: "mean, least and greatest of layers and seeds",
  };
}

const sum = (values: readonly number[]) => values.reduce((all, x) => all + x, 0);

/** Share of the choices that found no room. */
export function droppedOf({ wanted_E, kept_E }: LayerFigures): number {
  const wanted = sum(wanted_E);
  return wanted === 0 ? NaN : 1 - sum(kept_E) / wanted;
}

/** Figures of a router, by metric; those that it does not have are left out. */
export function routerMetrics(group: SeedGroup): Record<string, Estimate> {
  const layers = (of: (layer: LayerFigures, figures: RouterFigures) => number) =>
    overLayers(group, of);
  const chosen = (layer: LayerFigures) => sum(layer.wanted_E) > 0;
  const { domains } = group.run.training;
  const metrics: Record<string, Estimate | undefined> = {
    busiestOverMean: layers((l) => chosen(l) ? loadSpread(l.wanted_E).maxOverMean : NaN),
    loadVariation: layers((l) => chosen(l) ? loadSpread(l.wanted_E).variation : NaN),
    droppedFraction: layers(droppedOf),
    specialisationFraction: layers((l) =>
      chosen(l) ? specialisationOf(l.byTag_GE, { domains }).share : NaN
    ),
    routerEntropyFraction: layers((l) => l.entropy / Math.log(l.wanted_E.length)),
    expertsPerToken: layers((l, f) => chosen(l) ? sum(l.kept_E) / f.heldOutTokens : NaN),
    stepSeconds: median(group.figures.flatMap(({ stepSeconds }) => stepSeconds)),
    peakBytes: peakBytes(group),
  };
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([key, estimate]) => estimate ? [[key, estimate]] : []),
  );
}

/** Weights, moments and the fullest moment of a step; no interval, since memory is planned. */
function peakBytes({ figures }: SeedGroup): Estimate {
  const values = figures.map(({ bytes }) => bytes.state + bytes.step);
  return {
    ...{ value: Math.max(...values), lo: Math.min(...values), hi: Math.max(...values) },
    ...{ n: 0, method: "planned memory of weights, moments and a step" },
  };
}
