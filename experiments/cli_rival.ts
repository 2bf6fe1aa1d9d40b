/**
 * A rival's own process: loads its package, then makes a product for every line that comes in and
 * answers with its seconds. It ends where the input ends.
 *
 * It imports nothing but the table of rivals, so that it runs without the suite's configuration and
 * lock file: `deno run --no-config --lock=experiments/bench/rivals/rivals.lock ... NAME SIZE`.
 *
 * @module
 */
import { rivals } from "./bench/rivals/rivals.ts";

/** What the process answers, a line of JSON each. */
export type RivalAnswer = { ready: true } | { seconds: number } | { error: string };

/** Numbers from -1 to 1, the same in every process. */
const numbers = (n: number, step: number) =>
  Float32Array.from({ length: n * n }, (_, i) => (i * step % 1009) / 504 - 1);

/** Fails where a few elements of the product are not what they have to be. */
export function checkProduct(
  c: ArrayLike<number>,
  { a, b, n }: { a: Float32Array; b: Float32Array; n: number },
): void {
  for (const at of [0, n - 1, n + 1, n * n - 1].filter((at) => at < n * n)) {
    const [row, column] = [Math.floor(at / n), at % n];
    let [sum, scale] = [0, 0];
    for (let k = 0; k < n; k++) {
      const term = a[row * n + k] * b[k * n + column];
      sum += term;
      scale += Math.abs(term);
    }
    if (!(Math.abs(c[at] - sum) <= 1e-5 * scale)) {
      throw new Error(`its product is wrong: element ${at} is ${c[at]}, wanted ${sum}`);
    }
  }
}

const answer = (line: RivalAnswer) => console.log(JSON.stringify(line));

/** Answers the lines of the input until it ends. */
async function serve(name: string, n: number): Promise<void> {
  const { specifier, open } = rivals[name];
  const input = { a: numbers(n, 7919), b: numbers(n, 6007), n };
  const { multiply, result } = await open(await import(specifier), input);
  await multiply();
  checkProduct(await result(), input);
  answer({ ready: true });
  for await (const _ of Deno.stdin.readable) {
    const began = performance.now();
    await multiply();
    answer({ seconds: (performance.now() - began) / 1000 });
  }
}

if (import.meta.main) {
  const [name, n] = Deno.args;
  try {
    await serve(name, Number(n));
  } catch (error) {
    answer({ error: (error as Error).message });
    Deno.exit(1);
  }
}
