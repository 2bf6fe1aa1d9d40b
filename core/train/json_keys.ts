/**
 * Keys that a JSON text repeats within one object, which `JSON.parse` drops without a word.
 *
 * @module
 */

/** Place behind the string of a valid JSON text that begins at a quote. */
function endOfString(json: string, quote: number): number {
  for (let at = json.indexOf('"', quote + 1);; at = json.indexOf('"', at + 1)) {
    let escapes = 0;
    while (json[at - 1 - escapes] === "\\") escapes++;
    // An even number of backslashes are escaped ones; an odd number escapes the quote.
    if (escapes % 2 === 0) return at + 1;
  }
}

/**
 * The first key that an object of a valid JSON text has twice, or undefined.
 *
 * @example
 * ```ts
 * import { repeatedKey } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(repeatedKey('{"a": {"b": 1}, "b": 2}'), undefined);
 * assertEquals(repeatedKey('{"a": 1, "\\u0061": 2}'), "a");
 * ```
 */
export function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  const marks = /["{}]/g;
  const colon = /\s*:/y;
  for (let found = marks.exec(json); found; found = marks.exec(json)) {
    if (found[0] === "{") open.push(new Set());
    else if (found[0] === "}") open.pop();
    else {
      const end = endOfString(json, found.index);
      marks.lastIndex = colon.lastIndex = end;
      if (!colon.test(json)) continue;
      const key = JSON.parse(json.slice(found.index, end)) as string;
      const keys = open[open.length - 1];
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}
