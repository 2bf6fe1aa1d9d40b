/**
 * A corpus of texts, as bytes of UTF-8.
 *
 * @module
 */
import { UserError } from "../../../kernels/mod.ts";
import type { Corpus, CorpusPart } from "./corpus.ts";

/** A domain's texts. */
export interface DomainTexts {
  /** Name of the domain. */
  name: string;
  /** Documents, in an order that does not change. */
  documents: readonly string[];
}

/** Every so many documents one is held out; the last of each round. */
const heldOutEvery = 10;
/** Bytes between documents: an empty line. */
const gap = "\n\n";

/** Documents of a part in one piece. A domain of few documents is cut by length instead. */
function partOf(documents: readonly string[], part: CorpusPart): Uint8Array {
  const encode = (texts: readonly string[]) => new TextEncoder().encode(texts.join(gap));
  if (documents.length >= heldOutEvery) {
    const isHeld = (i: number) => i % heldOutEvery === heldOutEvery - 1;
    return encode(documents.filter((_, i) => isHeld(i) === (part === "held-out")));
  }
  const all = encode(documents);
  const cut = Math.floor(all.length * (1 - 1 / heldOutEvery));
  return part === "training" ? all.subarray(0, cut) : all.subarray(cut);
}

/**
 * Makes a corpus of texts: token ids are bytes, and 255, which no UTF-8 has, is the mask. Of each
 * domain every tenth document is held out, or the last tenth of the bytes where there are fewer than
 * ten documents. A sequence begins anywhere.
 *
 * @throws {UserError} where a domain has no text, or less than a sequence.
 *
 * @example
 * ```ts
 * import { batchOf, textCorpus } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const corpus = textCorpus("two tongues", [
 *   { name: "English", documents: ["The quick brown fox jumps over the lazy dog. ".repeat(20)] },
 *   { name: "Latin", documents: ["Lorem ipsum dolor sit amet, consectetur. ".repeat(20)] },
 * ]);
 * const { ids, tags } = batchOf(corpus, { sequences: 2, length: 16, seed: 1, step: 0 });
 * assertEquals(ids.length, 32);
 * assertEquals([...new Set(tags)].sort(), [0, 1]);
 * ```
 */
export function textCorpus(id: string, domains: readonly DomainTexts[]): Corpus {
  const bytes = domains.map(({ name, documents }) => {
    const parts = {
      training: partOf(documents, "training"),
      "held-out": partOf(documents, "held-out"),
    };
    if (parts.training.length > 0 && parts["held-out"].length > 0) return parts;
    throw new UserError(`Cannot make the corpus ${id}: found no text in the domain ${name}`);
  });
  return {
    id,
    vocabulary: 256,
    mask: 255,
    domains: domains.map(({ name }) => name),
    draw(domain, { length, part, stream }) {
      const text = bytes[domain][part];
      if (text.length < length) {
        throw new UserError(
          `Cannot draw ${length} tokens of ${domains[domain].name}: found ${text.length} bytes ` +
            `of ${part} text; shorter sequences work`,
        );
      }
      const at = stream.int(0, text.length - length);
      return Uint32Array.from(text.subarray(at, at + length));
    },
  };
}
