/**
 * Where does a checkpoint send which tokens, and does it matter what they are about?
 *
 * A folder as Hugging Face keeps models is run over texts of several domains, and the choices of its
 * routers are studied. Without a folder a small mixture is trained here on a language whose domains
 * are known, written as such a folder, and read back like any other: what the study finds can then be
 * held against what the data was made of.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { choiceWords, type Device, now, openDevice } from "../../../kernels/mod.ts";
import { inferenceKernels } from "../../../core/infer/kernels.ts";
import { formatNumber } from "../../../reports/format.ts";
import type { Result } from "../../../reports/result.ts";
import { adapterOf } from "../../circumstances.ts";
import { type Context, defineExperiment, type Outcome, type Wide } from "../../define.ts";
import { contentId } from "../../hash.ts";
import { SYNTHETIC } from "../../training/arena_text.ts";
import { tracedTable } from "../../training/trace/simulate_trace.ts";
import {
  openCheckpointFolder,
  type OpenedCheckpoint,
  parseStorage,
  runCheckpoint,
} from "../open_checkpoint.ts";
import { type MadeHere, makeHere } from "./made_here.ts";
import { routeTexts } from "./route_texts.ts";
import { studyRouting } from "./study.ts";
import { studyTables } from "./study_tables.ts";
import { studyVisuals } from "./study_visuals.ts";
import { studyCard, studyDecision, studyNotes, studyVerdict } from "./study_words.ts";
import { readSequences } from "./texts.ts";
import { planFor, traceCost } from "./trace_cost.ts";
import { exchangeCheck } from "./trace_exchange.ts";

/** The word for a mixture that is trained here. */
const TRAINED = "trained-here";

/** The word for what follows from the model. */
const AUTO = "auto";

const parameters = {
  model: { quick: TRAINED, full: TRAINED, note: `"${TRAINED}", or the folder of a model` },
  text: {
    quick: [SYNTHETIC],
    full: [SYNTHETIC],
    note: `"${SYNTHETIC}", or text files, each a domain`,
  },
  storage: { quick: "f32", full: "f32", note: "f32, f16, int8 or int4: what weights are held as" },
  sequences: { quick: 16, full: 64, note: "sequences of each domain" },
  length: { quick: 128, full: 256, note: "tokens of a sequence" },
  draws: { quick: 400, full: 2000, note: "times that sequences are drawn again, for intervals" },
  domains: { quick: 4, full: 4, note: "domains of the synthetic language" },
  steps: { quick: 100, full: 1000, note: `steps of the training, where it is "${TRAINED}"` },
  simulated: {
    quick: AUTO,
    full: AUTO,
    note:
      `model that is simulated under the trace; "${AUTO}": its own, or mixtral-8x7b for one trained here`,
  },
  cluster: { quick: "h100:64", full: "h100:64", note: "cluster that is simulated" },
  plan: { quick: AUTO, full: AUTO, note: `its plan; "${AUTO}": experts over 8 ranks` },
} as const;

type Values = { -readonly [K in keyof typeof parameters]: Wide<typeof parameters[K]["quick"]> };

/** Where a checkpoint sends its tokens. */
export const routingExperiment = defineExperiment({
  id: "routing",
  title: "Where a checkpoint sends its tokens",
  question: "Does a checkpoint's routing follow what a text is about, or the tokens alone?",
  parameters,
  run: runRouting,
});

function checkValues(values: Values): void {
  for (const name of ["sequences", "length", "draws", "domains", "steps"] as const) {
    const value = values[name];
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new UserError(`Cannot run routing with ${name}=${value}: wanted a whole number from 1`);
  }
}

/** Sections in the order in which they are read. */
const order: readonly string[] = [
  ...["found", "load", "certainty", "specialisation", "domains-of-experts", "agreement", "drift"],
  ...["pairs-of-experts", "results", "checks"],
];

/** The largest difference between what the trainer and the checkpoint give, and the largest logit. */
async function readBackCheck(
  device: Device,
  checkpoint: OpenedCheckpoint,
  { check }: MadeHere,
): Promise<Result["checks"][number]> {
  const { ids, logits } = check;
  const inference = await runCheckpoint(device, checkpoint, {
    ...{ storage: "f32", maxTokens: ids.length },
  });
  const found = await inference.read(ids, { logits: "all" });
  inference.close();
  const size = logits.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const value = logits.reduce((most, x, i) => Math.max(most, Math.abs(x - found.logits[i])), 0) /
    size;
  return {
    ...{ name: "the checkpoint against its training", value, limit: 1e-4, passed: value <= 1e-4 },
    note: "largest difference of a logit between the model in training and the folder that was " +
      "written and read back, as a fraction of the largest logit",
  };
}

async function runRouting(context: Context<Values>): Promise<Outcome> {
  const { seed, parameters: values, progress, signal, out, log } = context;
  checkValues(values);
  const storage = parseStorage(values.storage);
  const own = values.model === TRAINED;
  // What is wrong with a folder is said before a device is asked for.
  let checkpoint = own ? undefined : await openCheckpointFolder(values.model);
  let device: Device | undefined;
  try {
    device = await openDevice();
    const made = own
      ? await makeHere(device, { ...values, out, seed, progress, signal })
      : undefined;
    if (made) log(`Model   ${made.path}`);
    checkpoint ??= await openCheckpointFolder(made!.path);
    const { folder, tokens } = checkpoint;
    const checks = made ? [await readBackCheck(device, checkpoint, made)] : [];
    const texts = await readSequences(values.text, { ...values, seed, tokens });
    progress.start(100, "routing");
    let shown = 0;
    const began = now();
    const inference = await runCheckpoint(device, checkpoint, {
      ...{ storage, maxTokens: values.length },
    });
    const routed = await routeTexts(inference, texts, {
      signal,
      done(share) {
        for (; shown < Math.floor(100 * share); shown++) progress.step("routing");
      },
    }).finally(() => inference.close());
    progress.stop();
    const seconds = (now() - began) / 1000;
    log(`Routed  ${texts.sequences.length} sequences in ${formatNumber(seconds, "seconds", 3)}`);
    const study = studyRouting(routed, { draws: values.draws, seed });
    const { model } = folder;
    const words = {
      model: values.simulated === AUTO
        ? own ? "mixtral-8x7b" : `${folder.path}/config.json`
        : values.simulated,
      cluster: values.cluster,
      plan: values.plan === AUTO ? planFor(model.moe!.experts) : values.plan,
    };
    const cost = await traceCost(routed, { model: model.id, out, words });
    if (cost.exchange) checks.push(exchangeCheck(cost.exchange));
    log(`Trace   ${cost.path}`);
    const tables = [
      ...await studyTables(study, tokens),
      ...cost.simulated ? [await tracedTable([cost.simulated], words)] : [],
    ];
    const visuals = studyVisuals(study);
    const drawn = [...visuals.heatmaps, ...visuals.lines].map(({ id }) => id);
    const ids = ["found", "results", ...drawn, ...checks.length > 0 ? ["checks"] : []];
    const settings = [
      {
        label: "model",
        value: own ? `${model.id}, trained here for ${values.steps} steps` : model.name,
      },
      { label: "folder", value: folder.path },
      {
        label: "experts",
        value: `${routed.topK} of ${routed.experts} in ${routed.layers.length} layers`,
      },
      { label: "texts", value: routed.domains.join(", ") },
      { label: "tokens", value: tokens.name },
      { label: "weights", value: storage },
    ];
    return {
      verdict: studyVerdict(study),
      decision: studyDecision(cost),
      notes: studyNotes(study, cost),
      tables: tables.map(({ info }) => info),
      rows: tables.flatMap(({ rows }) => rows),
      ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
      cards: [studyCard(study, { settings, cost })],
      ...visuals,
      sections: order.filter((id) => ids.includes(id)),
      checks,
      circumstances: {
        adapter: adapterOf(device),
        timer: { kind: "none: nothing is timed", resolutionSeconds: 1e-3 },
        inputs: {
          model: await contentId(folder.config),
          text: await contentId(texts.sequences.map(({ domain, ids }) => [domain, [...ids]])),
        },
        kernels: choiceWords(inferenceKernels(device).prefill),
      },
    };
  } finally {
    checkpoint?.folder.close();
    device?.close();
  }
}
