/**
 * The shader of the backward pass through an expert's activation.
 *
 * @module
 */
import { type Storage, storagePrelude } from "../storage.ts";
import { activationForm, type ActivationKind } from "./forms.ts";

/**
 * One thread takes every `lanes`-th vector of a row: neighbours take neighbouring vectors, and what
 * is read once a row (its choice, its weight) is shared by many vectors. The row's sum is left in
 * parts, one a thread.
 */
export function expertShader(
  kind: ActivationKind,
  options: { gated: boolean; weighted: boolean; dtype: Storage },
): string {
  const { gated, weighted, dtype } = options;
  const bind = (i: number, access: string, name: string, type: string) =>
    `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`;
  return [
    storagePrelude(dtype),
    "struct Params { rows: u32, lanes: u32, vectors: u32, plane: u32 };",
    bind(0, "read", "h", "T4"),
    bind(1, "read_write", "da", "T4"),
    bind(2, "read_write", "dh", "T4"),
    ...(weighted
      ? [
        bind(3, "read", "weights", "f32"),
        bind(4, "read", "row_ids", "u32"),
        bind(5, "read_write", "parts", "f32"),
      ]
      : []),
    `@group(0) @binding(${weighted ? 6 : 3}) var<uniform> p: Params;`,
    activationForm(kind),
    "@compute @workgroup_size(64)",
    "fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,",
    "  @builtin(local_invocation_index) thread: u32) {",
    "let id = (group.y * groups.x + group.x) * 64u + thread;",
    "let row = id / p.lanes;",
    "if (row >= p.rows) { return; }",
    // An unused row has no choice, and nobody reads what it would give.
    weighted
      ? "let choice = row_ids[row];\nif (choice == 0xffffffffu) { return; }\n" +
        "let s = weights[choice];\nvar sum = vec4f();"
      : "",
    "let end = (row + 1u) * p.vectors;",
    "for (var i = row * p.vectors + id % p.lanes; i < end; i += p.lanes) {",
    "let f = act(vec4f(h[i]));",
    gated ? "let up = vec4f(h[i + p.plane]);\nlet a = f.value * up;" : "let a = f.value;",
    "let d = vec4f(da[i]);",
    weighted ? "sum = fma(d, a, sum);\nlet e = s * d;" : "let e = d;",
    weighted ? "da[i] = T4(s * a);" : "da[i] = T4(a);",
    gated ? "dh[i] = T4(e * up * f.slope);" : "dh[i] = T4(e * f.slope);",
    gated ? "dh[i + p.plane] = T4(e * f.value);" : "",
    "}",
    weighted ? "parts[id] = sum.x + sum.y + sum.z + sum.w;" : "",
    "}",
  ].filter((line) => line !== "").join("\n") + "\n";
}
