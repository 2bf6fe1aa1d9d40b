/**
 * Parameters of the fusion of experts.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { DOMAINS } from "../bam/domains.ts";
import type { Wide } from "../define.ts";
import { textParameters } from "../training/arena_text.ts";

/** The word for models that the experiment trains itself. */
export const TRAINED = "trained";

/** Parameters by name. */
export const fusionParameters = {
  models: {
    quick: [TRAINED],
    full: [TRAINED],
    note: `"${TRAINED}": a seed and three branches, made here; or folders of dense models`,
  },
  seeds: { quick: 1, full: 3, note: "replicates, each with models and fusers of its own" },
  layers: { quick: 2, full: 2, note: "layers of a model that is trained here" },
  dModel: { quick: 32, full: 64, note: "its width" },
  seedSteps: { quick: 200, full: 1200, note: "steps of the seed model" },
  branchSteps: { quick: 100, full: 600, note: "steps of each branch" },
  rate: { quick: 1e-2, full: 5e-3, note: "highest rate of the seed; half of it for branches" },
  stray: { quick: 0.1, full: 0.1, note: "share of special text that the seed model reads" },
  fuserSteps: { quick: 120, full: 1000, note: "steps of a fuser, on all domains" },
  hidden: { quick: 32, full: 64, note: "hidden width of a fuser" },
  fuserRate: { quick: 2e-2, full: 1e-2, note: "highest rate of a fuser" },
  sequences: { quick: 8, full: 8, note: "sequences of a batch" },
  length: { quick: 64, full: 64, note: "tokens of a sequence" },
  known: { quick: 4, full: 16, note: "batches of text by which frugal fusion judges what to ask" },
  heldOut: { quick: 24, full: 96, note: "held-out sequences of each domain" },
  neighbours: { quick: 9, full: 9, note: "neighbours whose losses are expected of a token" },
  price: { quick: 0.03, full: 0.03, note: "price of asking an expert of a token, nats" },
  prices: {
    quick: [0.003, 0.01, 0.1, 0.3],
    full: [0.001, 0.003, 0.01, 0.1, 0.3, 1],
    note: "further prices, nats",
  },
  ...textParameters,
} as const;

/** Values of the parameters. */
export type FusionValues = {
  -readonly [K in keyof typeof fusionParameters]: Wide<(typeof fusionParameters)[K]["quick"]>;
};

/** Most experts: frugal fusion judges text under every set of them. */
const MOST = 6;

const whole = ["seeds", "layers", "dModel", "seedSteps", "branchSteps", "fuserSteps", "hidden"]
  .concat("sequences", "length", "known", "heldOut", "neighbours");
const above = ["rate", "fuserRate", "price", "prices"];

/**
 * Refuses values that no run has.
 *
 * @throws {UserError} that names the first, with what is wanted.
 */
export function checkFusionValues(values: FusionValues): void {
  const wrong = (name: string, found: unknown, wanted: string) =>
    new UserError(`Cannot fuse experts with ${name}=${found}: wanted ${wanted}`);
  for (const [name, value] of Object.entries(values)) {
    const all = [value].flat();
    if (whole.includes(name) && !all.every((n) => Number.isSafeInteger(n) && Number(n) >= 1)) {
      throw wrong(name, value, "a whole number from 1");
    }
    if (above.includes(name) && !all.every((n) => Number.isFinite(n) && Number(n) > 0)) {
      throw wrong(name, value, "numbers above 0");
    }
  }
  const { stray, neighbours, known, sequences, length, models } = values;
  if (!(stray >= 0 && stray <= 1)) throw wrong("stray", stray, "0 to 1");
  const tokens = known * sequences * length;
  if (known * sequences < DOMAINS) {
    throw wrong("known", known, `a sequence of each of ${DOMAINS} domains or more`);
  }
  if (neighbours > tokens) {
    throw wrong("neighbours", neighbours, `at most the ${tokens} tokens of known text`);
  }
  const trained = models.length === 1 && models[0] === TRAINED;
  if (!trained && !(models.length >= 2 && models.length <= MOST)) {
    throw wrong("models", models, `"${TRAINED}", or 2 to ${MOST} folders with commas between`);
  }
}

/** Batches of held-out text of each domain, whole ones. */
export const heldOutBatches = (
  { heldOut, sequences }: Pick<FusionValues, "heldOut" | "sequences">,
): number => Math.ceil(heldOut / sequences);
