import { assertEquals } from "@std/assert";
import { closingLine, optional, readJunit, steps, summarise } from "./summary.ts";

const junit = (tests: number, failures: number, body = "") =>
  `<?xml version="1.0"?>\n<testsuites name="deno test" tests="${tests}" failures="${failures}" ` +
  `errors="0" time="1.0">\n${body}</testsuites>\n`;

const fine = {
  ...Object.fromEntries(
    [...Object.keys(steps), ...Object.keys(optional)].map((name) => [name, "0"]),
  ),
  tests: "0",
};
const gates = Object.keys({ ...steps, ...optional }).length;

Deno.test("a gate without failures says so", () => {
  assertEquals(closingLine(summarise(fine, junit(10, 0))), `${10 + gates} passed, 0 failed`);
});

Deno.test("skipped tests are neither passed nor failed", () => {
  const xml = junit(10, 0, "<testcase><skipped/></testcase>");
  assertEquals(closingLine(summarise(fine, xml)), `${9 + gates} passed, 0 failed, 1 skipped`);
});

Deno.test("a machine without Chromium skips the browser, a crash of it fails", () => {
  const without = summarise({ ...fine, browser: "127" }, junit(10, 0));
  assertEquals([without.failed, without.skipped], [0, 1]);
  assertEquals(summarise({ ...fine, browser: "134" }, junit(10, 0)).failed, 1);
});

Deno.test("conformance that cannot run says why, one that fails is a failure", () => {
  for (const name of ["swiftshader", "dawn"]) {
    const without = summarise({ ...fine, [name]: "77" }, junit(10, 0));
    assertEquals([without.failed, without.skipped], [0, 1]);
    assertEquals(without.reasons, [`${optional[name].title}: ${optional[name].reason}`]);
    assertEquals(summarise({ ...fine, [name]: "1" }, junit(10, 0)).failed, 1);
  }
  assertEquals(summarise(fine, junit(10, 0)).reasons, []);
});

Deno.test("every failed test counts", () => {
  const summary = summarise({ ...fine, tests: "1" }, junit(10, 3));
  assertEquals([summary.passed, summary.failed], [7 + gates, 3]);
});

Deno.test("a failed or missing step fails the gate", () => {
  for (const name of Object.keys({ ...steps, ...optional })) {
    assertEquals(summarise({ ...fine, [name]: "1" }, junit(10, 0)).failed, 1, name);
    assertEquals(summarise({ ...fine, [name]: undefined }, junit(10, 0)).failed, 1, name);
  }
});

Deno.test("a test file that does not load fails the gate, though JUnit leaves it out", () => {
  assertEquals(summarise({ ...fine, tests: "1" }, junit(10, 0)).failed, 1);
  assertEquals(summarise({ ...fine, tests: undefined }, junit(10, 0)).failed, 1);
});

Deno.test("no list of tests, half a list or an empty one fails the gate", () => {
  for (const xml of [undefined, "", junit(10, 0).slice(0, -20), junit(0, 0)]) {
    assertEquals(summarise(fine, xml).failed, 1);
  }
  assertEquals(readJunit(junit(4, 1)), { tests: 4, failed: 1, skipped: 0 });
});
