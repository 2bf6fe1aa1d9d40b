/**
 * Shader texts that are written once. A matrix kernel is tens of thousands of characters: writing
 * and hashing it for each launch takes the host longer than the launch takes the device.
 *
 * @module
 */

const texts = new Map<string, string>();

/**
 * What `write` gives, written for the first caller of a key alone. The key has to say all that the
 * text depends on: the name of the writer, and its arguments as JSON.
 *
 * @example
 * ```ts
 * import { shaderText } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * let written = 0;
 * const write = () => `const step = ${++written};`;
 * assertEquals(shaderText("step", write), shaderText("step", write));
 * assertEquals(written, 1);
 * ```
 */
export function shaderText(key: string, write: () => string): string {
  let text = texts.get(key);
  if (text === undefined) texts.set(key, text = write());
  return text;
}
