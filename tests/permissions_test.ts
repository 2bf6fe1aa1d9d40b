/** The permissions of the tasks, which the README gives as a reason to trust them. */
import { assert, assertEquals } from "@std/assert";
import config from "../deno.json" with { type: "json" };

/** Commands that run code, by task. */
const runs = Object.entries(config.tasks).flatMap(([task, { command }]) =>
  command.split(/;|&&|\|\|/).map((part) => part.trim().replace(/^\(+/, ""))
    .filter((part) => /^deno (run|test|eval|bench|serve)\b/.test(part))
    .map((part) => ({ task, command: part, words: part.split(/\s+/) }))
);

/** The words of a command that begin with a flag, as the lists that they give. */
function lists(words: readonly string[], flag: string): (string | undefined)[] {
  return words.filter((word) => word === flag || word.startsWith(`${flag}=`))
    .map((word) => word.split("=")[1]);
}

Deno.test("every task that runs code lists its permissions and never asks", () => {
  assert(runs.length >= 8);
  for (const { task, words } of runs) {
    assert(words.includes("--no-prompt"), `${task} may ask`);
    for (const all of ["-A", "--allow-all", "-P", "--permission-set"]) {
      assert(!words.some((word) => word.startsWith(all)), `${task} has ${all}`);
    }
  }
});

Deno.test("no task reaches the network", () => {
  for (const { task, words } of runs) {
    for (const flag of ["--allow-net", "-N", "--allow-import", "-I"]) {
      assertEquals(lists(words, flag), [], task);
    }
  }
});

Deno.test("set-up runs apt-get and sudo, bench:rivals runs deno, and no other runs a program", () => {
  for (const { task, words } of runs) {
    const programs = task.startsWith("setup")
      ? ["apt-get,sudo"]
      : task === "bench:rivals"
      ? ["deno"]
      : [];
    assertEquals(lists(words, "--allow-run"), programs, task);
  }
});

Deno.test("native libraries are loaded by the benches and by what runs on Dawn, and no other", () => {
  for (const { task, command, words } of runs) {
    const dawn = command.includes("--gpu dawn");
    const count = dawn || ["bench", "bench:rivals"].includes(task) ? 1 : 0;
    assertEquals(lists(words, "--allow-ffi").length, count, task);
    if (dawn) assertEquals(lists(words, "--lock"), ["kernels/provider/dawn.lock"], task);
  }
});

Deno.test("environment and system are read by name", () => {
  for (const { task, words } of runs) {
    for (const flag of ["--allow-env", "--allow-sys"]) {
      for (const list of lists(words, flag)) assert(list, `${task} has all of ${flag}`);
    }
    for (const short of ["-E", "-S", "-R", "-W"]) {
      assert(!words.some((word) => word.startsWith(short)), `${task} has ${short}`);
    }
  }
});

Deno.test("what takes a path reads any, and what writes no file may write none", () => {
  const plain = (task: string, flag: string) =>
    runs.filter((run) => run.task === task).every(({ words }) => words.includes(flag));
  for (
    const task of [
      ...["experiment", "describe", "simulate", "calibrate", "profile", "report", "bench"],
      ...["bench:rivals", "dawn", "upcycle"],
    ]
  ) {
    assert(plain(task, "--allow-read"), task);
    assertEquals(plain(task, "--allow-write"), task !== "describe", task);
  }
});

Deno.test("what simulates needs no device, and reads neither environment nor system", () => {
  const tasks = config.tasks as Record<string, { command: string; dependencies?: string[] }>;
  for (const task of ["simulate", "calibrate"]) {
    assertEquals(tasks[task].dependencies, undefined, task);
    for (const flag of ["--allow-env", "--allow-sys"]) {
      assertEquals(lists(tasks[task].command.split(" "), flag), [], task);
    }
  }
});

Deno.test("what needs a device sets it up first", () => {
  const tasks = config.tasks as Record<string, { command: string; dependencies?: string[] }>;
  for (
    const task of ["experiment", "upcycle", "profile", "bench", "bench:rivals", "dawn", "test"]
  ) {
    assertEquals(tasks[task].dependencies, ["setup"], task);
  }
});
