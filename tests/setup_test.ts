import { assert, assertEquals } from "@std/assert";
import type { Machine } from "../setup.ts";
import { ASK_AGAIN, setUpAdapter, setUpBrowser } from "../setup.ts";

/** A machine that notes what is run and said on it. */
function machine(given: Partial<Machine> & { adapters?: boolean[]; programs?: boolean[] } = {}) {
  const ran: string[] = [];
  const said: string[] = [];
  const { adapters = [true], programs = [true], ...rest } = given;
  const nth = (list: boolean[]) => Promise.resolve(list.length > 1 ? list.shift()! : list[0]);
  const it: Machine = {
    os: "linux",
    deno: "2.9.6",
    pinned: "2.9.6",
    root: true,
    hasAdapter: () => nth(adapters),
    hasProgram: () => nth(programs),
    run: (program, args) => {
      ran.push([program, ...args].join(" "));
      return Promise.resolve(0);
    },
    say: (line) => said.push(line),
    ...rest,
  };
  return { it, ran, said };
}

const first = { again: false };
const second = { again: true };

Deno.test("a ready machine is left alone, without a word", async () => {
  const { it, ran, said } = machine();
  assertEquals([await setUpAdapter(it, first), await setUpBrowser(it)], [0, 0]);
  assertEquals([ran, said], [[], []]);
});

Deno.test("another Deno is told which one to take, once, and installs nothing", async () => {
  const { it, ran, said } = machine({ deno: "2.8.0", adapters: [false] });
  assertEquals([await setUpAdapter(it, first), await setUpAdapter(it, second)], [ASK_AGAIN, 1]);
  assertEquals([ran.length, said.length], [0, 1]);
  assert(said[0].includes("npx -y deno@2.9.6 task"));
});

Deno.test("root gets Mesa's Vulkan driver where there is no adapter, then a new process asks", async () => {
  const { it, ran } = machine({ adapters: [false] });
  assertEquals(await setUpAdapter(it, first), ASK_AGAIN);
  assertEquals(ran, [
    "apt-get update -qq",
    "apt-get install -y -qq --no-install-recommends mesa-vulkan-drivers",
  ]);
});

Deno.test("another user installs through sudo where it asks for no password", async () => {
  const { it, ran } = machine({ root: false, adapters: [false] });
  assertEquals(await setUpAdapter(it, first), ASK_AGAIN);
  assertEquals(ran[0], "sudo -n true");
  assertEquals(ran.slice(1).every((line) => line.startsWith("sudo -n apt-get ")), true);
});

Deno.test("without the right to install, one line says what to install", async () => {
  for (const code of [1, undefined]) {
    const { it, said } = machine({
      root: false,
      adapters: [false],
      run: () => Promise.resolve(code),
    });
    assertEquals([await setUpAdapter(it, first), await setUpAdapter(it, second)], [ASK_AGAIN, 1]);
    assertEquals(said.length, 1);
    assert(said[0].includes("apt-get install mesa-vulkan-drivers"));
    assert(!said[0].includes("\n"));
  }
});

Deno.test("an installation that brings no adapter fails, and nothing is installed twice", async () => {
  const { it, ran, said } = machine({ adapters: [false] });
  assertEquals(await setUpAdapter(it, second), 1);
  assertEquals([ran.length, said.length], [0, 1]);
});

Deno.test("other systems are not installed to", async () => {
  const { it, ran, said } = machine({ os: "darwin", adapters: [false], programs: [false] });
  assertEquals([await setUpAdapter(it, first), await setUpAdapter(it, second)], [ASK_AGAIN, 1]);
  assertEquals(said, ["There is no WebGPU adapter here: update the graphics driver"]);
  assertEquals(await setUpBrowser(it), 0);
  assertEquals([ran.length, said.length], [0, 2]);
});

Deno.test("a missing browser is installed, and its absence is no failure", async () => {
  const here = machine({ programs: [false, true] });
  assertEquals(await setUpBrowser(here.it), 0);
  assertEquals(here.ran.at(-1), "apt-get install -y -qq --no-install-recommends chromium");
  const nowhere = machine({ root: false, programs: [false], run: () => Promise.resolve(1) });
  assertEquals(await setUpBrowser(nowhere.it), 0);
  assertEquals(nowhere.said.length, 1);
  assert(nowhere.said[0].includes("browser tests will be skipped"));
});

Deno.test("an experiment needs no browser", async () => {
  const { it, ran, said } = machine({ programs: [false] });
  assertEquals(await setUpAdapter(it, first), 0);
  assertEquals([ran, said], [[], []]);
});
