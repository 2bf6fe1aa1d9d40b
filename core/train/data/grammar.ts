/**
 * The grammar of one synthetic domain: a process whose next token has a known probability given all
 * tokens before it.
 *
 * Words of two to six letters follow the domain's own statistics of pairs and triples of letters. A
 * word may be followed by `=` and the same word again, changed in the domain's own way: repeated,
 * reversed, rotated or mirrored in the alphabet. Brackets open and close around words; which bracket
 * closes which is the domain's own. Most letters are shared by all domains, so a token's meaning
 * depends on where it stands: a router that looks at tokens alone cannot tell the domains apart.
 *
 * @module
 */
import { split, type Stream } from "../../../kernels/mod.ts";
import { shuffled } from "./corpus.ts";

/** How a word is changed when it is copied, in the order that domains take them. */
export const copyKinds = ["repeat", "reverse", "rotate", "mirror"] as const;

/** Tokens that all domains share besides letters: bytes of ASCII. */
export const signs = { space: 32, copy: 61, open: [40, 60, 91, 123], close: [41, 62, 93, 125] };

/** Where a sequence stands; a function of the tokens before. */
export interface GrammarState {
  /** Places of the letters of the word under way, in the domain's alphabet. */
  word: readonly number[];
  /** Places of the last two letters of words; the alphabet's length where there was none. */
  last: readonly [number, number];
  /** Kinds of brackets that are open. */
  open: readonly number[];
  /** Tokens that have to come next. */
  due: readonly number[];
}

/** A grammar: what may come next, and what follows from it. */
export interface Grammar {
  /** State before the first token. */
  start: GrammarState;
  /** Every token that may come, with its probability; they add up to 1. */
  next(state: GrammarState): [token: number, probability: number][];
  /** The state after a token that may come. */
  advance(state: GrammarState, token: number): GrammarState;
}

/** Weights of a letter's successors. */
const successorWeights = [0.6, 0.3, 0.1];
/** How much of a letter's probability comes from the letter before alone; the rest from two. */
const pairShare = 0.5;
const wordLength = { least: 2, most: 6 };
/** Probabilities: a word of enough letters ends; one that ends is copied; a bracket opens, closes. */
const chance = { end: 0.35, copy: 0.35, open: 0.15, close: 0.25 };
const mostOpen = 3;

/** Successors of every context, drawn without repetition. */
function successors(contexts: number, letters: number, stream: Stream): number[][] {
  const n = Math.min(successorWeights.length, letters);
  return Array.from({ length: contexts }, () => shuffled(letters, stream).slice(0, n));
}

const changes: Record<typeof copyKinds[number], (word: number[], letters: number) => number[]> = {
  repeat: (word) => word,
  reverse: (word) => word.toReversed(),
  rotate: (word) => [...word.slice(1), word[0]],
  mirror: (word, letters) => word.map((letter) => letters - 1 - letter),
};

/** Makes the grammar of a domain with an alphabet of token ids. */
export function createGrammar(
  alphabet: readonly number[],
  options: { domain: number; seed: number },
): Grammar {
  const { domain, seed } = options;
  const letters = alphabet.length;
  const stream = (name: string) => split(seed, `grammar/${domain}/${name}`);
  const pairs = successors(letters + 1, letters, stream("pairs"));
  const triples = successors((letters + 1) ** 2, letters, stream("triples"));
  const closing = shuffled(signs.close.length, stream("closing"));
  const change = changes[copyKinds[domain % copyKinds.length]];
  const placeOf = new Map(alphabet.map((token, place) => [token, place]));
  const weights = successorWeights.slice(0, Math.min(successorWeights.length, letters));
  const whole = weights.reduce((a, b) => a + b);

  function lettersAfter([second, first]: readonly [number, number], share: number) {
    const found = new Map<number, number>();
    const add = (places: number[], part: number) =>
      places.forEach((place, i) => {
        const token = alphabet[place];
        found.set(token, (found.get(token) ?? 0) + share * part * weights[i] / whole);
      });
    add(pairs[first], pairShare);
    add(triples[second * (letters + 1) + first], 1 - pairShare);
    return [...found];
  }

  return {
    start: { word: [], last: [letters, letters], open: [], due: [] },
    next({ word, last, open, due }) {
      if (due.length > 0) return [[due[0], 1]];
      if (word.length > 0) {
        const end = word.length < wordLength.least
          ? 0
          : word.length < wordLength.most
          ? chance.end
          : 1;
        const after: [number, number][] = end === 0
          ? []
          : [[signs.copy, end * chance.copy], [signs.space, end * (1 - chance.copy)]];
        return end < 1 ? [...after, ...lettersAfter(last, 1 - end)] : after;
      }
      const opens = open.length < mostOpen ? chance.open : 0;
      const closes = open.length > 0 ? chance.close : 0;
      const brackets: [number, number][] = [
        ...opens > 0
          ? signs.open.map((token): [number, number] => [token, opens / signs.open.length])
          : [],
        ...closes > 0 ? [[signs.close[closing[open.at(-1)!]], closes] as [number, number]] : [],
      ];
      return [...brackets, ...lettersAfter(last, 1 - opens - closes)];
    },
    advance(state, token) {
      const { word, last, open, due } = state;
      if (due.length > 0) return { ...state, due: due.slice(1) };
      if (token === signs.space) return { ...state, word: [] };
      if (token === signs.copy) {
        const copy = change([...word], letters).map((place) => alphabet[place]);
        return { ...state, word: [], due: [...copy, signs.space] };
      }
      const opened = signs.open.indexOf(token);
      if (opened >= 0) return { ...state, open: [...open, opened] };
      if (signs.close.includes(token)) return { ...state, open: open.slice(0, -1) };
      const place = placeOf.get(token)!;
      return { ...state, word: [...word, place], last: [last[1], place] };
    },
  };
}
