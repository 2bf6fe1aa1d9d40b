import { assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { parseConfig } from "../../../kernels/base/config.ts";
import { UserError } from "../../../kernels/base/errors.ts";

const schema = z.strictObject({
  experts: z.int().min(1).max(512),
  gate: z.enum(["linear", "cosine"]),
  drop: z.number().lt(1).optional(),
  scale: z.number().positive().optional(),
  layers: z.array(z.strictObject({ width: z.int() })).optional(),
});

const good = { experts: 8, gate: "linear" };

function complaint(value: unknown): string {
  return assertThrows(() => parseConfig(schema, value, "m.json"), UserError).message;
}

Deno.test("what fits is given back as it is", () => {
  assertEquals<unknown>(parseConfig(schema, good, "m.json"), good);
});

Deno.test("a message names the file, the field, the value wanted and the value found", () => {
  const expected: [unknown, string][] = [
    [{ ...good, experts: 7.5 }, "at /experts expected int but found 7.5"],
    [{ ...good, experts: 0 }, "at /experts expected at least 1 but found 0"],
    [{ ...good, experts: 513 }, "at /experts expected at most 512 but found 513"],
    [{ ...good, experts: "8" }, 'at /experts expected number but found "8"'],
    [{ gate: "linear" }, "at /experts expected number but found nothing"],
    [{ ...good, gate: "hash" }, 'at /gate expected one of "linear", "cosine" but found "hash"'],
    [{ ...good, drop: 1 }, "at /drop expected less than 1 but found 1"],
    [{ ...good, scale: 0 }, "at /scale expected more than 0 but found 0"],
    [{ ...good, tokens: 4 }, 'at / expected no field "tokens" but found it'],
    [{ ...good, layers: [{ width: 1 }, { width: null }] }, "at /layers/1/width expected"],
  ];
  for (const [value, text] of expected) {
    const message = complaint(value);
    assertEquals(message.slice(0, 20 + text.length), `Cannot read m.json: ${text}`);
  }
});

Deno.test("every wrong field is named at once", () => {
  assertEquals(
    complaint({ experts: 0, gate: 3 }),
    "Cannot read m.json: at /experts expected at least 1 but found 0; " +
      'at /gate expected one of "linear", "cosine" but found 3',
  );
});

Deno.test("a check of one's own keeps its own words", () => {
  const even = z.object({ n: z.int() }).refine(({ n }) => n % 2 === 0, "wanted an even n");
  const error = assertThrows(() => parseConfig(even, { n: 3 }, "m.json"), UserError);
  assertEquals(error.message, "Cannot read m.json: at / wanted an even n");
});
