/**
 * Plans in few words, as tables on the terminal show them.
 *
 * @module
 */
import { wordsOfPlan } from "./page/plan_columns.ts";

/** Words that are shown. */
const shown = ["tp", "cp", "dp", "pp", "vpp", "ep", "etp", "zero", "mb", "schedule", "recompute"];

/** Words that are left out where they say 1. */
const rare = ["cp", "vpp", "etp"];

/** The words of a plan that a table shows, without what rarely differs. */
export function degreesOf(plan: string): string {
  return plan.split(",").filter((word) => {
    const [name, value] = word.split("=");
    return shown.includes(name) && !(value === "1" && rare.includes(name));
  }).join(" ");
}

/** What a plan says otherwise than another, in the words of plans. */
function otherwise(plan: string, other: string): string {
  const [own, others] = [wordsOfPlan(plan), wordsOfPlan(other)];
  return [...new Set([...Object.keys(own), ...Object.keys(others)])]
    .filter((word) => own[word] !== others[word])
    .map((word) => own[word] === undefined ? `without ${word}` : `${word}=${own[word]}`)
    .join(" ");
}

/** Labels of plans below each other; one like an earlier one says what differs from that. */
export function planLabels(plans: readonly string[]): string[] {
  const labels = plans.map(degreesOf);
  return labels.map((label, i) => {
    const first = labels.indexOf(label);
    return first === i ? label : `as ${first + 1}, ${otherwise(plans[i], plans[first])}`;
  });
}
