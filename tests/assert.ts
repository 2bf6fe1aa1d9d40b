/**
 * The names and signatures of `@std/assert`, over `node:assert/strict`. That package is not
 * published on npm; moving to it is one line in `deno.json`.
 *
 * @module
 */
import assert_ from "node:assert/strict";

// deno-lint-ignore no-explicit-any -- the constructor of any error class, as in @std/assert
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Fails unless `expr` is truthy. */
export function assert(expr: unknown, msg?: string): asserts expr {
  assert_.ok(expr, msg);
}

/** Fails unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  assert_.deepStrictEqual(actual, expected, msg);
}

/** Fails if both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  assert_.notDeepStrictEqual(actual, expected, msg);
}

/** Fails unless both are the same value or reference. */
export function assertStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  assert_.strictEqual(actual, expected, msg);
}

/** Fails unless |actual - expected| is within `tolerance` (default 1e-7). */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance = 1e-7,
  msg?: string,
): void {
  assert_.ok(
    Object.is(actual, expected) || Math.abs(actual - expected) <= tolerance,
    msg ?? `Expected ${actual} to be within ${tolerance} of ${expected}`,
  );
}

/** Fails unless `actual` is greater than `expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  assert_.ok(actual > expected, msg ?? `Expected ${actual} > ${expected}`);
}

/** Fails unless `actual` is at least `expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  assert_.ok(actual >= expected, msg ?? `Expected ${actual} >= ${expected}`);
}

/** Fails unless `actual` is less than `expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  assert_.ok(actual < expected, msg ?? `Expected ${actual} < ${expected}`);
}

/** Fails unless `actual` is at most `expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  assert_.ok(actual <= expected, msg ?? `Expected ${actual} <= ${expected}`);
}

/** Fails unless the text contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  assert_.ok(actual.includes(expected), msg ?? `Expected "${actual}" to include "${expected}"`);
}

/** Fails unless the text matches. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  assert_.match(actual, expected, msg);
}

function checked<E extends Error>(
  error: unknown,
  errorClass?: ErrorClass<E>,
  includes?: string,
): E {
  assert_.ok(error instanceof Error, `Expected an Error to be thrown, got ${error}`);
  if (errorClass) {
    assert_.ok(
      error instanceof errorClass,
      `Expected ${errorClass.name}, got ${error.name}: ${error.message}`,
    );
  }
  if (includes !== undefined) assertStringIncludes(error.message, includes);
  return error as E;
}

/** Fails unless `fn` throws an error of the class whose message includes the text; gives the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass?: ErrorClass<E>,
  msgIncludes?: string,
): E {
  try {
    fn();
  } catch (error) {
    return checked(error, errorClass, msgIncludes);
  }
  throw new assert_.AssertionError({ message: "Expected the function to throw" });
}

/** Fails unless the promise rejects with an error of the class whose message includes the text. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass?: ErrorClass<E>,
  msgIncludes?: string,
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return checked(error, errorClass, msgIncludes);
  }
  throw new assert_.AssertionError({ message: "Expected the promise to reject" });
}
