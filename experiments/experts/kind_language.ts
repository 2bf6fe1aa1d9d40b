/**
 * A language that small programs learn within a few steps: each domain has a letter that follows each
 * letter, most of the time, and a sequence begins with the mark of its domain. What follows depends on
 * letter and domain together, which is what experts are for.
 *
 * @module
 */
import { split } from "../../kernels/mod.ts";

/** How the language is drawn. */
export interface KindLanguage {
  /** Letters. */
  letters: number;
  /** Domains; their marks are tokens behind the letters. */
  domains: number;
  /** Seed of what follows what. */
  seed: number;
}

/** Share of letters that follow the rule; the others are any. */
export const RULED = 0.9;

/** Different tokens. */
export const vocabularyOf = ({ letters, domains }: KindLanguage): number => letters + domains;

/** What follows each letter in each domain. */
function rules({ letters, domains, seed }: KindLanguage): number[][] {
  return Array.from({ length: domains }, (_, domain) => {
    const stream = split(seed, `rules ${domain}`);
    const order = Array.from({ length: letters }, (_, i) => i);
    for (let i = letters - 1; i > 0; i--) {
      const j = stream.int(0, i);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  });
}

/** Indices of a batch, [T] each, as {@linkcode expertDecoder} wants them. */
export interface LanguageBatch {
  /** Tokens. */
  tokens: Uint32Array;
  /** The token before each, its own for the first. */
  before: Uint32Array;
  /** What comes next. */
  targets: Uint32Array;
  /** The domain of each token's sequence. */
  tags: Uint32Array;
}

/** Sequences of a language; a name draws always the same ones. */
export function languageBatch(
  language: KindLanguage,
  { name, sequences, length }: { name: string; sequences: number; length: number },
): LanguageBatch {
  const { letters, domains, seed } = language;
  const known = rules(language);
  const stream = split(seed, `language ${name}`);
  const whole = Array.from({ length: sequences }, () => {
    const domain = stream.int(0, domains - 1);
    const text = [letters + domain, stream.int(0, letters - 1)];
    while (text.length <= length) {
      const ruled = stream.uniform() < RULED;
      text.push(ruled ? known[domain][text.at(-1)!] : stream.int(0, letters - 1));
    }
    return { domain, text };
  });
  const all = (of: (one: typeof whole[number], at: number) => number) =>
    Uint32Array.from(whole.flatMap((one) => Array.from({ length }, (_, at) => of(one, at))));
  return {
    tokens: all(({ text }, at) => text[at]),
    before: all(({ text }, at) => text[Math.max(0, at - 1)]),
    targets: all(({ text }, at) => text[at + 1]),
    tags: all(({ domain }) => domain),
  };
}

/**
 * The mean loss that a model which knows the language reaches, nats a token: of a sequence's first
 * letter, and of the letters that follow.
 */
export function languageFloor({ letters }: KindLanguage, length: number): number {
  const other = (1 - RULED) / letters;
  const rule = RULED + other;
  const following = -rule * Math.log(rule) - (letters - 1) * other * Math.log(other);
  return (Math.log(letters) + (length - 1) * following) / length;
}
