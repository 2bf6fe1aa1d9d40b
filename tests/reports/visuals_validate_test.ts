import { assertEquals, assertThrows } from "@std/assert";
import type { Result } from "../../reports/result.ts";
import { validateResult } from "../../reports/validate.ts";
import { drawn, funnel, scatter, signed } from "./visuals_fixture.ts";

const read = (changes: Partial<Result>) =>
  validateResult(JSON.parse(JSON.stringify({ ...drawn(), ...changes })), "result.json");

Deno.test("drawings survive being saved and read", () => {
  const saved = JSON.parse(JSON.stringify(drawn()));
  assertEquals(validateResult(saved, "result.json"), saved);
});

Deno.test("a funnel whose counts do not add up is refused", () => {
  const lost = { ...funnel, steps: funnel.steps.slice(1) };
  assertThrows(() => read({ funnels: [lost] }), TypeError, "add up to its total");
  const words = { ...funnel, total: "many" };
  assertThrows(() => read({ funnels: [words] }), TypeError, "decimal digits");
});

Deno.test("an id belongs to one drawing, and to no other section", () => {
  assertThrows(
    () => read({ bars: [signed, signed] }),
    TypeError,
    'expected a drawing with an id of its own but found "sensitivity" twice',
  );
  assertThrows(
    () => read({ scatters: [{ ...scatter, id: "results" }], sections: [] }),
    TypeError,
    'found "results" twice',
  );
});

Deno.test("the order of sections names what is there", () => {
  assertThrows(
    () => read({ sections: ["chosen-plan", "memroy"] }),
    TypeError,
    'at /sections expected ids of sections but found "memroy"; did you mean "memory"',
  );
});

Deno.test("fields and units are checked", () => {
  const axis = { title: "time", unit: "hours" } as unknown as typeof scatter.x;
  assertThrows(() => read({ scatters: [{ ...scatter, x: axis }] }), TypeError, "scatters/0/x/unit");
});
