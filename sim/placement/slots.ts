/**
 * Which experts lie on which rank. Every rank has slots, each with an expert; an expert in several
 * slots is replicated, and its replicas share its tokens equally.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";

/** Experts of the slots of every rank. */
export type ExpertSlots = readonly (readonly number[])[];

/** Slots of each expert. */
export function replicasOf(slots_RS: ExpertSlots, experts: number): number[] {
  const count_E = new Array<number>(experts).fill(0);
  for (const own of slots_RS) for (const expert of own) count_E[expert]++;
  return count_E;
}

/** Load of one slot of each expert: its load over its replicas. */
export function loadOfSlots(load_E: readonly number[], slots_RS: ExpertSlots): number[] {
  const count_E = replicasOf(slots_RS, load_E.length);
  return load_E.map((load, expert) => load / count_E[expert]);
}

/**
 * Load of every rank.
 *
 * @example Expert 0 has two replicas, which share its load
 * ```ts
 * import { slotLoads } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(slotLoads([8, 1, 3], [[0, 1], [0, 2]]), [5, 7]);
 * ```
 */
export function slotLoads(load_E: readonly number[], slots_RS: ExpertSlots): number[] {
  const each_E = loadOfSlots(load_E, slots_RS);
  return slots_RS.map((own) => own.reduce((sum, expert) => sum + each_E[expert], 0));
}

/**
 * Experts of a rank where as many lie on each.
 *
 * @throws {UserError} where experts do not divide by ranks.
 */
export function expertsPerRank(experts: number, ranks: number): number {
  if (Number.isSafeInteger(ranks) && ranks > 0 && experts % ranks === 0) return experts / ranks;
  throw new UserError(
    `Cannot place ${experts} experts on ${ranks} ranks: wanted a number of ranks that divides them`,
  );
}

/**
 * Refuses slots that are no placement of so many experts on so many ranks.
 *
 * @throws {UserError} where a rank or an expert is missing, or an expert is twice on a rank.
 */
export function checkSlots(
  slots_RS: ExpertSlots,
  wanted: { experts: number; ranks: number; slots?: number },
): void {
  const { experts, ranks, slots } = wanted;
  const refuse = (why: string) => {
    throw new UserError(`Cannot place ${experts} experts on ${ranks} ranks: ${why}`);
  };
  if (slots_RS.length !== ranks) refuse(`found slots of ${slots_RS.length} ranks, wanted ${ranks}`);
  slots_RS.forEach((own, rank) => {
    const strange = own.find((expert) =>
      !Number.isSafeInteger(expert) || expert < 0 || expert >= experts
    );
    if (strange !== undefined) {
      refuse(`found expert ${strange} on rank ${rank}, wanted 0 to ${experts - 1}`);
    }
    if (new Set(own).size < own.length) {
      refuse(`found an expert twice on rank ${rank}, wanted each at most once`);
    }
    if (slots !== undefined && own.length > slots) {
      refuse(`found ${own.length} slots on rank ${rank}, wanted at most ${slots}`);
    }
  });
  const missing = replicasOf(slots_RS, experts).indexOf(0);
  if (missing >= 0) refuse(`found no slot of expert ${missing}, wanted one at least`);
}
