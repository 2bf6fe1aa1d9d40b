/** The conformance subset on the default adapter. Other devices: `deno task conformance`. */
import { assert, assertEquals } from "@std/assert";
import { openDevice } from "../../kernels/device.ts";
import { createPool } from "../../kernels/tensor.ts";
import { runCases } from "./conformance/case.ts";
import { cases } from "./conformance/cases.ts";

Deno.test("the default adapter passes the conformance subset", async () => {
  const device = await openDevice();
  try {
    const failures = await runCases(device, cases);
    assertEquals(failures.map(({ name, error }) => `${name}: ${error.message}`), []);
  } finally {
    device.close();
  }
});

Deno.test("a wrong claim fails its case and leaves the others alone", async () => {
  const device = await openDevice();
  try {
    const right = { name: "right", record: cases[0].record };
    const wrong = {
      name: "wrong",
      record: (_: unknown, pool: ReturnType<typeof createPool>) => [
        { what: "x", tensor: pool.upload("x", [1], Float32Array.of(1)), wanted: [2] },
      ],
    };
    const failures = await runCases(device, [wrong, right]);
    assertEquals(failures.map(({ name }) => name), ["wrong"]);
    assert(failures[0].error.message.includes("x"));
  } finally {
    device.close();
  }
});
