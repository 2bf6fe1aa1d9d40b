/**
 * Text as the token ids of a model, and back.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";

/** Puts token ids together to text as they come. */
export interface TextStream {
  /** Takes an id and gives the text that is now whole: none where a letter has only begun. */
  push(id: number): string;
  /** What is left, letters that never ended as U+FFFD. */
  end(): string;
}

/** How a model reads and writes. */
export interface TextTokens {
  /** What it is, for reports. */
  name: string;
  /** Ids of a text; `marks` adds what the model expects around one, such as its beginning. */
  encode(text: string, options?: { marks?: boolean }): Uint32Array;
  /** The text of ids. */
  decode(ids: ArrayLike<number>): string;
  /** The same, id by id. */
  stream(): TextStream;
}

/** Ids below this are bytes of UTF-8. */
const BYTES = 256;

/** Bytes of a model's ids; an id that is no byte becomes U+FFFD. */
const bytesOf = (id: number) => id < BYTES ? Uint8Array.of(id) : new TextEncoder().encode("\uFFFD");

/**
 * Tokens that are the bytes of UTF-8.
 *
 * @throws {UserError} where the vocabulary has not room for 256 of them.
 *
 * @example
 * ```ts
 * import { byteTokens } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const tokens = byteTokens({ vocabulary: 256 });
 * assertEquals([...tokens.encode("é!")], [195, 169, 33]);
 * const stream = tokens.stream();
 * assertEquals([195, 169, 33].map((id) => stream.push(id)), ["", "é", "!"]);
 * ```
 */
export function byteTokens({ vocabulary }: { vocabulary: number }): TextTokens {
  if (vocabulary < BYTES) {
    throw new UserError(
      `Cannot read text as bytes: found a vocabulary of ${vocabulary}, wanted ${BYTES} or more`,
    );
  }
  const stream = (): TextStream => {
    const decoder = new TextDecoder();
    return {
      push: (id) => decoder.decode(bytesOf(id), { stream: true }),
      end: () => decoder.decode(),
    };
  };
  return {
    name: "bytes of UTF-8",
    encode: (text) => Uint32Array.from(new TextEncoder().encode(text)),
    decode(ids) {
      const one = stream();
      return Array.from(ids, (id) => one.push(id)).join("") + one.end();
    },
    stream,
  };
}
