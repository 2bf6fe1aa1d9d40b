/**
 * Experts asked one after another, token by token (Fusion of Experts, arXiv 2310.01542, section 4): what is
 * expected of a further expert is the mean of what it gave for the tokens of known text of which those
 * asked before said nearly the same.
 *
 * @module
 */
import { expertSets, nextExpert } from "../../core/train/schemes/frugal.ts";
import {
  fusedLosses,
  type FuserValues,
  heardOf,
  heardTogether,
  type HostFuserSizes,
} from "../../core/train/schemes/host_fuser.ts";
import { nearestRows } from "../../core/train/schemes/neighbours.ts";
import { type FuserText, meanSoFar } from "./fusers.ts";
import { mean } from "../mean.ts";

/** A fuser that can do with any of its experts. */
export interface SomeFuser extends HostFuserSizes, FuserValues {}

/** Text under every set of experts. */
export interface JudgedText {
  /** What each set said, as the fuser hears it: [T, H] by the number of the set. */
  together: Float64Array[];
  /** Losses [T] by the number of the set; of no experts, infinite. */
  losses: Float64Array[];
}

/** Judges text. */
export function judgeText(fuser: SomeFuser, text: FuserText): JudgedText {
  const { losses_TE, predictions } = text.said;
  const heard = heardOf({ predictions, told: meanSoFar(text) }, fuser);
  const sets = expertSets(fuser.experts);
  const together = sets.map((set) => heardTogether(heard, set));
  const tokens = losses_TE.length / fuser.experts;
  const losses = sets.map((set, number) =>
    set.length === 0
      ? new Float64Array(tokens).fill(Infinity)
      : fusedLosses(set, { ...fuser, together_TH: together[number], losses_TE })
  );
  return { together, losses };
}

/** Several texts one behind the other. */
export function joinTexts(texts: readonly JudgedText[]): JudgedText {
  const joined = (of: (text: JudgedText) => Float64Array[]) =>
    of(texts[0]).map((_, set) =>
      Float64Array.from(texts.flatMap((text) => Array.from(of(text)[set])))
    );
  return { together: joined(({ together }) => together), losses: joined(({ losses }) => losses) };
}

/** How experts are asked. */
export interface FrugalOptions {
  /** How many there are. */
  experts: number;
  /** Hidden width of the fuser. */
  hidden: number;
  /** Text whose losses are known. */
  known: JudgedText;
  /** Neighbours that a token's losses are expected of. */
  neighbours: number;
}

/** What a token was asked. */
export interface FrugalAnswers {
  /** Losses [T], nats. */
  losses_T: Float64Array;
  /** Experts asked [T]. */
  asked_T: Uint8Array;
}

/** The number of a set of experts. */
const numberOf = (asked: readonly number[]) => asked.reduce((set, e) => set | (1 << e), 0);

/**
 * Asks experts of each token of a text, at each of several prices: the same neighbours serve all of them.
 */
export function askFrugally(
  text: JudgedText,
  { prices, ...options }: FrugalOptions & { prices: readonly number[] },
): FrugalAnswers[] {
  const { experts, hidden: width, known, neighbours } = options;
  const sets = expertSets(experts);
  const tokens = text.losses[0].length;
  const found = new Map<number, number[]>();
  // Before anyone is asked nothing tells tokens apart: what is expected is the mean of the known text.
  const atFirst = known.losses.map((losses) => mean([...losses]));
  const nearOf = (set: number, token: number): number[] => {
    const key = set * tokens + token;
    const near = found.get(key) ?? nearestRows({ data: text.together[set], width }, {
      ...{ row: token, count: neighbours, among: { data: known.together[set], width } },
    });
    found.set(key, near);
    return near;
  };
  const expected = (set: number, token: number) => (asked: readonly number[]) => {
    const losses = known.losses[numberOf(asked)];
    return set === 0 ? atFirst[numberOf(asked)] : mean(nearOf(set, token).map((i) => losses[i]));
  };
  return prices.map((each) => {
    const price = new Array<number>(experts).fill(each);
    const losses_T = new Float64Array(tokens);
    const asked_T = new Uint8Array(tokens);
    const first = nextExpert(sets, { asked: [], lossOf: expected(0, 0), price })!;
    for (let token = 0; token < tokens; token++) {
      const asked = [first];
      for (;;) {
        const lossOf = expected(numberOf(asked), token);
        const next = nextExpert(sets, { asked, lossOf, price });
        if (next === undefined) break;
        asked.push(next);
      }
      losses_T[token] = text.losses[numberOf(asked)][token];
      asked_T[token] = asked.length;
    }
    return { losses_T, asked_T };
  });
}
