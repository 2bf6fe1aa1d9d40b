/**
 * How the planner's figures come about, and what they leave out.
 *
 * @module
 */
import { formatNumber } from "../../../reports/format.ts";
import { FRONT_SPAN } from "../plan_front.ts";
import type { PlanRecord } from "../plan_record.ts";

/** Notes at the end of the page. */
export function planNotes({ asked, best: [first], winner, frontComplete }: PlanRecord): {
  heading: string;
  paragraphs: string[];
}[] {
  const off = Math.abs(first.eventSeconds / first.closedSeconds - 1);
  return [
    {
      heading: "How plans were searched",
      paragraphs: [
        "All plans of the space are gone through in levels: degrees first, then micro-batches, cuts " +
        "into stages, formats, what hides tokens, what is computed again, what is sharded. A plan " +
        "falls where it breaks a rule, where it says the same as another, where another is at least " +
        "as good in everything, and where a bound shows that it does not fit or is too slow. What is " +
        "left is priced in closed form; nothing is sampled.",
        !frontComplete
          ? "The front was not searched to its end: some of its plans may be beaten by others."
          : asked.frontSlack > 0
          ? `Plans on the front may be beaten by others by up to ${
            formatNumber(asked.frontSlack, "fraction")
          } in both time and memory; the best plans are exact.`
          : "The front is exact, as the best plans are.",
        `It ends where plans take ${FRONT_SPAN} times as long as the fastest.`,
      ],
    },
    {
      heading: "How steps were priced",
      paragraphs: [
        "The closed form adds kernels, exchanges that nothing hides, and what a pipeline waits for. " +
        "The plans in the table of the best were run once more event by event; for the best plan " +
        `the two differ by ${formatNumber(off, "fraction", 2)}.`,
        `Interval of a step: ${first.step.method}.`,
        `Memory is that of stage ${winner.memory.fullestStage}, of a rank that holds most.`,
      ],
    },
  ];
}
