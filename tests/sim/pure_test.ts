import { assert, assertEquals } from "@std/assert";

/** Folders that a page loads too. */
const sim = new URL("../../sim/", import.meta.url);

function* sources(folder: URL): Generator<URL> {
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.isDirectory) yield* sources(new URL(`${entry.name}/`, folder));
    else if (entry.name.endsWith(".ts")) yield new URL(entry.name, folder);
  }
}

Deno.test("the simulator touches nothing that a page has not, no clock and no chance", () => {
  const files = [...sources(sim)];
  assert(files.length > 10);
  const banned = /\bDeno\.|["']node:|\bMath\.random\b|\bDate\b|\bperformance\b|\bprocess\./;
  for (const file of files) {
    const code = Deno.readTextFileSync(file).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    assertEquals(code.match(banned)?.[0], undefined, file.pathname);
  }
});

Deno.test("the simulator leans on kernels/base and core/spec alone", () => {
  for (const file of sources(sim)) {
    for (
      const [, path] of Deno.readTextFileSync(file).matchAll(/^(?:im|ex)port[^"]*"(\.[^"]+)"/gm)
    ) {
      const target = new URL(path, file).pathname.slice(
        new URL("../../", import.meta.url).pathname.length,
      );
      assert(
        /^(sim|kernels\/base|core\/spec)\//.test(target),
        `${file.pathname} imports ${target}`,
      );
    }
  }
});
