/**
 * What is scaled: a model on clusters of several sizes.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { checkCluster } from "../../sim/cluster/check.ts";
import { withDevices } from "../../sim/cluster/parse.ts";
import type { Planning } from "../planner/planning.ts";
import { readPlanning } from "../planner/read_planning.ts";
import type { ScalingValues } from "./scaling_parameters.ts";

/** A model and what is varied around it; see the module. */
export interface Subject {
  /** The question at `at` devices and the batch that is held. */
  base: Planning;
  /** Sizes of the cluster, ascending. */
  devices: number[];
  /** Sequences of a step for each device, where the batch grows with the cluster. */
  perDevice: number;
  /** Factors of the batch and of bandwidths. */
  factors: readonly number[];
  /** Exponents of skewed routing. */
  skews: readonly number[];
}

/** What a subject is called: "mixtral-8x22b on h100". */
export function subjectName({ base: { sizes, cluster } }: Pick<Subject, "base">): string {
  return `${sizes.name} on ${cluster.id}`;
}

/** The same as part of an id, without spaces. */
export function subjectId({ base: { sizes, cluster } }: Pick<Subject, "base">): string {
  return `${sizes.name}-${cluster.id}`;
}

/** A value for each of `n`, from a list that has as many or one for all. */
function oneEach<T>(name: string, list: readonly T[], n: number): T[] {
  if (list.length === n) return [...list];
  if (list.length === 1) return new Array<T>(n).fill(list[0]);
  throw new UserError(
    `Cannot scale ${n} models with ${list.length} values of ${name}: wanted one for each model, ` +
      `or one for all`,
  );
}

const ascending = (numbers: readonly number[]) => [...new Set(numbers)].sort((a, b) => a - b);

const isCount = (n: number) => Number.isSafeInteger(n) && n >= 1;

/** From the smallest to the largest, doubling. */
function doublings(smallest: number, largest: number): number[] {
  if (!isCount(smallest) || !isCount(largest) || smallest > largest) {
    throw new UserError(
      `Cannot scale from ${smallest} to ${largest} devices: wanted whole numbers above 0, the ` +
        `smaller one first`,
    );
  }
  const sizes: number[] = [];
  for (let devices = smallest; devices <= largest; devices *= 2) sizes.push(devices);
  return sizes;
}

/** Sequences for each device have to make whole batches, at the smallest size and so at all. */
function checkBatches(smallest: number, perDevice: number): void {
  const batch = smallest * perDevice;
  // Sizes that are none are refused with the others.
  if (isCount(batch) || !isCount(smallest)) return;
  const nearest = Math.max(1, Math.round(batch)) / smallest;
  throw new UserError(
    `Cannot scale with ${perDevice} sequences for each of ${smallest} devices: found a batch of ` +
      `${batch}, wanted a whole number above 0, such as of ${nearest} for each`,
  );
}

/** The question with another cluster size and batch. */
export function resized(base: Planning, devices: number, globalBatch: number): Planning {
  return { ...base, cluster: checkCluster(withDevices(base.cluster, devices)), globalBatch };
}

function checkNumbers({ factors, skews, sequence, at }: ScalingValues): void {
  const wrong = factors.find((factor) => !(factor > 0)) ?? skews.find((skew) => !(skew >= 0));
  if (wrong !== undefined) {
    throw new UserError(
      `Cannot scale by ${wrong}: wanted factors above 0 and exponents of skew from 0`,
    );
  }
  const uncounted = [sequence, ...at].find((n) => !isCount(n));
  if (uncounted === undefined) return;
  throw new UserError(
    `Cannot scale with ${uncounted} tokens or devices: wanted whole numbers above 0`,
  );
}

/** The question of one model, whatever is varied afterwards. */
function readBase(
  { sequence, hold, stack }: ScalingValues,
  of: { model: string; cluster: string; globalBatch: number },
): Promise<Planning> {
  return readPlanning({
    ...of,
    ...{ sequence, stack, fix: hold, limit: "memory=100%" },
    ...{ routing: "balanced", seed: 1, graphs: "none", objective: "time" },
  });
}

/**
 * What the parameters of the experiment name.
 *
 * @throws {UserError} for what cannot be read and lists that do not fit together.
 */
export async function subjectsOf(values: ScalingValues): Promise<Subject[]> {
  checkNumbers(values);
  const { models } = values;
  const factors = ascending(values.factors);
  // Even routing comes first: the others are held against it.
  const skews = ascending([0, ...values.skews]);
  const of = <T>(name: string, list: readonly T[]) => oneEach(name, list, models.length);
  const clusters = of("clusters", values.clusters);
  const smallest = of("smallest", values.smallest);
  const largest = of("largest", values.largest);
  const batch = of("batch", values.batch);
  const perDevice = of("perDevice", values.perDevice);
  const at = of("at", values.at);
  return await Promise.all(models.map(async (model, i) => {
    const globalBatch = batch[i];
    checkBatches(smallest[i], perDevice[i]);
    const base = await readBase(values, { model, cluster: clusters[i], globalBatch });
    return {
      base: resized(base, at[i], globalBatch),
      devices: doublings(smallest[i], largest[i]),
      perDevice: perDevice[i],
      ...{ factors, skews },
    };
  }));
}
