/**
 * What to mind of an answer.
 *
 * @module
 */
import { formatNumber } from "../../reports/format.ts";
import { formats } from "../../sim/cost/formats.ts";
import type { Plan } from "../../sim/plan/plan.ts";
import type { PlanRecord } from "./plan_record.ts";

type Unwarned = Omit<PlanRecord, "warnings">;

/** Figures with plain spaces, since records are read by programs too. */
const figure = (value: number, unit: "plain" | "bytes") =>
  formatNumber(value, unit, 3).replaceAll(/[\u00a0\u202f]/g, " ");

/** What the search leaves open. */
function searchWarnings(record: Unwarned): [boolean, string][] {
  const { asked, complete, counts, best, searches, frontComplete } = record;
  const { objective, top, fewerDevices, hourDollars } = asked;
  return [
    [
      !complete,
      `the search was stopped with ${figure(Number(counts.left), "plain")} plans left: these are ` +
      "the best so far",
    ],
    [
      !frontComplete,
      "the front was not searched to its end: some of its plans may be beaten by others",
    ],
    [
      fewerDevices && hourDollars === undefined && objective !== "energy",
      "no price of a device's hour is known: the front weighs energy in its place",
    ],
    [
      fewerDevices && searches.every(({ devices }) => devices === asked.cluster.devices),
      "nothing fits on fewer devices, or there are no fewer whole nodes",
    ],
    [
      best.length < top,
      `the plans that were kept are of ${best.length} groups: a larger --top keeps more`,
    ],
  ];
}

/** What the closed form does not see. */
function priceWarnings({ asked }: Unwarned, cluster: { slow: boolean }): [boolean, string][] {
  const closed = "plans are ranked by the closed form, and only those shown were run by events";
  return [
    [
      asked.routing.kind !== "balanced",
      `the closed form has every expert equally wanted; ${closed}`,
    ],
    [cluster.slow, `the closed form has every device equally fast; ${closed}`],
    [
      asked.objective === "energy",
      "energy is the power limit times the time of all devices, an upper end",
    ],
  ];
}

/** Of the memory that plans may take, what the best should leave: other software takes some too. */
const ROOM = 0.04;

/** Bytes of a format that changes nothing for those who train in 16 bits. */
const WIDE = 2;

/** What to think of before the best plan is run. */
function planOwnWarnings({ asked, best: [first] }: Unwarned, plan: Plan): [boolean, string][] {
  const { fix, limitBytes } = asked;
  const narrow = [
    ...(fix.precision === undefined && formats[plan.precision].bytes < WIDE
      ? [{ does: `multiplies in ${plan.precision}`, held: "precision=bf16" }]
      : []),
    ...(fix.formats?.dispatch === undefined && plan.formats.dispatch &&
        formats[plan.formats.dispatch].bytes < WIDE
      ? [{ does: `sends rows to experts in ${plan.formats.dispatch}`, held: "dispatch=bf16" }]
      : []),
  ];
  const room = limitBytes - first.peakBytes;
  return [
    [
      narrow.length > 0,
      `the best plan ${narrow.map(({ does }) => does).join(" and ")}, which may change what is ` +
      `learnt: --fix ${narrow.map(({ held }) => held).join(",")} keeps to 16 bits`,
    ],
    [
      room < ROOM * limitBytes,
      `the best plan leaves ${figure(room, "bytes")} of the memory that it may take: ` +
      "--limit memory=90% leaves room for what no plan knows of",
    ],
  ];
}

/** Warnings of an answer; `plan` is the best one. */
export function planWarnings(record: Unwarned, of: { slow: boolean; plan: Plan }): string[] {
  return [
    ...searchWarnings(record),
    ...priceWarnings(record, of),
    ...planOwnWarnings(record, of.plan),
  ].filter(([applies]) => applies).map(([, text]) => text);
}
