/**
 * How long each kind of experts takes on this device, and whether counting its operators tells.
 *
 * @module
 */
import type { ExpertLayerShape } from "../../core/experts/layer.ts";
import type { ExpertRecipe } from "../../core/experts/recipe.ts";
import { skipsExperts } from "../../core/experts/table.ts";
import type { ExpertCompute } from "../../core/programs/chosen_experts.ts";
import { expertRecipes } from "../../core/experts/recipes.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { exactly } from "../../kernels/base/estimate.ts";
import {
  createPool,
  openDevice,
  type OpKind,
  profileOf,
  startProfiling,
  tunedKernels,
} from "../../kernels/mod.ts";
import type { Pair, Row } from "../../reports/result.ts";
import { circumstancesOf } from "../circumstances.ts";
import { errorOf, summarisePairs } from "../compare/errors_of_pairs.ts";
import { type Context, defineExperiment, type Outcome } from "../define.ts";
import { MEMORY } from "../device_profile.ts";
import { contentId } from "../hash.ts";
import { concludeKind, measureKinds, prepareKind, type TimedKind } from "./speed_measure.ts";
import { speedParameters, type SpeedValues } from "./speed_parameters.ts";
import { speedDecision, speedNotes, speedTable, speedVerdict, timeOfAll } from "./speed_words.ts";

/** The operators that the language runs, as profiles know them. */
const kinds: readonly OpKind[] = [
  "gemm",
  "gemm_nt",
  "gemm_tn",
  "grouped_gemm",
  "grouped_gemm_nt",
  "grouped_gemm_tn",
  "group_tokens",
  "combine",
  "elementwise",
  "embedding",
  "embedding_backward",
];

/** Ways in which the experts of a kind can compute. */
const waysOf = (recipe: ExpertRecipe): ExpertCompute[] =>
  skipsExperts(recipe) ? ["all", "chosen"] : ["all"];

/** Groups of pairs, by which experts compute. */
const groups: Readonly<Record<ExpertCompute, string>> = {
  all: "layers",
  chosen: "layers of chosen experts",
};

/** Heads and filters are narrower than networks. */
const NARROW = 8;

/** The layer of a kind. */
export function speedShape({ where }: ExpertRecipe, values: SpeedValues): ExpertLayerShape {
  const { tokens, length, dModel, experts, width } = values;
  return {
    ...{ dModel, experts, topK: 2, tokens, length, vocabulary: 256, tags: 4, layer: 0, layers: 1 },
    width: where === "network" ? width : width / NARROW,
    ...where === "image" && { imageRows: Math.sqrt(length) },
  };
}

function check(values: SpeedValues): void {
  for (const [name, value] of Object.entries(values)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new UserError(`Cannot time experts with ${name}=${value}: wanted a whole number from 1`);
  }
  const { tokens, length, width } = values;
  if (Number.isInteger(Math.sqrt(length)) && tokens % length === 0 && width % 64 === 0) return;
  throw new UserError(
    `Cannot time experts of width ${width} with ${tokens} tokens in pieces of ${length}: wanted a ` +
      "width such as 64, and pieces such as 64, which are square images too",
  );
}

/** Time of every kind. */
export const speedOfExpertsExperiment = defineExperiment({
  id: "speed-of-experts",
  title: "Speed of experts",
  question:
    "How long does each kind of experts take here, forward and backward, and does counting its " +
    "operators predict it?",
  parameters: speedParameters,
  run: runSpeed,
});

async function pairOf({ recipe, compute, measured, predicted }: TimedKind): Promise<Pair> {
  const chosen = compute === "chosen" && { compute };
  const id = `kind-${await contentId({ kind: recipe.id, ...chosen })}`;
  const label = chosen ? `${recipe.name}, chosen experts alone` : recipe.name;
  return { id, label, group: groups[compute], predicted, measured, inside: true };
}

async function rowOf(timed: TimedKind, all: TimedKind): Promise<Row> {
  const { recipe, compute, measured, predicted, launches, operators } = timed;
  const counted = (value: number) => exactly(value, "counted");
  const chosen = compute === "chosen" && { compute };
  return {
    id: await contentId({ table: "speed", kind: recipe.id, ...chosen }),
    table: "speed",
    labels: { kind: recipe.name, gate: recipe.gate.name, computes: compute, launches, operators },
    kind: "measured",
    metrics: {
      layerSeconds: measured,
      ...chosen && {
        ofAllFraction: exactly(timeOfAll(timed, all), "over the time where all experts compute"),
      },
      predictedSeconds: predicted,
      errorFraction: exactly(errorOf({ predicted, measured }), "predicted over measured, less 1"),
      productFraction: exactly(timed.productShare, "products' share of the measured time"),
      productFlops: counted(timed.productFlops),
      movedBytes: counted(timed.movedBytes),
    },
    warnings: [],
  };
}

async function runSpeed(context: Context<SpeedValues>): Promise<Outcome> {
  const { seed, parameters: values, progress, signal } = context;
  check(values);
  const device = await openDevice();
  try {
    progress.start(100, "choosing kernels");
    const kernels = await tunedKernels(device, { memory: `${MEMORY}/tune.json` });
    const pool = createPool(device);
    const profiling = startProfiling(pool, { kernels, kinds });
    const prepared = expertRecipes.flatMap((recipe) =>
      waysOf(recipe).map((compute) =>
        prepareKind(pool, recipe, { shape: speedShape(recipe, values), kernels, seed, compute })
      )
    );
    let shown = 0;
    await measureKinds(pool, prepared, {
      ...{ repeats: values.repeats, profiling, signal },
      done(share) {
        for (; shown < Math.floor(100 * share); shown++) progress.step("profile and layers");
      },
    });
    profiling.release();
    const profile = await profileOf(pool, { profiling, kernels });
    const timed = prepared.map((one) => concludeKind(one, profile));
    progress.stop();
    const pairs = await Promise.all(timed.map(pairOf));
    const allOf = (id: string) =>
      timed.find(({ recipe, compute }) => recipe.id === id && compute === "all")!;
    return {
      verdict: speedVerdict(timed),
      decision: speedDecision(timed),
      notes: speedNotes(values),
      tables: [speedTable],
      rows: await Promise.all(timed.map((one) => rowOf(one, allOf(one.recipe.id)))),
      ...{ samples: {}, pairs, timelines: [] },
      pairSummaries: Object.values(groups).map((group) =>
        summarisePairs(group, pairs.filter((pair) => pair.group === group))
      ),
      checks: [{
        name: "kinds without a time",
        value: timed.filter(({ measured }) => !(measured.value > 0)).length,
        ...{ limit: 0, passed: timed.every(({ measured }) => measured.value > 0) },
        note: `of ${timed.length} kinds`,
      }],
      circumstances: await circumstancesOf(device, { profile, resolutionSeconds: 1e-9 }),
    };
  } finally {
    device.close();
  }
}
