/**
 * The corpus that needs no download: domains of a seeded synthetic language over bytes, each with a
 * grammar of its own and most letters shared.
 *
 * Its process is known, so the least loss that a model can reach is known too: see
 * {@linkcode floorOf}.
 *
 * @module
 */
import { UserError } from "../../../kernels/mod.ts";
import type { Corpus, TrainingBatch } from "./corpus.ts";
import { createGrammar } from "./grammar.ts";

/** What a synthetic corpus is made of. */
export interface SyntheticOptions {
  /** Domains. */
  domains?: number;
  /** Seed of the grammars. */
  seed?: number;
  /** Letters that all domains share, from `a` on. */
  shared?: number;
  /** Letters that a domain has for itself, from `A` on. */
  own?: number;
}

/** What {@linkcode syntheticCorpus} takes where nothing is said. */
export const syntheticDefaults = { domains: 4, seed: 1, shared: 16, own: 2 } as const;

const [LOWER, UPPER] = [97, 65];

/**
 * Makes a synthetic corpus.
 *
 * @throws {UserError} where the letters do not suffice.
 *
 * @example
 * ```ts
 * import { split } from "@moelab/moelab/kernels";
 * import { syntheticCorpus } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const corpus = syntheticCorpus({ domains: 2 });
 * const options = { length: 40, part: "training", stream: split(1, "a text") } as const;
 * const text = String.fromCharCode(...corpus.draw(0, options));
 * assertEquals(text.length, 40);
 * assertEquals(/^[a-pAB =()<>[\]{}]*$/.test(text), true);
 * ```
 */
export function syntheticCorpus(options: SyntheticOptions = {}): Corpus {
  const { domains, seed, shared, own } = { ...syntheticDefaults, ...options };
  const wrong = (what: string) => {
    throw new UserError(`Cannot make a synthetic corpus: ${what}`);
  };
  if (!(Number.isInteger(domains) && domains >= 1)) {
    wrong(`found ${domains} domains, wanted 1 or more`);
  }
  if (!(Number.isInteger(shared) && shared >= 4 && shared <= 26)) {
    wrong(`found ${shared} shared letters, wanted 4 to 26`);
  }
  if (!(Number.isInteger(own) && own >= 0 && own * domains <= 26)) {
    const most = Math.floor(26 / domains);
    wrong(
      `found ${own} letters of its own for each of ${domains} domains, wanted at most ${most}`,
    );
  }
  const grammars = Array.from({ length: domains }, (_, domain) => {
    const alphabet = [
      ...Array.from({ length: shared }, (_, i) => LOWER + i),
      ...Array.from({ length: own }, (_, i) => UPPER + domain * own + i),
    ];
    return createGrammar(alphabet, { domain, seed });
  });
  return {
    id: `synthetic, ${domains} domains, seed ${seed}, ${shared} shared and ${own} own letters`,
    vocabulary: 256,
    mask: 255,
    domains: grammars.map((_, domain) => `domain ${domain}`),
    draw(domain, { length, part, stream }) {
      const grammar = grammars[domain];
      const own = stream.split(part);
      let state = grammar.start;
      return Uint32Array.from({ length }, () => {
        const choices = grammar.next(state);
        let rest = own.uniform();
        const found = choices.find(([, probability]) => (rest -= probability) < 0);
        const [token] = found ?? choices[choices.length - 1];
        state = grammar.advance(state, token);
        return token;
      });
    },
    costs(domain, ids) {
      const grammar = grammars[domain];
      const costs = new Float64Array(ids.length).fill(Infinity);
      let state = grammar.start;
      for (let t = 0; t < ids.length; t++) {
        const probability = grammar.next(state).find(([token]) => token === ids[t])?.[1] ?? 0;
        // What follows an impossible token has no state; all of it stays impossible.
        if (probability === 0) return costs;
        costs[t] = Math.log(1 / probability);
        state = grammar.advance(state, ids[t]);
      }
      return costs;
    },
  };
}

/** The least mean loss, in nats a token, that predictions of next tokens can have. */
export interface LossFloor {
  /** For who is told the domain, as a gate by tag is. */
  told: number;
  /** For who has to infer it from the tokens: Bayes' mixture over equally likely domains. */
  inferred: number;
}

/**
 * The least loss on a batch of next tokens, in expectation: no model can do better but by chance.
 * Undefined where the corpus' process is not known.
 */
export function floorOf(
  corpus: Corpus,
  batch: Pick<TrainingBatch, "ids" | "targets" | "tags"> & { length: number },
): LossFloor | undefined {
  if (!corpus.costs) return undefined;
  const { ids, targets, tags, length } = batch;
  const sums = { told: 0, inferred: 0 };
  for (let at = 0; at < ids.length; at += length) {
    const text = Uint32Array.of(ids[at], ...targets.subarray(at, at + length));
    const costs = corpus.domains.map((_, domain) => corpus.costs!(domain, text));
    const sofar = costs.map(([first]) => -first);
    for (let t = 1; t < text.length; t++) {
      sums.told += costs[tags[at]][t];
      const before = logSum(sofar);
      costs.forEach((cost, domain) => sofar[domain] -= cost[t]);
      sums.inferred += before - logSum(sofar);
    }
  }
  return { told: sums.told / ids.length, inferred: sums.inferred / ids.length };
}

/** log(sum(exp)). */
function logSum(values: readonly number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}
