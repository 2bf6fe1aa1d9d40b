/**
 * A list of runs on this device, with progress, and going on where a killed run was.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Corpus } from "../../core/train/data/corpus.ts";
import { adapterKey, openDevice } from "../../kernels/mod.ts";
import { adapterOf } from "../circumstances.ts";
import type { Circumstances, Context } from "../define.ts";
import { MEMORY } from "../device_profile.ts";
import { readCommit } from "../git.ts";
import { contentId } from "../hash.ts";
import { readText } from "./arena_text.ts";
import type { FinishedRun, RouterRun, RunOutcome } from "./router_run.ts";
import type { SizedRun } from "./sized_runs.ts";
import { trainMany } from "./train_many.ts";
import { trainRun } from "./train_run.ts";

/** What came out of a list of runs. */
export interface RoutersDone {
  /** Runs with their outcomes, in the order of the list. */
  finished: FinishedRun[];
  /** Device, clock and inputs. */
  circumstances: Circumstances;
  /** Removes what was kept for a run that is killed. */
  forget(): Promise<void>;
}

/** Folder of the suite. */
const suite = fileURLToPath(new URL("../..", import.meta.url));

const isFinished = (sized: SizedRun): sized is FinishedRun => "outcome" in sized;

const label = ({ id, seed }: RouterRun) => `${id}, seed ${seed}`;

/** What says which text a run learns from. */
const textKey = ({ training: { text, domains } }: RouterRun) => JSON.stringify(text ?? domains);

/** The texts that runs learn from, by key. */
async function textsOf(runs: readonly RouterRun[]): Promise<Map<string, Corpus>> {
  const texts = new Map<string, Corpus>();
  for (const run of runs) {
    const key = textKey(run);
    if (!texts.has(key)) texts.set(key, await readText(run.training));
  }
  return texts;
}

/** Trains all of a list; those that cannot be made stay in it with their reason. */
export async function runRouters(
  sized: readonly SizedRun[],
  context: Pick<Context, "progress" | "signal" | "log">,
): Promise<RoutersDone> {
  const { progress, signal, log } = context;
  const runs = sized.flatMap((one) => isFinished(one) ? [] : [one]);
  const device = await openDevice();
  try {
    const corpora = await textsOf(runs);
    const { outcomes, forget } = await trainMany<RouterRun, RunOutcome>(runs, {
      train: (run) => {
        const corpus = corpora.get(textKey(run))!;
        return trainRun(run, { device, corpus, signal });
      },
      label,
      folder: `${MEMORY}/training`,
      under: { device: adapterKey(device.adapter), commit: await readCommit(suite) },
      ...{ progress, signal, log },
    });
    const byRun = new Map(runs.map((run, i) => [run, outcomes[i]]));
    const texts = [...corpora.values()].map(({ id }) => id).join("; ");
    const found = outcomes.find((outcome) => "figures" in outcome);
    return {
      finished: sized.map((one) => isFinished(one) ? one : { run: one, outcome: byRun.get(one)! }),
      circumstances: {
        adapter: adapterOf(device),
        timer: { kind: "wall clock around stretches of steps", resolutionSeconds: 1e-3 },
        inputs: { text: texts, runs: await contentId(runs) },
        kernels: found && "figures" in found ? found.figures.kernels : {},
      },
      forget,
    };
  } finally {
    device.close();
  }
}
