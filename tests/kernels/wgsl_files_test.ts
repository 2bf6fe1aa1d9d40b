/** The shaders that are written by hand, as a parser reads them. */
import { assert, assertEquals } from "@std/assert";
import { WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";

/** Bindings in order, and threads of a workgroup. */
const shaders: Record<string, { bindings: string[]; threads: number }> = {
  "combine/combine": { bindings: ["rows", "places", "weights", "extra", "y", "p"], threads: 64 },
  "group_tokens/equal_groups": {
    bindings: ["offsets", "tile_map", "row_ids", "places", "p"],
    threads: 64,
  },
  "group_tokens/count": { bindings: ["ids", "counts", "ranks", "p"], threads: 64 },
  "group_tokens/scan": {
    bindings: ["counts", "offsets", "tile_map", "p"],
    threads: 64,
  },
  "group_tokens/tokens": { bindings: ["row_ids", "row_tokens", "p"], threads: 64 },
  "group_tokens/place": {
    bindings: ["ids", "counts", "offsets", "ranks", "row_ids", "places", "p"],
    threads: 64,
  },
  "activation/row_parts": { bindings: ["parts", "row_ids", "dweights", "p"], threads: 64 },
  "reduce/total": { bindings: ["parts", "total", "p"], threads: 256 },
  "reduce/columns": { bindings: ["x", "y", "p"], threads: 64 },
  "broadcast/columns": { bindings: ["x", "y", "p"], threads: 64 },
  "choose/assign": { bindings: ["x", "numbers", "members", "ids", "p"], threads: 256 },
  "choose/per_column": { bindings: ["x", "y", "p"], threads: 64 },
  "choose/put": { bindings: ["x", "ids", "y", "p"], threads: 64 },
  "embedding/digit": {
    bindings: ["keys", "order", "places", "new_keys", "new_order", "digit", "p"],
    threads: 64,
  },
  "embedding/gather": { bindings: ["ids", "table", "y", "p"], threads: 64 },
  "embedding/join": { bindings: ["keys", "heads", "tails", "dtable", "p"], threads: 64 },
  "embedding/runs": {
    bindings: ["keys", "order", "dy", "dtable", "heads", "tails", "p"],
    threads: 64,
  },
  "rows/put_rows": { bindings: ["x", "y", "p"], threads: 64 },
  "cross_entropy/columns": { bindings: ["x", "y", "p"], threads: 64 },
  "cross_entropy/gradient": {
    bindings: ["targets", "lse", "share", "logits", "p"],
    threads: 64,
  },
  "cross_entropy/mean": { bindings: ["targets", "losses", "mean", "share", "p"], threads: 64 },
  "attention/delta": { bindings: ["o", "grad", "delta", "p"], threads: 64 },
  "attention/sink": { bindings: ["sink", "lse", "delta", "dsink", "p"], threads: 64 },
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
