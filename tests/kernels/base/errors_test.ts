import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { editDistance, nearest, unknownName, UserError } from "../../../kernels/base/errors.ts";

Deno.test("edit distance counts insertions, deletions, substitutions and swaps", () => {
  const known: [string, string, number][] = [
    ["", "", 0],
    ["", "abc", 3],
    ["kitten", "sitting", 3],
    ["ca", "ac", 1],
    ["abcd", "acbd", 1],
    ["gemm", "gem", 1],
    ["ca", "abc", 3],
  ];
  for (const [a, b, distance] of known) assertEquals(editDistance(a, b), distance, `${a} ${b}`);
});

Deno.test("edit distance is symmetric, zero for equals alone, and at most the longer length", () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(fc.property(word, word, (a, b) => {
    const d = editDistance(a, b);
    return d === editDistance(b, a) && (d === 0) === (a === b) &&
      d <= Math.max(a.length, b.length) && d >= Math.abs(a.length - b.length);
  }));
});

Deno.test("the nearest name is the first of the closest, and nothing where none is close", () => {
  const names = ["mixtral-8x7b", "mixtral-8x22b", "dbrx", "jamba"];
  assertEquals(nearest("mixtral8x7b", names), "mixtral-8x7b");
  assertEquals(nearest("DBRX", names), "dbrx");
  assertEquals(nearest("jam", names), "jamba", "a beginning is near");
  assertEquals(nearest("mixtral", names), "mixtral-8x7b", "the first of two equals");
  assertEquals(nearest("llama", []), undefined);
  assertEquals(nearest("zzzzzz", names), undefined);
});

Deno.test("every name is nearest to itself", () => {
  const list = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1 });
  fc.assert(fc.property(list, (names) => {
    const lower = names.map((name) => name.toLowerCase());
    fc.pre(new Set(lower).size === lower.length);
    return names.every((name) => nearest(name, names) === name);
  }));
});

Deno.test("the error for an unknown name is a UserError without a final period", () => {
  const error = unknownName("operator", "gem", ["gemm", "router"]);
  assertEquals(error instanceof UserError && error instanceof TypeError, true);
  assertEquals(error.name, "UserError");
  assertEquals(error.message, 'Unknown operator "gem": did you mean "gemm"? Known: gemm, router');
  const far = unknownName("operator", "xyzxyz", ["gemm"]).message;
  assertMatch(far, /^Unknown operator "xyzxyz": Known: gemm$/);
});
