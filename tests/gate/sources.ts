/**
 * The project's own sources, as the tests of its architecture read them.
 *
 * @module
 */
import { dirname, join, relative, resolve } from "node:path";

/** The folders of the five floors. */
export const floors = ["kernels", "core", "sim", "reports", "experiments"] as const;

/** Root of the project, without a final slash. */
export const root: string = resolve(dirname(new URL(import.meta.url).pathname), "../..");

/** Every file of a folder and its folders with one of the endings, as paths from the root. */
export function filesUnder(folder: string, endings: readonly string[] = [".ts", ".tsx"]): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync(join(root, folder))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...filesUnder(path, endings));
    else if (endings.some((ending) => entry.name.endsWith(ending))) found.push(path);
  }
  return found.sort();
}

/** Text of a file, by its path from the root. */
export function textOf(path: string): string {
  return Deno.readTextFileSync(join(root, path));
}

/** Code of a file: its text without the lines that are comments. */
export function codeOf(path: string): string {
  return textOf(path).split("\n").filter((line) => !/^\s*(\/\/|\/\*|\*)/.test(line)).join("\n");
}

/** One import of one of our files. */
export interface Import {
  /** File that imports. */
  from: string;
  /** What it imports: a path from the root, or a specifier such as "npm:zod@4.6.7". */
  to: string;
  /** True where only types are taken. */
  typeOnly: boolean;
}

interface Resolved {
  specifier?: string;
}

interface Info {
  modules: {
    specifier: string;
    dependencies?: { specifier: string; code?: Resolved; type?: Resolved }[];
  }[];
}

const ours = (specifier: string) =>
  specifier.startsWith("file://")
    ? relative(root, decodeURIComponent(new URL(specifier).pathname))
    : specifier;

/** Imports by file, of all modules that were reached from an entry point (`deno info --json`). */
export function readModules(infos: readonly string[]): Map<string, Import[]> {
  const modules = new Map<string, Import[]>();
  for (const info of infos) {
    let text: string;
    try {
      text = textOf(info);
    } catch {
      throw new Error(`There is no ${info}: this test reads what "deno task ok" leaves there`);
    }
    for (const { specifier, dependencies = [] } of (JSON.parse(text) as Info).modules) {
      if (!specifier.startsWith("file://")) continue;
      const from = ours(specifier);
      modules.set(
        from,
        dependencies.map(({ specifier, code, type }) => ({
          from,
          to: ours((code ?? type)?.specifier ?? specifier),
          typeOnly: code === undefined,
        })),
      );
    }
  }
  return modules;
}
