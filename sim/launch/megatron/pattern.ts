/**
 * Patterns of layers as Megatron says them: Python's lists, "([0]*3+[1]*58)".
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";

/** A pattern as a list expression of runs, repeated where one period fills it. */
export function formatPattern(flags: readonly boolean[]): string {
  const n = flags.length;
  const period = Array.from({ length: n }, (_, i) => i + 1)
    .find((p) => n % p === 0 && flags.every((flag, i) => flag === flags[i % p]))!;
  const runs: string[] = [];
  for (let i = 0; i < period;) {
    let end = i;
    while (end < period && flags[end] === flags[i]) end++;
    runs.push(`[${flags[i] ? 1 : 0}]*${end - i}`);
    i = end;
  }
  return `(${runs.join("+")})${period < n ? `*${n / period}` : ""}`;
}

/**
 * The flags of a list expression: lists of 0 and 1, sums, repetitions, parentheses.
 *
 * @throws {UserError} for anything else.
 */
export function parsePattern(text: string): boolean[] {
  const tokens = text.match(/\d+|[[\](),+*]|[^\s]/g) ?? [];
  let at = 0;
  const wrong = () =>
    new UserError(
      `Cannot read the pattern "${text}": expected lists of 0 and 1, joined by + and repeated by *`,
    );
  const take = (wanted: RegExp) => {
    const found = tokens[at++];
    if (found === undefined || !wanted.test(found)) throw wrong();
    return found;
  };
  const factor = (): boolean[] => {
    if (take(/^[[(]$/) === "(") {
      const inner = sum();
      take(/^\)$/);
      return inner;
    }
    const flags = [take(/^[01]$/) === "1"];
    while (tokens[at] === ",") {
      at++;
      flags.push(take(/^[01]$/) === "1");
    }
    take(/^\]$/);
    return flags;
  };
  const term = (): boolean[] => {
    let flags = factor();
    while (tokens[at] === "*") {
      at++;
      const times = Number(take(/^\d{1,4}$/));
      flags = Array.from({ length: times }, () => flags).flat();
    }
    return flags;
  };
  const sum = (): boolean[] => {
    const flags = term();
    while (tokens[at] === "+") {
      at++;
      flags.push(...term());
    }
    return flags;
  };
  const flags = sum();
  if (at !== tokens.length) throw wrong();
  return flags;
}
