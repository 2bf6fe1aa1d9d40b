/**
 * The shaders of the normalisations, as texts: which tensors take part and how many vectors a lane
 * holds is fixed in the text, every size is a uniform.
 *
 * Backward, with g = dy * gamma, n = (x - mean) * inverse and D columns:
 *
 *     dx     = inverse * (g - mean(g) - n * factor * sum(g * n))     mean(g) for centred norms alone
 *     dgamma = sum over rows of dy * n,   dbeta = sum over rows of dy
 *
 * A workgroup writes the column sums of its block of rows; a second shader adds the blocks. Every
 * element is read once and nothing is added by atomics.
 *
 * @module
 */
import type { Storage } from "../storage.ts";
import { eachStep, type NormPlan, rowSumText } from "./plan.ts";
import { bindingsText, keepText } from "./rows.ts";

/** What a text is made for. */
export interface NormProgram {
  /** The mean is taken off. */
  centred: boolean;
  /** Storage of gamma, if there is one. */
  gamma?: Storage;
  /** Storage of beta, if there is one. */
  beta?: Storage;
  /** A second tensor is added to the first before (forward), or to dx after (backward). */
  add: boolean;
}

const only = <A>(wanted: unknown, ...items: A[]): A[] => wanted ? items : [];

const params = `
struct Params { rows: u32, columns: u32, vectors: u32, block: u32, factor: f32, epsilon: f32 };
const ONES = vec4f(1.0);
`;

/** Only the last two vectors of a row can be padded, and so only what the last two steps hold. */
const kept = (plan: NormPlan, j: number, value: string) =>
  j < plan.steps - 2 ? value : `keep(${value}, c${j})`;

/** The head of a main, and what comes before its rows. */
const main = (plan: NormPlan, before: string) => `
@compute @workgroup_size(${plan.lanes})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let own = group.y * groups.x + group.x;
  let first = own * p.block;
  if (first >= p.rows) { return; }
    ${eachStep(plan, (j) => `let c${j} = lane + ${j * plan.lanes}u;`)}
    ${before}
  for (var row = first; row < min(first + p.block, p.rows); row++) {
    let at = row * p.vectors;`;

/** A variable a step, set where the step is within the row. */
const held = (plan: NormPlan, name: string, value: (j: number) => string) =>
  `${eachStep(plan, (j) => `var ${name}${j} = vec4f();`)}
    ${eachStep(plan, (j) => `${name}${j} = ${value(j)};`, { guard: true })}`;

/** Statistics of each row and y; the sum with what `add` adds is stored too. */
export function forwardShader(q: NormProgram, plan: NormPlan): string {
  const each = (text: (j: number) => string, guard = false) => eachStep(plan, text, { guard });
  const load = (j: number) => `vec4f(x[at + c${j}])`;
  const sum = (j: number) => `vec4f(T4(${load(j)} + vec4f(r[at + c${j}])))`;
  const n = (j: number) => `v${j} * inverse`;
  const gamma = (j: number) => q.gamma ? ` * gamma${j}` : "";
  const beta = (j: number) => q.beta ? ` + beta${j}` : "";
  const before = [
    ...only(q.gamma, held(plan, "gamma", (j) => `vec4f(gamma[c${j}])`)),
    ...only(q.beta, held(plan, "beta", (j) => `vec4f(beta[c${j}])`)),
  ].join("\n    ");
  return `${params}
${
    bindingsText([
      ["x", "T4"],
      ...only(q.add, ["r", "T4"] as const),
      ...only(q.gamma, ["gamma", `vec4<${q.gamma}>`] as const),
      ...only(q.beta, ["beta", `vec4<${q.beta}>`] as const),
      ["y", "T4", "write"],
      ["inverses", "f32", "write"],
      ...only(q.centred, ["means", "f32", "write"] as const),
      ...only(q.add, ["sum", "T4", "write"] as const),
    ])
  }
${rowSumText(plan)}
${keepText}
${main(plan, before)}
    ${held(plan, "v", q.add ? sum : load)}
    ${q.add ? each((j) => `sum[at + c${j}] = T4(v${j});`, true) : ""}
    var squares = vec4f();
    ${
    q.centred
      ? `var total = vec4f();
    ${each((j) => `total += v${j};`)}
    let mean = row_sum(dot(total, ONES), lane) / f32(p.columns);
    ${each((j) => `v${j} = ${kept(plan, j, `v${j} - mean`)};`)}`
      : ""
  }
    ${each((j) => `squares = fma(v${j}, v${j}, squares);`)}
    let inverse = inverseSqrt(row_sum(dot(squares, ONES), lane) * p.factor + p.epsilon);
    if (lane == 0u) { inverses[row] = inverse;${q.centred ? " means[row] = mean;" : ""} }
    ${each((j) => `y[at + c${j}] = T4(${kept(plan, j, `${n(j)}${gamma(j)}${beta(j)}`)});`, true)}
  }
}
`;
}

/** dx, and the column sums of each block of rows. */
export function backwardShader(q: NormProgram, plan: NormPlan): string {
  const each = (text: (j: number) => string, guard = false) => eachStep(plan, text, { guard });
  const extra = (j: number) => q.add ? ` + vec4f(extra[at + c${j}])` : "";
  const sums = [...only(q.gamma, "dgamma"), ...only(q.beta, "dbeta")];
  const before = [
    ...only(q.gamma, held(plan, "gamma", (j) => `vec4f(gamma[c${j}])`)),
    ...sums.map((name) => each((j) => `var ${name}${j} = vec4f();`)),
  ].join("\n    ");
  return `${params}
${
    bindingsText([
      ["dy", "T4"],
      ["x", "T4"],
      ["inverses", "f32"],
      ...only(q.centred, ["means", "f32"] as const),
      ...only(q.gamma, ["gamma", `vec4<${q.gamma}>`] as const),
      ...only(q.add, ["extra", "T4"] as const),
      ["dx", "T4", "write"],
      ...sums.map((name) => [name, "vec4f", "write"] as const),
    ])
  }
${rowSumText(plan)}
${keepText}
${main(plan, before)}
    let inverse = inverses[row];
    ${q.centred ? "let mean = means[row];" : ""}
    ${held(plan, "n", (j) => `(vec4f(x[at + c${j}])${q.centred ? " - mean" : ""}) * inverse`)}
    ${held(plan, "g", (j) => `vec4f(dy[at + c${j}])`)}
    var along = vec4f();
    var plain = vec4f();
    ${
    each((j) =>
      [
        ...only(q.gamma, `dgamma${j} = fma(g${j}, n${j}, dgamma${j});`),
        ...only(q.beta, `dbeta${j} += g${j};`),
        ...only(q.gamma, `g${j} = ${kept(plan, j, `g${j} * gamma${j}`)};`),
        `along = fma(g${j}, n${j}, along);`,
        ...only(q.centred, `plain += g${j};`),
      ].join(" ")
    )
  }
    let level = ${q.centred ? "row_sum(dot(plain, ONES), lane) / f32(p.columns)" : "0.0"};
    let slope = row_sum(dot(along, ONES), lane) * p.factor;
    ${
    each((j) =>
      `dx[at + c${j}] = T4(${
        kept(plan, j, `inverse * (g${j} - level - n${j} * slope)${extra(j)}`)
      });`, true)
  }
  }
  ${
    sums.map((name) =>
      each((j) => `${name}[own * p.vectors + c${j}] = ${kept(plan, j, `${name}${j}`)};`, true)
    ).join("\n    ")
  }
}
`;
}
