/**
 * What is known by a key, made where it is not.
 *
 * @module
 */

/** See the module. */
export function recall<K, T>(known: Map<K, T>, key: K, make: () => T): T {
  let value = known.get(key);
  if (value === undefined) known.set(key, value = make());
  return value;
}
