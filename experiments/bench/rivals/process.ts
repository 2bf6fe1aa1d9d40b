/**
 * A rival in a process of its own: started, asked for a sample at a time, and ended.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { RivalAnswer } from "../../cli_rival.ts";
import type { Rival } from "./rivals.ts";

/** How a rival is fetched, and benched with. */
export const rivalsHint = 'run "deno task bench:rivals", which fetches it from npm';

/** A rival that waits to be asked. */
export interface RivalProcess {
  /** Makes the product once and gives its seconds, by the clock of the process. */
  sample(): Promise<number>;
  /** Ends it. */
  close(): Promise<void>;
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Seconds after which a rival that says nothing is given up. */
const PATIENCE_SECONDS = 90;

/** The lines of a stream, one at a time. */
export function lineReader(stream: ReadableStream<Uint8Array>): () => Promise<string | undefined> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  return async () => {
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) return undefined;
      text += decoder.decode(value, { stream: true });
    }
    const end = text.indexOf("\n");
    const line = text.slice(0, end);
    text = text.slice(end + 1);
    return line;
  };
}

/** Gives up on a promise after a while. */
async function within<T>(promise: Promise<T>, seconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), 1000 * seconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Starts a rival's process and waits until it has made and checked its first product.
 *
 * @throws {Error} whose message says why it cannot run.
 */
export async function startRival(
  name: string,
  rival: Rival,
  options: { n: number; env?: Readonly<Record<string, string>> },
): Promise<RivalProcess> {
  const { n, env = {} } = options;
  const child = new Deno.Command("deno", {
    args: [
      ...["run", "--quiet", "--no-config", "--no-prompt", "--cached-only", "--frozen"],
      `--lock=${path("./rivals.lock")}`,
      ...rival.permissions,
      path("../../cli_rival.ts"),
      name,
      `${n}`,
    ],
    // Mesa's cache does not tell vector widths apart: what one width left there, another would run.
    env: { MESA_SHADER_CACHE_DISABLE: "true", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const input = child.stdin.getWriter();
  const nextLine = lineReader(child.stdout);
  const answer = async (): Promise<Exclude<RivalAnswer, { error: string }>> => {
    const line = await within(nextLine(), PATIENCE_SECONDS);
    const found: RivalAnswer = line === undefined
      ? { error: "its process ended without a word" }
      : JSON.parse(line);
    if ("error" in found) throw new Error(found.error.trim().replaceAll(/\s*\n\s*/g, " "));
    return found;
  };
  const close = async () => {
    await input.close().catch(() => {});
    await child.status;
  };
  try {
    await answer();
  } catch (error) {
    child.kill();
    await child.status;
    throw error;
  }
  return {
    async sample() {
      await input.write(new TextEncoder().encode("again\n"));
      const found = await answer();
      if (!("seconds" in found)) throw new Error(`${name} gave no time`);
      return found.seconds;
    },
    close,
  };
}

/**
 * The fastest of a rival's settings, by a sample of each, or the first of them where `quick` is set;
 * the others are ended.
 */
export async function startFastest(
  name: string,
  rival: Rival,
  options: { n: number; quick: boolean },
): Promise<{ process: RivalProcess; env: Readonly<Record<string, string>> }> {
  let best: { process: RivalProcess; env: Readonly<Record<string, string>>; seconds: number };
  const settings = options.quick ? rival.settings.slice(0, 1) : rival.settings;
  for (const [i, env] of settings.entries()) {
    const process = await startRival(name, rival, { ...options, env });
    const seconds = settings.length > 1 ? await process.sample() : 0;
    if (i === 0) best = { process, env, seconds };
    else if (seconds < best!.seconds) {
      await best!.process.close();
      best = { process, env, seconds };
    } else await process.close();
  }
  return best!;
}
