/**
 * Text inside HTML's raw elements, where entities do not work: scripts and embedded JSON.
 *
 * @module
 */
import { stableJson } from "../kernels/base/files.ts";

/**
 * A value as JSON that may stand in a `<script>` element: keys sorted, and every character that
 * could end the element or open a comment in it written as an escape, so that `JSON.parse` of the
 * element's text gives the value back.
 *
 * @example
 * ```ts
 * import { jsonForScript } from "@moelab/moelab/reports";
 * import { assertEquals } from "@std/assert";
 *
 * const text = jsonForScript({ name: "</script>" });
 * assertEquals(text.includes("<"), false);
 * assertEquals(JSON.parse(text), { name: "</script>" });
 * ```
 */
export function jsonForScript(value: unknown): string {
  return stableJson(value, 0).trimEnd().replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Program text that may stand in a `<script>` element: "</script" and "<!--" inside string
 * literals get a backslash, which changes nothing of the program; source maps, which a browser
 * would go and ask for, are left out.
 */
export function scriptText(program: string): string {
  return program
    .replace(/<(?=\/script|!--)/gi, "\\x3c")
    .replace(/^\/\/# sourceMappingURL=.*$/gm, "")
    .trim();
}

/** An id made of a prefix and any text: blanks become hyphens, which is all that HTML asks. */
export function anchor(prefix: string, text: string): string {
  return `${prefix}-${text.trim().replace(/\s+/g, "-")}`;
}

/** A link to an element of this page. */
export function hrefTo(id: string): string {
  return `#${encodeURIComponent(id)}`;
}
