/**
 * What an all-to-all carries under a trace: counted from the trace, and as the simulator has it.
 *
 * The simulator takes from a trace what share of a layer's choices each expert has, and no more: every
 * rank is taken to choose alike. With n choices a rank, R ranks, and the experts of rank r wanted by a
 * share s_r of all choices,
 *
 *     rank q sends to rank r      n s_r            over no link where q = r
 *     over links, from q          n (1 - s_q)
 *     over links, to r            n s_r (R - 1)
 *
 * Each choice is a row. Dispatchers that send a token once to a rank that holds several of its experts
 * carry fewer: how many ranks a token reaches is in its choices, and the simulator, which has but
 * counts, takes what equally wanted experts would give.
 *
 * @module
 */
import type { Result } from "../../../reports/result.ts";
import { formats } from "../../../sim/cost/formats.ts";
import { expectedDistinct } from "../../../sim/network/closed/distinct.ts";
import type { SimulatedStep } from "../../../sim/step/simulate_step.ts";
import type { RoutedTexts } from "./routed.ts";

/** Rows that expert ranks send and receive over links. */
export interface CountedExchange {
  /** By sender. */
  sent_R: number[];
  /** By receiver. */
  received_R: number[];
}

/** Rows of an exchange in which each of `ranks` has so many `choices`; experts lie in blocks. */
export function countExchange(
  counts_E: readonly number[],
  { ranks, choices }: { ranks: number; choices: number },
): CountedExchange {
  const all = counts_E.reduce((a, b) => a + b, 0);
  const own = counts_E.length / ranks;
  const share_R = Array.from(
    { length: ranks },
    (_, r) => counts_E.slice(r * own, (r + 1) * own).reduce((a, b) => a + b, 0) / all,
  );
  return {
    sent_R: share_R.map((share) => choices * (1 - share)),
    received_R: share_R.map((share) => choices * share * (ranks - 1)),
  };
}

/** Ranks that a token reaches, by its choices and as equally wanted experts would have it. */
export function reachedRanks(
  { experts, topK, sequences }: RoutedTexts,
  ranks: number,
): { counted: number; expected: number } {
  let [tokens, reached] = [0, 0];
  for (const { chosen_LTK } of sequences) {
    for (const chosen_TK of chosen_LTK) {
      for (let at = 0; at < chosen_TK.length; at += topK) {
        const goals = Array.from(
          chosen_TK.subarray(at, at + topK),
          (expert) => Math.floor(expert * ranks / experts),
        );
        tokens++;
        reached += new Set(goals).size;
      }
    }
  }
  return { counted: reached / tokens, expected: expectedDistinct(topK, ranks, experts) };
}

/** A dispatch of a simulated step: bytes over links by class of ranks, and each class's expert rank. */
function dispatches({ graph: { tags }, ranks, input: { plan } }: SimulatedStep) {
  const expertRanks = ranks.first.map((place) => Math.floor(place / plan.etp) % plan.ep);
  const exchanges = tags.flatMap(({ exchange }) => exchange?.name === "dispatch" ? [exchange] : []);
  return { expertRanks, exchanges };
}

/** The counted bytes of each layer of a trace, for the plan of a step. */
function countedBytes(counts_LE: readonly (readonly number[])[], { input }: SimulatedStep) {
  const { sizes, plan, workload: { sequence } } = input;
  const choices = plan.microBatch * sequence / plan.cp / plan.tp * sizes.moe!.topK;
  const rowBytes = sizes.dModel * formats[plan.formats.dispatch ?? "bf16"].bytes;
  return counts_LE.map((counts_E) => {
    const { sent_R, received_R } = countExchange(counts_E, { ranks: plan.ep, choices });
    const inBytes = (rows: number[]) => rows.map((n) => n * rowBytes);
    return { sent_R: inBytes(sent_R), received_R: inBytes(received_R) };
  });
}

/** What was found of an exchange. */
export interface TracedExchange {
  /** Expert ranks. */
  ranks: number;
  /** Largest difference of any rank's bytes between the count and the simulator. */
  offBytes: number;
  /** Bytes that the fullest rank receives over the mean, mean of the layers. */
  fullestOverMean: number;
  /** Ranks that a token reaches. */
  reached: { counted: number; expected: number };
}

/**
 * Holds the dispatches of a step under a trace against the trace's count; undefined where the plan
 * drops choices, cuts experts over ranks, sends by gathering, or has nobody to send to: the count above
 * is of none of these.
 */
export function tracedExchange(
  texts: RoutedTexts,
  { counts_LE, step }: { counts_LE: readonly (readonly number[])[]; step: SimulatedStep },
): TracedExchange | undefined {
  const { plan, workload } = step.input;
  const { ep: ranks, etp, capacityFactor, dispatcher } = plan;
  const other = etp > 1 || capacityFactor !== undefined || dispatcher === "all-gather";
  if (other || ranks === 1 || workload.placement) return undefined;
  const { expertRanks, exchanges } = dispatches(step);
  const counted = countedBytes(counts_LE, step);
  const off = ({ sentBytes, receivedBytes }: typeof exchanges[number]) =>
    Math.min(
      ...counted.map(({ sent_R, received_R }) =>
        Math.max(
          ...expertRanks.flatMap((rank, c) => [
            Math.abs(sentBytes[c] - sent_R[rank]),
            Math.abs(receivedBytes[c] - received_R[rank]),
          ]),
        )
      ),
    );
  const fullest = counted.map(({ received_R }) =>
    Math.max(...received_R) * ranks / received_R.reduce((a, b) => a + b, 0)
  );
  return {
    ranks,
    offBytes: exchanges.length === 0 ? Infinity : Math.max(...exchanges.map(off)),
    fullestOverMean: fullest.reduce((a, b) => a + b, 0) / fullest.length,
    reached: reachedRanks(texts, ranks),
  };
}

/** The check of a report. */
export function exchangeCheck({ offBytes, ranks }: TracedExchange): Result["checks"][number] {
  return {
    name: "bytes of the all-to-all under the trace",
    value: offBytes,
    ...{ limit: 1, passed: offBytes <= 1 },
    note:
      `largest difference between the bytes that any of ${ranks} ranks sends or receives in a ` +
      "dispatch of the simulated step, and those counted from the trace",
  };
}
