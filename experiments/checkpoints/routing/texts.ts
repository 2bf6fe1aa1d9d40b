/**
 * Sequences that a model is shown: windows of text files, each a domain, or of the domains of the
 * synthetic language.
 *
 * @module
 */
import { basename } from "node:path";
import { type Corpus, shuffled } from "../../../core/train/data/corpus.ts";
import { syntheticCorpus } from "../../../core/train/data/synthetic.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { split } from "../../../kernels/mod.ts";
import { SYNTHETIC } from "../../training/arena_text.ts";
import type { TextTokens } from "../tokens.ts";

/** Sequences of token ids by domain. */
export interface DomainSequences {
  /** Names of the domains. */
  domains: string[];
  /** The sequences, domain after domain. */
  sequences: { domain: number; ids: Uint32Array }[];
}

/** Which sequences. */
export interface SequenceOptions {
  /** Sequences of each domain at most. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** Seed of the windows that are taken. */
  seed: number;
  /** How the model reads. */
  tokens: TextTokens;
}

/** Bytes of a file that are read: what a longer one has is not looked at. */
const MOST_BYTES = 2 ** 24;

/** The beginning of a file as text; a letter that the cut parts is left out. */
async function readText(path: string): Promise<string> {
  const file = await Deno.open(path);
  try {
    const bytes = new Uint8Array(MOST_BYTES);
    let filled = 0;
    while (filled < bytes.length) {
      const n = await file.read(bytes.subarray(filled));
      if (n === null) break;
      filled += n;
    }
    const text = new TextDecoder().decode(bytes.subarray(0, filled), {
      stream: filled === bytes.length,
    });
    if (!text.includes("\0")) return text;
    throw new UserError(`Cannot read ${path}: found a byte of 0, wanted a text in UTF-8`);
  } finally {
    file.close();
  }
}

/** Windows of a text's ids that do not overlap, as many as asked in a seeded order. */
function windowsOf(
  ids: Uint32Array,
  options: SequenceOptions & { name: string },
): Uint32Array[] {
  const { sequences, length, seed, name } = options;
  const windows = Math.floor(ids.length / length);
  if (windows < 1) {
    throw new UserError(
      `Cannot take sequences of ${length} tokens from ${name}: found ${ids.length} tokens`,
    );
  }
  return shuffled(windows, split(seed, `windows/${name}`)).slice(0, sequences)
    .map((window) => ids.slice(window * length, (window + 1) * length));
}

/** Names of files without what all share: their folders, where the names differ. */
function namesOf(paths: readonly string[]): string[] {
  const short = paths.map((path) => basename(path).replace(/\.[^.]+$/, ""));
  return new Set(short).size === short.length ? short : [...paths];
}

/** Sequences of text files, each of which is a domain. */
async function fileSequences(
  paths: readonly string[],
  options: SequenceOptions,
): Promise<DomainSequences> {
  const domains = namesOf(paths);
  const sequences: DomainSequences["sequences"] = [];
  for (const [domain, path] of paths.entries()) {
    const ids = options.tokens.encode(await readText(path));
    for (const window of windowsOf(ids, { ...options, name: path })) {
      sequences.push({ domain, ids: window });
    }
  }
  return { domains, sequences };
}

/** Sequences of a corpus, of its held-out part; its tokens are bytes, which the model reads as text. */
export function corpusSequences(corpus: Corpus, options: SequenceOptions): DomainSequences {
  const { sequences, length, seed, tokens } = options;
  const { domains } = corpus;
  const take = (domain: number, index: number) => {
    const stream = split(seed, `routing/${domain}/${index}`);
    // A tokenizer may put several letters into a token, and never more than it has.
    for (let letters = length; letters <= MOST_BYTES; letters *= 2) {
      const drawn = corpus.draw(domain, { length: letters, part: "held-out", stream });
      const ids = tokens.encode(new TextDecoder().decode(Uint8Array.from(drawn)));
      if (ids.length >= length) return ids.slice(0, length);
    }
    throw new UserError(
      `Cannot take sequences of ${length} tokens from ${corpus.id}: its letters are none to ` +
        tokens.name,
    );
  };
  return {
    domains: [...domains],
    sequences: domains.flatMap((_, domain) =>
      Array.from({ length: sequences }, (_, index) => ({ domain, ids: take(domain, index) }))
    ),
  };
}

/**
 * The sequences of a run: of the files named, or of the synthetic language.
 *
 * @throws {UserError} where a file is no text, or has less than a sequence.
 */
export async function readSequences(
  text: readonly string[],
  options: SequenceOptions & { domains: number },
): Promise<DomainSequences> {
  if (text.length === 1 && text[0] === SYNTHETIC) {
    return corpusSequences(syntheticCorpus({ domains: options.domains, seed: 1 }), options);
  }
  return await fileSequences(text, options);
}
