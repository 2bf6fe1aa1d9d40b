import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  formatLayout,
  parseLayout,
  stageLayersOf,
  unevenParts,
} from "../../../sim/launch/megatron/layout.ts";
import { formatPattern, parsePattern } from "../../../sim/launch/megatron/pattern.ts";
import { shellArguments, shellWord, startedDevices } from "../../../sim/launch/text/shell.ts";
import { formatToml, parseToml, type TomlValue } from "../../../sim/launch/text/toml.ts";

Deno.test("words of a shell are read as they were written", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }), (words) => {
      const plain = words.filter((word) => !/^--[A-Za-z]|\$|^[A-Za-z_]\w*=/.test(word));
      const { values } = shellArguments(`run --words ${plain.map(shellWord).join(" ")}`);
      assertEquals(values["--words"], plain);
    }),
    { seed: 5 },
  );
});

Deno.test("a shell's quotes, ends of commands and unknown variables", () => {
  const { values, computed } = shellArguments(
    `a --x "two words" --y='it''s' --z one\\ word && b --w $(date) ; (c --v 1)`,
  );
  assertEquals(values, {
    ...{ "--x": ["two words"], "--y": ["its"], "--z": ["one word"], "--v": ["1"] },
  });
  assertEquals(computed, ["--w"]);
  assertEquals(startedDevices({ "--nproc_per_node": ["8"], "--nnodes": ["4"] }), 32);
  assertEquals(startedDevices({ "--nproc-per-node": ["8"] }), 8);
  assertEquals(startedDevices({ "--nproc-per-node": ["gpu"] }), undefined);
});

const values: fc.Arbitrary<TomlValue> = fc.letrec<{ value: TomlValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)),
    fc.array(tie("value"), { maxLength: 3 }),
  ),
})).value;

Deno.test("a TOML file reads as it was written", () => {
  const key = fc.stringMatching(/^[a-z_]{1,6}(\.[a-z_]{1,6}){0,2}$/);
  fc.assert(
    fc.property(fc.dictionary(key, values, { noNullPrototype: true }), (file) => {
      assertEquals({ ...parseToml(formatToml(file)) }, file);
    }),
    { seed: 9 },
  );
});

Deno.test("what launchers' TOML files hold besides", () => {
  const file = parseToml(`# first
top = 1_000
[a.b] # second
list = [
  "x", # third
  ['y', 'z\\n'],
]
half = -0.5e1
"quoted" = true`);
  assertEquals(file, {
    ...{ top: 1000, "a.b.list": ["x", ["y", "z\\n"]], "a.b.half": -5, "a.b.quoted": true },
  });
  const refused = (text: string, says: string) =>
    assertThrows(() => parseToml(text), TypeError, says);
  refused("a = 1\na = 2", "line 2 of the TOML: expected each key only once but found a");
  refused("a = 1 2", "line 1 of the TOML: expected the end of the line but found 2");
  refused("x\n", "expected [section] or key = value but found x");
  refused("[[a]]\n", "expected [section] or key = value");
  refused("a = {b = 1}", "expected a string, number, flag or array");
  refused("a = [1, 2", "expected a comma or ] but found nothing");
});

Deno.test("layouts hold the layers of parts", () => {
  assertEquals(formatLayout([3, 4, 4, 4, 3], 1), "Ettt|(t*4|)*3tttmL");
  assertEquals(formatLayout([8], 0), "Et*8L");
  assertEquals(parseLayout("Ettt|(tt|)*29,m|L"), [3, ...Array(29).fill(2), 0, 0]);
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 20 }),
      fc.nat({ max: 2 }),
      (
        parts,
        modules,
      ) => assertEquals(parseLayout(formatLayout(parts, modules)), parts),
    ),
    { seed: 4 },
  );
  const cut = { pp: 2, vpp: 2, schedule: "interleaved" } as const;
  assertEquals(stageLayersOf([1, 2, 3, 4], cut), [[1, 3], [2, 4]]);
  assertEquals(stageLayersOf([2, 2, 2, 2], cut), undefined);
  assertEquals(unevenParts(61, { pp: 4, vpp: 1 }, { last: 13 }), [16, 16, 16, 13]);
});

Deno.test("patterns of layers are Python's lists", () => {
  assertEquals(formatPattern([false, false, true, true]), "([0]*2+[1]*2)");
  assertEquals(formatPattern([false, true, false, true]), "([0]*1+[1]*1)*2");
  assertEquals(parsePattern("[1,1,0]*2"), [true, true, false, true, true, false]);
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 80 }), (flags) => {
      assertEquals(parsePattern(formatPattern(flags)), flags);
    }),
    { seed: 6 },
  );
  for (const text of ["[2]", "([0]", "[0]*", "[0]+", "1", "[0] [1]", "__import__"]) {
    assertThrows(() => parsePattern(text), TypeError, `Cannot read the pattern "${text}"`);
  }
});
