/**
 * The folder of an experiment's results: the newest run in it, every older one in `previous/`.
 *
 * @module
 */
import { join } from "node:path";
import { readTextFileIfAny, writeTextFile } from "../kernels/base/files.ts";
import type { Result } from "../reports/result.ts";

/** The files of a run. */
const names = ["result.json", "report.html", "trace.json"];

/** Name of the folder that keeps a run, and what to call the run in a line. */
interface Kept {
  folder: string;
  said: string;
}

/** Names a run by the text of its `result.json`. */
function name(text: string | undefined): Kept {
  try {
    const { startedAt, runId, seed } = (JSON.parse(text ?? "") as Result).provenance;
    const time = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2}):(\d{2})/.exec(startedAt);
    if (time) {
      const [, day, hour, minute, second] = time;
      return {
        folder: `${day}-${hour}${minute}${second}-${runId.replaceAll(/[^\w-]/g, "")}`,
        said: `the run of ${day} ${hour}:${minute} (seed ${seed})`,
      };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  return { folder: "unreadable", said: "a run that cannot be read" };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}

/** First of `path`, `path-2`, `path-3` ... that is free. */
async function free(path: string): Promise<string> {
  for (let i = 1;; i++) {
    const candidate = i === 1 ? path : `${path}-${i}`;
    if (!await exists(candidate)) return candidate;
  }
}

/**
 * Moves the run in a folder to `previous/`, and says what was moved where; gives nothing where the
 * folder holds no run.
 */
export async function setAside(folder: string): Promise<string | undefined> {
  const present: string[] = [];
  for (const file of names) if (await exists(join(folder, file))) present.push(file);
  if (present.length === 0) return undefined;
  const { folder: kept, said } = name(await readTextFileIfAny(join(folder, names[0])));
  const target = await free(join(folder, "previous", kept));
  await Deno.mkdir(target, { recursive: true });
  for (const file of present) await Deno.rename(join(folder, file), join(target, file));
  return `Replaces ${said}, kept in ${target}`;
}

/** Paths of what {@linkcode writeRun} wrote, and what it says of an older run. */
export interface Written {
  /** Path of the result. */
  result: string;
  /** Path of the page. */
  report: string;
  /** What became of the run that was there, where there was one. */
  replaced?: string;
}

/**
 * Writes a run's result, page and trace, each whole or not at all, after setting an older run aside. The
 * result is on the disk before the page is made, and the page is made of what the disk holds.
 */
export async function writeRun(
  folder: string,
  result: Result,
  render: (result: unknown, source: string) => Record<string, string>,
): Promise<Written> {
  const replaced = await setAside(folder);
  const [resultPath, reportPath] = names.map((file) => join(folder, file));
  const text = JSON.stringify(result, null, 2) + "\n";
  await writeTextFile(resultPath, text);
  for (const [file, content] of Object.entries(render(JSON.parse(text), resultPath))) {
    await writeTextFile(join(folder, file), content);
  }
  return { result: resultPath, report: reportPath, replaced };
}
