/**
 * The shaders of the router, as texts; one lane a token.
 *
 * @module
 */
import { rowMain } from "../norm/rows.ts";
import { noisyScores, type Scoring, scoringText } from "./scoring.ts";
import { MOST_IN_A_PASS, sortableText, topKText } from "./top_k.ts";

/** How experts are chosen, beside the scoring. */
export interface Choice extends Scoring {
  /** Whether a bias is added to the scores for choosing. */
  biased: boolean;
  /** The experts are given; nothing is chosen. */
  given: boolean;
  /** Whether all scores are written. */
  scoresOut: boolean;
  /** Experts come from the best `chosen` groups of `size` neighbours alone. */
  groups?: { size: number; count: number; chosen: number; by: "max" | "top2" };
}

const only = <A>(wanted: unknown, ...items: A[]): A[] => wanted ? items : [];

const isSoftmax = (s: Scoring): boolean => (s.scores ?? "softmax") === "softmax";
const measureText = (s: Scoring): string =>
  isSoftmax(s) ? "\n  if (p.over_all == 1u) { measure(); }" : "";

/** The best groups, as bits of `allowed`. */
function groupsText({ size, count, by }: NonNullable<Choice["groups"]>): string {
  return `
  var allowed = 0u;
  for (var g = 0u; g < ${count}u; g++) {
    var best = LOWEST;
    var next = LOWEST;
    for (var e = g * ${size}u; e < min((g + 1u) * ${size}u, p.columns); e++) {
      let key = key_of(e / 4u)[e % 4u];
      next = max(next, min(best, key));
      best = max(best, key);
    }
    group_take(g, sortable(vec4f(best${by === "top2" && size > 1 ? " + next" : ""})).x);
  }
  for (var j = 0u; j < GROUPS; j++) { allowed |= 1u << group_ids[j]; }`;
}

function chooseText(q: Choice): string {
  const size = q.groups?.size;
  const each = [0, 1, 2, 3].map((j) => `best_take(4u * c + ${j}u, keys[${j}]);`).join(" ");
  const pass = `
  for (var c = 0u; c < p.vectors; c++) {
    ${size ? "var" : "let"} keys = select(vec4u(), sortable(key_of(c)), has(c));${
    size
      ? `
    let group = (vec4u(4u * c) + vec4u(0u, 1u, 2u, 3u)) / vec4u(${size}u);
    keys = select(vec4u(), keys, ((vec4u(allowed) >> (group & vec4u(31u))) & vec4u(1u)) == vec4u(1u));`
      : ""
  }
    ${each}
  }`;
  const write = (first: string, n: string) =>
    `for (var j = 0u; j < ${n}; j++) { ids[row * p.top + ${first}j] = best_ids[j]; }`;
  const groups = q.groups ? groupsText(q.groups) : "";
  if (q.topK <= MOST_IN_A_PASS) return `${groups}${pass}\n  ${write("", `${q.topK}u`)}`;
  return `${groups}
  for (var found = 0u; found < p.top; found += ${MOST_IN_A_PASS}u) {
    ${pass}
    ${write("found + ", `min(${MOST_IN_A_PASS}u, p.top - found)`)}
    best_next();
  }`;
}

/** What a choice is made by: the score with a bias, or just the logit, which has the same order. */
function keyText(q: Choice): string {
  if (q.biased) return "fn key_of(c: u32) -> vec4f { return score(logit(c)) + bias[c]; }";
  const noise = q.noise && !noisyScores(q) ? " + vec4f(noise[at + c])" : "";
  return `fn key_of(c: u32) -> vec4f { return logit(c)${noise}; }`;
}

/** Ids, weights and, where they are wanted, the scores of all experts. */
export function routerShader(q: Choice): string {
  const head = scoringText(q, [
    ["logits", "T4"],
    ...only(q.noise && !(q.given && q.cleanWeights), ["noise", "T4"] as const),
    ...only(q.biased, ["bias", "vec4f"] as const),
    q.given ? ["ids", "u32"] as const : ["ids", "u32", "write"] as const,
    ["weights", "f32", "write"],
    ...only(q.scoresOut, ["all_scores", "vec4f", "write"] as const),
  ]);
  const choose = q.given ? "" : `${sortableText}
${q.groups ? `const GROUPS = ${q.groups.chosen}u;${topKText("group", q.groups.chosen)}` : ""}
${topKText("best", q.topK)}
${keyText(q)}`;
  return `${head}${choose}
${rowMain}
  at = row * p.vectors;${measureText(q)}${q.given ? "" : chooseText(q)}
  let divisor = divisor_of(row);
  for (var j = 0u; j < p.top; j++) {
    let choice = row * p.top + j;
    weights[choice] = p.scale * (raw(logit_of(ids[choice])) / divisor);
  }${
    q.scoresOut
      ? `
  for (var c = 0u; c < p.vectors; c++) {
    all_scores[at + c] = select(vec4f(), score(logit(c)), has(c));
  }`
      : ""
  }
}
`;
}

/** dlogits from dweights and, where they are given, the gradients of all scores. */
export function routerBackwardShader(scoring: Scoring, dscores: boolean): string {
  const softmax = isSoftmax(scoring);
  const head = scoringText(scoring, [
    ["logits", "T4"],
    ...only(noisyScores(scoring), ["noise", "T4"] as const),
    ["ids", "u32"],
    ["dweights", "f32"],
    ...only(dscores, ["dscores", "vec4f"] as const),
    ["dlogits", "T4", "write"],
  ]);
  const dense = softmax ? "s * (ds - level)" : "s * (1.0 - s) * ds";
  return `${head}
${rowMain}
  at = row * p.vectors;${measureText(scoring)}
  let divisor = divisor_of(row);
  // Along the weights, when their sum is held: a raised weight lowers the others.
  var along = 0.0;
  for (var j = 0u; j < p.top; j++) {
    let choice = row * p.top + j;
    along += raw(logit_of(ids[choice])) / divisor * dweights[choice];
  }
  var level = ${softmax ? "select(p.scale * along, 0.0, p.renormalise == 1u)" : "0.0"};
  if (p.renormalise == 0u) { along = 0.0; }${
    dscores && softmax
      ? `
  for (var c = 0u; c < p.vectors; c++) {
    level += dot(select(vec4f(), score(logit(c)) * dscores[at + c], has(c)), vec4f(1.0));
  }`
      : ""
  }
  for (var c = 0u; c < p.vectors; c++) {
    var d = vec4f();
    ${
    softmax || dscores
      ? `if (p.over_all == 1u) {
      let s = score(logit(c));
      let ds = ${dscores ? "dscores[at + c]" : "vec4f()"};
      d = ${dense};
    }`
      : ""
  }
    dlogits[at + c] = T4(select(vec4f(), d, has(c)));
  }
  for (var j = 0u; j < p.top; j++) {
    let choice = row * p.top + j;
    let e = ids[choice];
    let r = raw(logit_of(e));
    let slope = r / divisor * p.scale * (dweights[choice] - along)${softmax ? "" : " * (1.0 - r)"};
    let i = at + e / 4u;
    dlogits[i][e % 4u] = T(f32(dlogits[i][e % 4u]) + slope);
  }
}
`;
}
