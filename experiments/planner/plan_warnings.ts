/**
 * What to mind of an answer.
 *
 * @module
 */
import type { PlanRecord } from "./plan_record.ts";

/** Warnings of an answer. */
export function planWarnings(
  record: Omit<PlanRecord, "warnings">,
  cluster: { slow: boolean },
): string[] {
  const { asked, complete, counts, best, searches, frontComplete } = record;
  const { objective, routing, top, fewerDevices, hourDollars } = asked;
  const closed = "plans are ranked by the closed form, and only those shown were run by events";
  const said: [boolean, string][] = [
    [
      !complete,
      `the search was stopped with ${counts.left} plans left: these are the best so far`,
    ],
    [
      !frontComplete,
      "the front was not searched to its end: some of its plans may be beaten by others",
    ],
    [
      routing.kind !== "balanced",
      `the closed form has every expert equally wanted; ${closed}`,
    ],
    [cluster.slow, `the closed form has every device equally fast; ${closed}`],
    [
      objective === "energy",
      "energy is the power limit times the time of all devices, an upper end",
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
  return said.filter(([applies]) => applies).map(([, text]) => text);
}
