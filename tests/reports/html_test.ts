import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { anchor, hrefTo, jsonForScript, scriptText } from "../../reports/html.ts";

Deno.test("property: any value survives a script element and cannot end it", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom("", "</script>", "<!--", "\u2028"), (v, s) => {
      const value = { v, s };
      const text = jsonForScript(value);
      assert(!/[<>&\u2028\u2029]/.test(text));
      assertEquals(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    }),
  );
});

Deno.test("the order of keys does not show", () => {
  assertEquals(
    jsonForScript({ b: 1, a: { d: 2, c: 3 } }),
    jsonForScript({ a: { c: 3, d: 2 }, b: 1 }),
  );
});

Deno.test("a program cannot end its element and asks for no source map", () => {
  const text = scriptText('const a = "</script>" + "<!--";\n//# sourceMappingURL=a.js.map\n');
  assertEquals(text, 'const a = "\\x3c/script>" + "\\x3c!--";');
  assertEquals(new Function(`${text} return a;`)(), "</script><!--");
});

Deno.test("ids have no blanks and links to them are escaped", () => {
  assertEquals(anchor("row", " a  b "), "row-a-b");
  assertEquals(hrefTo("row-a%b"), "#row-a%25b");
});
