/**
 * Names made from content: the same configuration, the same name, on every machine.
 *
 * @module
 */
import { stableJson } from "../kernels/base/files.ts";

/** SHA-256 of a text (as UTF-8) or of bytes, in 64 hexadecimal digits. */
export async function sha256(data: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * A name for any value of JSON, whatever the order of its keys: 12 hexadecimal digits.
 *
 * @example
 * ```ts
 * import { contentId } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await contentId({ a: 1, b: 2 }), await contentId({ b: 2, a: 1 }));
 * ```
 */
export async function contentId(value: unknown): Promise<string> {
  return (await sha256(stableJson(value))).slice(0, 12);
}
