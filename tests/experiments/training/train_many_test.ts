import { assertEquals, assertRejects } from "@std/assert";
import { silentProgress } from "../../../experiments/cli_progress.ts";
import { trainMany } from "../../../experiments/training/train_many.ts";
import { filesIn, inFolder } from "../world.ts";

/** Options whose trainings are written down. */
function counting(folder: string, own: { stopAt?: number; under?: unknown } = {}) {
  const trained: number[] = [];
  const controller = new AbortController();
  const said: string[] = [];
  const steps: string[] = [];
  const options = {
    train(n: number) {
      trained.push(n);
      if (n === own.stopAt) controller.abort(new Error("stopped"));
      return Promise.resolve({ square: n * n });
    },
    label: (n: number) => `number ${n}`,
    folder,
    under: own.under ?? "here",
    progress: {
      ...silentProgress(),
      start: (total: number, label: string) => steps.push(`${total} ${label}`),
      step: (label?: string) => steps.push(label ?? "done"),
    },
    signal: controller.signal,
    log: (line: string) => said.push(line),
  };
  return { options, trained, said, steps };
}

Deno.test("all are trained in order, equal ones once, and nothing is left behind", () =>
  inFolder(async (folder) => {
    const { options, trained, steps } = counting(folder);
    const { outcomes, forget } = await trainMany([3, 1, 3], options);
    assertEquals(outcomes, [{ square: 9 }, { square: 1 }, { square: 9 }]);
    assertEquals(trained, [3, 1]);
    assertEquals(steps, ["3 number 3", "number 1", "number 3", "done"]);
    assertEquals(filesIn(folder).length, 2);
    await forget();
    assertEquals(filesIn(folder), []);
  }));

Deno.test("a list that was stopped goes on where it was", () =>
  inFolder(async (folder) => {
    const first = counting(folder, { stopAt: 2 });
    await assertRejects(() => trainMany([1, 2, 3], first.options), Error, "stopped");
    assertEquals(first.trained, [1, 2]);
    const second = counting(folder);
    const { outcomes } = await trainMany([1, 2, 3], second.options);
    assertEquals(outcomes.map(({ square }) => square), [1, 4, 9]);
    assertEquals(second.trained, [3]);
    assertEquals(second.said, ["2 of 3 trainings are already done"]);
  }));

Deno.test("what another device or commit trained is not taken over", () =>
  inFolder(async (folder) => {
    await trainMany([1], counting(folder).options);
    const other = counting(folder, { under: "there" });
    await trainMany([1], other.options);
    assertEquals(other.trained, [1]);
  }));

Deno.test("a file that was cut short is trained again", () =>
  inFolder(async (folder) => {
    await trainMany([1], counting(folder).options);
    const [file] = filesIn(folder);
    Deno.writeTextFileSync(`${folder}/${file}`, '{"square":');
    const again = counting(folder);
    assertEquals((await trainMany([1], again.options)).outcomes, [{ square: 1 }]);
    assertEquals(again.trained, [1]);
  }));

Deno.test("an empty list is done at once", () =>
  inFolder(async (folder) => {
    const { outcomes, forget } = await trainMany([], counting(folder).options);
    assertEquals(outcomes, []);
    await forget();
  }));
