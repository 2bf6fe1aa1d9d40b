/**
 * The command line that asks a question again.
 *
 * @module
 */
import type { AskedBeside } from "./plan_question.ts";
import type { PlanningWords } from "./read_planning.ts";

const plain = /^[\w./:,=+%-]+$/;
const quoted = (word: string) => plain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** The command that reproduces an answer. */
export function commandOf(words: PlanningWords, beside: AskedBeside): string {
  const { model, cluster, globalBatch, sequence, objective, fix, limit, stack, graphs } = words;
  const { routing, mtp, seed, placement, redundant } = words;
  const { top, frontSlack, fewerDevices, launcher, hourDollars } = beside;
  const options: [string, string | number | undefined][] = [
    ["--model", model],
    ["--cluster", cluster],
    ["--global-batch", globalBatch],
    ["--sequence", sequence],
    ["--objective", objective],
    ["--top", top],
    ["--fix", fix || undefined],
    ["--limit", limit],
    ["--stack", stack],
    ["--graphs", graphs],
    ["--routing", routing],
    ["--placement", placement],
    ["--redundant", redundant],
    ["--mtp", mtp],
    ["--seed", seed],
    ["--hour-dollars", hourDollars],
    ["--devices", fewerDevices ? "fewer" : "all"],
    ["--front-slack", frontSlack],
    ["--launcher", launcher],
  ];
  const said = options.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${quoted(String(value))}`]
  );
  return `npx -y deno@${Deno.version.deno} task plan ${said.join(" ")}`;
}
