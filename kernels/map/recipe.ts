/**
 * Recipes of pointwise kernels, and the shader that is made of one.
 *
 * A recipe names tensors of one shape and says in WGSL what becomes of four elements at once; this
 * file alone knows how memory is gone through. On software Vulkan each element that is loaded or
 * stored costs some ten instructions, whatever the order: there a thread takes four vectors in a
 * row, which saves a tenth; on a GPU neighbouring threads take neighbouring vectors.
 *
 * @module
 */
import type { Device } from "../device.ts";
import type { Storage } from "../storage.ts";

/** Threads of a workgroup of a pointwise kernel. */
export const MAP_THREADS = 256;

/**
 * A pointwise kernel. In `body` each tensor is a `vec4f` of its name, each scalar and each value an
 * `f32`. Where all that is read is 0, what is written has to be 0: that keeps padding columns 0.
 */
export interface MapRecipe {
  /** Operator, for labels. */
  name: string;
  /** Tensors that are read. */
  reads?: readonly string[];
  /** Tensors that are read and overwritten. */
  updates?: readonly string[];
  /** Tensors that are written. */
  writes?: readonly string[];
  /** Tensors of which element 0 counts for all, f32: a factor that was made on the device. */
  scalars?: readonly string[];
  /** Numbers that the host gives. */
  values?: readonly string[];
  /**
   * Matrices that a tensor holds one behind the other where the others hold one: its vectors are
   * `name_0`, `name_1` and so on.
   */
  planes?: Readonly<Record<string, number>>;
  /** WGSL functions that the body calls. */
  functions?: string;
  /** WGSL statements. */
  body: string;
}

/** The tensors of a recipe in the order of their bindings, with their access. */
export function mapBindings(recipe: MapRecipe): { name: string; access: string }[] {
  const { reads = [], scalars = [], updates = [], writes = [] } = recipe;
  return [
    ...[...reads, ...scalars].map((name) => ({ name, access: "read" })),
    ...[...updates, ...writes].map((name) => ({ name, access: "read_write" })),
  ];
}

/** Vectors that one thread takes, one behind the other. */
export function mapRun(device: Pick<Device, "adapter">): number {
  return device.adapter.software ? 4 : 1;
}

/** The names of a tensor's vectors in the body, with the plane that each is of. */
function vectorsOf(recipe: MapRecipe, name: string): { name: string; plane: number }[] {
  const planes = recipe.planes?.[name];
  if (planes === undefined) return [{ name, plane: 0 }];
  return Array.from({ length: planes }, (_, plane) => ({ name: `${name}_${plane}`, plane }));
}

const place = (name: string, plane: number) =>
  plane === 0 ? `${name}_at[i]` : `${name}_at[i + ${plane}u * p.plane]`;

/**
 * The WGSL of a recipe for tensors of these storage types.
 *
 * @example
 * ```ts
 * import { mapShader } from "@moelab/moelab/kernels";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const recipe = { name: "double", reads: ["x"], writes: ["y"], body: "y = 2.0 * x;" };
 * const code = mapShader(recipe, { dtypes: { x: "f16", y: "f32" }, run: 1 });
 * assertStringIncludes(code, "let x = vec4f(x_at[i]);");
 * ```
 */
export function mapShader(
  recipe: MapRecipe,
  options: { dtypes: Readonly<Record<string, Storage>>; run: number },
): string {
  const { dtypes, run } = options;
  const { reads = [], updates = [], writes = [], scalars = [], values = [] } = recipe;
  const typeOf = (name: string) => `vec4<${dtypes[name]}>`;
  const bindings = mapBindings(recipe);
  const elements = bindings.filter(({ name }) => !scalars.includes(name));
  const vectors = (names: readonly string[]) =>
    names.flatMap((tensor) => vectorsOf(recipe, tensor).map((v) => ({ tensor, ...v })));
  return [
    elements.some(({ name }) => dtypes[name] === "f16") ? "enable f16;" : "",
    `struct Params { count: u32, live: u32, plane: u32, ${
      values.map((v) => `${v}: f32, `).join("")
    }};`,
    ...bindings.map(({ name, access }, i) =>
      `@group(0) @binding(${i}) var<storage, ${access}> ${name}_at: ` +
      `array<${scalars.includes(name) ? "f32" : typeOf(name)}>;`
    ),
    `@group(0) @binding(${bindings.length}) var<uniform> p: Params;`,
    recipe.functions ?? "",
    `@compute @workgroup_size(${MAP_THREADS})`,
    "fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,",
    "  @builtin(local_invocation_index) thread: u32) {",
    `let first = ((group.y * groups.x + group.x) * ${MAP_THREADS}u + thread) * ${run}u;`,
    `let end = min(first + ${run}u, p.count);`,
    ...scalars.map((name) => `let ${name} = ${name}_at[0];`),
    ...values.map((name) => `let ${name} = p.${name};`),
    "for (var j = first; j < end; j++) {",
    "let i = group.z * p.plane + j;",
    // Rows beyond the shape may hold anything: where they are written at all, they become 0.
    "let live = 4u * j + vec4u(0u, 1u, 2u, 3u) < vec4u(p.live);",
    ...vectors(reads).map((v) => `let ${v.name} = vec4f(${place(v.tensor, v.plane)});`),
    ...vectors(updates).map((v) => `var ${v.name} = vec4f(${place(v.tensor, v.plane)});`),
    ...vectors(writes).map((v) => `var ${v.name} = vec4f();`),
    recipe.body,
    ...vectors([...updates, ...writes]).map((v) =>
      `${place(v.tensor, v.plane)} = ${typeOf(v.tensor)}(select(vec4f(), ${v.name}, live));`
    ),
    "}",
    "}",
  ].filter((line) => line !== "").join("\n") + "\n";
}
