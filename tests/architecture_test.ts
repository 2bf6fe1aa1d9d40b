/**
 * What `docs/architecture.md` promises, held over the sources themselves and over the lists of
 * modules that the gate makes with `deno info`.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Import } from "./gate/sources.ts";
import { codeOf, filesUnder, floors, readModules, textOf } from "./gate/sources.ts";
import config from "../deno.json" with { type: "json" };

const modules = readModules([".moelab/test/mod.json", ".moelab/test/cli.json"]);

/** Where a file may import from: prefixes for code, and more of them for types. */
const rules: readonly { folder: string; code: string[]; types: string[] }[] = [
  { folder: "kernels/base/", code: ["kernels/base/"], types: [] },
  { folder: "kernels/", code: ["kernels/"], types: [] },
  { folder: "core/spec/", code: ["core/spec/", "kernels/base/"], types: [] },
  { folder: "core/", code: ["core/", "kernels/"], types: [] },
  { folder: "sim/", code: ["sim/", "core/spec/", "kernels/base/"], types: [] },
  {
    folder: "reports/planner/",
    code: ["reports/", "kernels/base/", "core/spec/", "sim/"],
    types: [],
  },
  { folder: "reports/", code: ["reports/", "kernels/base/"], types: ["core/spec/", "sim/"] },
  {
    folder: "experiments/",
    code: ["experiments/", "reports/", "sim/", "core/", "kernels/", "deno.json"],
    types: [],
  },
];

/** Whether an import keeps to its floor. */
function keepsToItsFloor({ from, to, typeOnly }: Import): boolean {
  const rule = rules.find(({ folder }) => from.startsWith(folder));
  if (!rule || /^(npm|node):/.test(to)) return true;
  return [...rule.code, ...typeOnly ? rule.types : []].some((prefix) => to.startsWith(prefix));
}

/** Files that have to run in a page: no Deno, no node. */
const pure = [
  ...filesUnder("core/spec"),
  ...filesUnder("sim"),
  ...filesUnder("kernels/base").filter((path) => path !== "kernels/base/files.ts"),
];

Deno.test("imports only go down the floors", () => {
  const wrong = [...modules.values()].flat().filter((i) => !keepsToItsFloor(i));
  assertEquals(wrong.map(({ from, to }) => `${from} imports ${to}`), []);
});

Deno.test("the rule of the floors can fail", () => {
  const up = { from: "kernels/device.ts", to: "core/spec/model.ts", typeOnly: false };
  const gpu = { from: "sim/step/layer/layer.ts", to: "kernels/device.ts", typeOnly: true };
  const type = { from: "reports/result.ts", to: "sim/engine/span.ts", typeOnly: true };
  assertEquals([up, gpu, type].map(keepsToItsFloor), [false, false, true]);
  assert(!keepsToItsFloor({ ...type, typeOnly: false }));
});

Deno.test("every source of the floors is reached from mod.ts or the command line", () => {
  const files = floors.flatMap((floor) => filesUnder(floor));
  assertEquals(files.filter((path) => !modules.has(path)), []);
});

Deno.test("packages come from npm and from Deno itself", () => {
  const foreign = [...modules.values()].flat().filter(({ to }) => /^(jsr|https?):/.test(to));
  assertEquals(foreign, []);
});

Deno.test("mod.ts re-exports and does nothing else", () => {
  const mods = ["mod.ts", ...floors.flatMap((floor) => filesUnder(floor))]
    .filter((path) => /(^|\/)mod\.ts$/.test(path));
  for (const path of mods) {
    const rest = codeOf(path)
      .replaceAll(/export (type )?(\*( as \w+)?|\{[^}]*\}) from "[^"]+";/g, "")
      .replace("export {};", "");
    assertEquals(rest.trim(), "", path);
  }
});

Deno.test("what runs in a page knows neither Deno nor node", () => {
  assertEquals(pure.filter((path) => /\bDeno\.|"node:/.test(codeOf(path))), []);
});

Deno.test("description, simulator and cellar bundle for browsers", () => {
  const bundle = textOf(".moelab/test/browser.js");
  assert(bundle.length > 1000, "the bundle is empty");
  assertEquals(/\bDeno\.\w+/.exec(bundle)?.[0], undefined);
  assertEquals(/["']node:\w+/.exec(bundle)?.[0], undefined);
});

Deno.test("randomness is seeded, and the clock is read in two places", () => {
  const impure = /Math\.random|Date\.now|performance\.now|new Date\b/;
  const clocks = /^(kernels\/time\.ts|experiments\/cli[^/]*\.ts)$/;
  const files = floors.flatMap((floor) => filesUnder(floor)).filter((path) => !clocks.test(path));
  assertEquals(files.filter((path) => impure.test(codeOf(path))), []);
  assertMatch(codeOf("experiments/cli_io.ts"), impure);
});

Deno.test("no source has a default export", () => {
  const files = ["setup.ts", ...floors.flatMap((floor) => filesUnder(floor))]
    .filter((path) => !path.endsWith(".d.ts"));
  assertEquals(files.filter((path) => /^export default\b/m.test(codeOf(path))), []);
});

Deno.test("the lock file is frozen and knows every import", () => {
  const lock = JSON.parse(textOf("deno.lock")) as { specifiers: Record<string, string> };
  assertEquals(config.lock.frozen, true);
  const known = Object.keys(lock.specifiers);
  for (const specifier of Object.values(config.imports)) {
    if (!specifier.startsWith("npm:")) continue;
    const name = specifier.replace("npm:/", "npm:").replace(/\/$/, "");
    assert(known.includes(name), `deno.lock does not know ${name}`);
    assertMatch(name, /@\d+\.\d+\.\d+$/, "a pinned version is wanted");
  }
});
