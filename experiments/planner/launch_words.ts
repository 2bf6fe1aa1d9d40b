/**
 * Who can run the best plan, in sentences.
 *
 * @module
 */
import { formatNumber, formatSigned } from "../../reports/format.ts";
import type { LaunchLine, PlanRecord } from "./plan_record.ts";

/** Reasons that are said in full; a file of notes says all. */
const SAID = 2;

/** What a launcher has not, or wants, in few words: "no schedule zb-v and 3 more". */
function lacks(refused: string): string {
  const reasons = refused.split(/; (?=it )/)
    .map((reason) => reason.replace(/; nearest it has: .*$/, "").replace(/^it (has )?/, ""));
  const more = reasons.length - SAID;
  return reasons.slice(0, SAID).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function launchSentence({ launcher, path, refused, instead }: LaunchLine): string {
  if (refused === undefined) return `${launcher}: this plan (${path})`;
  if (instead === undefined || path === undefined) {
    return `${launcher}: no plan like it: ${lacks(refused)}`;
  }
  const { closedSeconds, slowdownFraction, fits } = instead;
  return `${launcher}: the nearest that it can be told, ${
    formatNumber(closedSeconds, "seconds")
  }, ` +
    `${formatSigned(slowdownFraction)}${fits ? "" : ", which does not fit"} (${path}): ` +
    lacks(refused);
}

/** Who can run the best plan; where not all can, how to ask for the best of one of them. */
export function launchSentences({ launchers, asked }: PlanRecord): string[] {
  const other = launchers.find(({ refused, path }) => refused !== undefined && path !== undefined);
  const hint = other !== undefined && asked.launcher === undefined
    ? [
      `--launcher ${other.launcher} searches what that one can be told, which may beat the nearest`,
    ]
    : [];
  return [...launchers.map(launchSentence), ...hint];
}
