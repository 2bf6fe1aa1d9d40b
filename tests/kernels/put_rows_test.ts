/** Rows that are put at a place of a longer matrix. */
import { assertEquals, assertThrows } from "@std/assert";
import { createRecorder, download, putRows } from "../../kernels/mod.ts";
import { numbers, withDevice } from "./compare.ts";
import { storages } from "./slopes.ts";

Deno.test(
  "rows come to their place, wherever it begins, and the others stay",
  withDevice(async (pool, device) => {
    for (const storage of storages(device)) {
      const [rows, columns] = [11, 13];
      const before = storage.host(numbers("before", rows * columns));
      const y = pool.upload("y", [rows, columns], before);
      const recorder = createRecorder(pool);
      const wanted = [...before];
      for (const [first, count] of [[0, 1], [3, 5], [10, 1]]) {
        const values = storage.host(numbers(`x ${first}`, count * columns));
        putRows(recorder, y, { x: pool.upload("x", [count, columns], values), first });
        wanted.splice(first * columns, count * columns, ...values);
      }
      recorder.submit();
      const [got] = await download(device, [y]);
      assertEquals([...got], wanted);
    }
  }),
);

Deno.test(
  "rows that do not fit are refused",
  withDevice((pool) => {
    const recorder = createRecorder(pool);
    const y = pool.tensor("y", [4, 8]);
    const put = (shape: number[], first: number) => () =>
      putRows(recorder, y, { x: pool.tensor("x", shape), first });
    assertThrows(put([2, 8], 3), RangeError, "from row 3 on into y [4, 8]");
    assertThrows(put([2, 4], 0), RangeError, "Cannot put x [2, 4]");
    assertThrows(put([2, 8], -1), RangeError, "from row -1");
    recorder.submit();
    return Promise.resolve();
  }),
);
