/** Small tokenizers as files have them. @module */

/** The letters that stand for bytes in byte-level tokenizers (GPT-2). */
function byteLetters(): string[] {
  const shown = (byte: number) =>
    (byte > 32 && byte < 127) || (byte > 160 && byte < 173) || byte > 173;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(shown(byte) ? byte : next++));
}

/** A byte-level tokenizer with three merged words and a mark that ends texts, 260 tokens. */
export function bytePairJson() {
  const letters = byteLetters();
  const vocab: Record<string, number> = Object.fromEntries(letters.map((letter, i) => [letter, i]));
  const space = letters[32];
  ["he", `${space}t`, `${space}the`].forEach((word, i) => vocab[word] = 256 + i);
  return {
    version: "1.0",
    added_tokens: [{
      ...{ id: 259, content: "<|end|>", special: true, single_word: false },
      ...{ lstrip: false, rstrip: false, normalized: false },
    }],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: {
      ...{ type: "BPE", vocab, merges: ["h e", `${space} t`, `${space}t he`] },
      ...{ dropout: null, unk_token: null, fuse_unk: false, byte_fallback: false },
      ...{ continuing_subword_prefix: "", end_of_word_suffix: "" },
    },
  };
}

/** A tokenizer of so many words "w0", "w1" ... with spaces between. */
export function wordsJson(count: number) {
  return {
    version: "1.0",
    ...{ added_tokens: [], normalizer: null, post_processor: null },
    pre_tokenizer: { type: "WhitespaceSplit" },
    decoder: { type: "Fuse" },
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(Array.from({ length: count }, (_, i) => [`w${i}`, i])),
      unk_token: "w0",
    },
  };
}
