import { assertEquals, assertThrows } from "@std/assert";
import { readParameters } from "../../experiments/parameters.ts";
import type { Experiment } from "../../experiments/define.ts";
import { UserError } from "../../kernels/base/errors.ts";

const experiment: Experiment = {
  id: "e",
  title: "E",
  question: "?",
  parameters: {
    tokens: { quick: 64, full: 4096, note: "" },
    shapes: { quick: [1, 2], full: [1, 2, 3], note: "" },
    gate: { quick: "switch", full: "switch", note: "" },
    gates: { quick: ["switch"], full: ["switch", "sigmoid"], note: "" },
    dropless: { quick: true, full: true, note: "" },
  },
  run: () => Promise.reject(new Error("not run")),
};
const read = (set: string[], quick = true) => readParameters(experiment, { quick, set });

Deno.test("quick and full runs have values of their own", () => {
  assertEquals(read([]).shapes, [1, 2]);
  assertEquals(read([], false).shapes, [1, 2, 3]);
});

Deno.test("a set value takes the kind of the one that it replaces", () => {
  const values = read(["tokens=1e3", "shapes=7", "gate=a=b", "gates=x,y", "dropless=false"]);
  assertEquals(values, {
    tokens: 1000,
    shapes: [7],
    gate: "a=b",
    gates: ["x", "y"],
    dropless: false,
  });
});

Deno.test("a wrong value says what is wanted and what was found", () => {
  const cases: Record<string, string> = {
    "tokens=many": 'Cannot set tokens of e: expected a number but found "many"',
    "tokens=": 'Cannot set tokens of e: expected a number but found ""',
    "shapes=1,,2": 'Cannot set shapes of e: expected numbers with commas between but found "1,,2"',
    "dropless=yes": 'Cannot set dropless of e: expected true or false but found "yes"',
    "tokens": 'Cannot set "tokens": expected NAME=VALUE',
    "tokns=1": 'Unknown parameter of e "tokns": did you mean "tokens"?',
  };
  for (const [assignment, message] of Object.entries(cases)) {
    assertThrows(() => read([assignment]), UserError, message);
  }
});
