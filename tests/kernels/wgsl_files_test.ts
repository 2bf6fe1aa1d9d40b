/** The shaders that are written by hand, as a parser reads them. */
import { assert, assertEquals } from "@std/assert";
import { WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";

/** Bindings in order, and threads of a workgroup. */
const shaders: Record<string, { bindings: string[]; threads: number }> = {
  "router/router": { bindings: ["logits", "ids", "weights", "p"], threads: 64 },
  "combine/combine": { bindings: ["rows", "places", "weights", "extra", "y", "p"], threads: 64 },
  "group_tokens/count": { bindings: ["ids", "counts", "ranks", "p"], threads: 64 },
  "group_tokens/scan": {
    bindings: ["counts", "offsets", "tile_map", "grids", "p"],
    threads: 64,
  },
  "group_tokens/place": {
    bindings: ["ids", "counts", "offsets", "ranks", "row_ids", "places", "p"],
    threads: 64,
  },
};

function wgslFiles(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory ? wgslFiles(path) : path.endsWith(".wgsl") ? [path] : [];
  });
}

Deno.test("every shader file is known here", () => {
  assertEquals(
    wgslFiles("kernels").sort(),
    Object.keys(shaders).map((name) => `kernels/${name}.wgsl`).sort(),
  );
});

for (const [name, { bindings, threads }] of Object.entries(shaders)) {
  Deno.test(`${name}.wgsl binds what its launch gives, in order, within eight storage buffers`, () => {
    const reflected = new WgslReflect(Deno.readTextFileSync(`kernels/${name}.wgsl`));
    const [group] = reflected.getBindGroups();
    assertEquals(group.map((b: { name: string }) => b.name), bindings);
    assertEquals(group.map((b: { binding: number }) => b.binding), bindings.map((_, i) => i));
    const [entry] = reflected.entry.compute;
    assertEquals(entry.name, "main");
    assertEquals(entry.workgroupSize[0], threads);
    assert(reflected.storage.length <= 8);
  });
}
