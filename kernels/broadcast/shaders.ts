/**
 * The shaders of pointwise functions whose operands stretch, as texts. What a function does not read
 * is not bound; which steps its operands are gone through in is told by uniforms.
 *
 * @module
 */
import {
  lanesText,
  operandNames,
  operandsIn,
  operandText,
  stepFields,
  vectorMain,
} from "./operands.ts";

/** A function of one to three numbers, in WGSL. */
export interface BroadcastFunction {
  /** Its value, of operands `a`, `b`, `c` and numbers of the host by name. */
  wgsl: string;
  /** Its slope along each operand, where `y` is the value too; "0.0" where there is none. */
  slopes: readonly string[];
}

const bindings = (names: readonly (readonly [name: string, type: string])[], written: number) =>
  [
    ...names.map(([name, type], i) =>
      `@group(0) @binding(${i}) var<storage, ${
        i < names.length - written ? "read" : "read_write"
      }> ${name}: array<${type}>;`
    ),
    `@group(0) @binding(${names.length}) var<uniform> p: Params;`,
  ].join("\n");

/** WGSL: the uniforms: sizes, steps of the operands that are read, numbers of the host. */
const params = (used: readonly string[], values: readonly string[]) =>
  `struct Params { rows: u32, columns: u32, vectors: u32${
    used.length > 0 ? `, ${stepFields(used)}` : ""
  }${values.map((name) => `, ${name}: f32`).join("")} };`;

/** WGSL: the body of a function that returns an expression. */
const bodyText = (expression: string, values: readonly string[]) =>
  [...values.map((name) => `let ${name} = p.${name};`), `return ${expression};`].join("\n  ");

/** The WGSL of a function's values. */
export function broadcastShader(of: BroadcastFunction, values: readonly string[]): string {
  const used = operandsIn(of.wgsl);
  return `${params(used, values)}
${bindings([...used.map((n) => [`${n}_all`, "f32"] as const), ["y_all", "vec4f"]], 1)}
fn value(${used.map((n) => `${n}: f32`).join(", ")}) -> f32 {
  ${bodyText(of.wgsl, values)}
}
${vectorMain}
  ${used.map(operandText).join("\n  ")}
  y_all[i] = select(vec4f(), ${lanesText("value", used)}, live);
}
`;
}

/** The WGSL of slopes times what arrives, for the operands of these numbers. */
export function slopeShader(
  of: BroadcastFunction,
  options: { wanted: readonly number[]; values: readonly string[] },
): string {
  const { wanted, values } = options;
  const { used, ofValue } = readBySlopes(of, wanted);
  const given = [...used, ...ofValue ? ["y"] : []];
  return `${params(used, values)}
${
    bindings([
      ["dy_all", "vec4f"],
      ...used.map((n) => [`${n}_all`, "f32"] as const),
      ...ofValue ? [["y_all", "vec4f"] as const] : [],
      ...wanted.map((k) => [`d${operandNames[k]}_all`, "vec4f"] as const),
    ], wanted.length)
  }
${
    wanted.map((k) =>
      `fn slope_${operandNames[k]}(${given.map((n) => `${n}: f32`).join(", ")}) -> f32 {
  ${bodyText(of.slopes[k], values)}
}`
    ).join("\n")
  }
${vectorMain}
  ${used.map(operandText).join("\n  ")}
  ${ofValue ? "let y = y_all[i];" : ""}
  let dy = dy_all[i];
  ${
    wanted.map((k) => {
      const name = operandNames[k];
      const slope = given.length > 0 ? lanesText(`slope_${name}`, given) : `vec4f(slope_${name}())`;
      return `d${name}_all[i] = select(vec4f(), dy * ${slope}, live);`;
    }).join("\n  ")
  }
}
`;
}

/** What the slopes along these operands read: operands, and whether the value. */
export function readBySlopes(of: BroadcastFunction, wanted: readonly number[]) {
  const text = wanted.map((k) => of.slopes[k]).join(" ");
  return { used: operandsIn(text), ofValue: /\by\b/.test(text) };
}
