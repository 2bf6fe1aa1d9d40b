/** What `docs/architecture.md` says of folders, files and permissions, held over what is there. */
import { assert, assertEquals } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { filesUnder, textOf } from "./gate/sources.ts";

const architecture = textOf("docs/architecture.md");

/** Rows of the table whose head begins with some words, without head and rule, as cells. */
function tableOf(page: string, head: string): string[][] {
  const lines = page.split("\n");
  const at = lines.findIndex((line) =>
    line.startsWith("|") && line.replaceAll(/[| ]+/g, " ").trim().startsWith(head)
  );
  assert(at >= 0, `no table "${head}"`);
  const rest = lines.slice(at + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, end < 0 ? undefined : end)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** Folders directly in a folder. */
const foldersIn = (folder: string) =>
  [...Deno.readDirSync(folder)].filter((entry) => entry.isDirectory)
    .map((entry) => `${folder}/${entry.name}/`).sort();

/** What a cell says in backticks. */
const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text);

for (const [name, folder] of [["core", "core"], ["simulator", "sim"]]) {
  Deno.test(`every room of the ${name} is told, and no other`, () => {
    const section = architecture.slice(architecture.indexOf(`## The rooms of the ${name}`));
    const rooms = tableOf(section, "Room Question Holds").map(([room]) => quoted(room)[0]);
    assertEquals(rooms.toSorted(), foldersIn(folder));
  });
}

Deno.test("every room of the published measurements is told, and no other", () => {
  const section = architecture.slice(architecture.indexOf("## From published rows"));
  const told = tableOf(section, "Room Question").map(([room]) => quoted(room)[0]);
  const there = ["experiments/published/", "experiments/simulate/"];
  assertEquals(told.toSorted(), [...foldersIn("experiments/published"), ...there].sort());
});

Deno.test("paths that the pages under docs name are there", () => {
  const floors = /^(kernels|core|sim|reports|experiments|tests|docs)\/[\w./*-]*$/;
  for (const page of filesUnder("docs", [".md"])) {
    const named = quoted(textOf(page)).filter((text) => floors.test(text) && !text.includes("*"));
    for (const path of named) assert(Deno.statSync(path), `${page} names ${path}`);
  }
});

Deno.test("files that are written anew are written by programs that are there", () => {
  const [, block] = /```sh\n(deno run[\s\S]*?)```/.exec(architecture)!;
  const programs = [...block.matchAll(/ (\S+\.ts)\b/g)].map(([, path]) => path);
  assertEquals(programs.length, 4);
  for (const path of programs) assert(textOf(path).includes("import.meta.main"), path);
  for (const [, list] of block.matchAll(/--allow-write=(\S+)/g)) {
    for (const path of list.split(",")) assert(Deno.statSync(path), path);
  }
});

/** What a command may do, in the columns of the table of permissions. */
function permissionsOf(command: string) {
  const list = (flag: string) => new RegExp(`--allow-${flag}(?:=(\\S+))?(?= |$)`).exec(command);
  const write = list("write");
  return {
    reads: list("read") !== null,
    writes: write && (write[1] ?? "files"),
    named: list("env") !== null,
    programs: list("run")?.[1],
    libraries: list("ffi") !== null,
  };
}

Deno.test("the table of permissions is that of the tasks", () => {
  const tasks: Record<string, { command: string }> = config.tasks;
  const rows = tableOf(architecture, "Task Reads Writes");
  const alone = rows.filter(([task]) => quoted(task)[0] !== "ok");
  assert(alone.length > 10);
  for (const [cell, reads, writes, named, programs, libraries] of alone) {
    const [task] = quoted(cell);
    const command = tasks[task].command.split(/&&|\|\|/).find((part) => part.includes("deno run"))!;
    const may = permissionsOf(command);
    assertEquals(reads, may.reads ? "files" : "", task);
    assertEquals(writes, may.writes ?? "", task);
    assertEquals(named, may.named ? "by name" : "", task);
    assertEquals(quoted(programs).join().replaceAll(" ", ""), may.programs ?? "", task);
    assertEquals(libraries.startsWith("yes"), may.libraries, task);
  }
  const told = rows.map(([task]) => quoted(task)[0]);
  const sameAs = /^(setup:browser|dawn:lock|test|ok:.*)$/;
  assertEquals(Object.keys(tasks).filter((task) => !sameAs.test(task)).sort(), told.sort());
});
