/**
 * Fields of models as people read them.
 *
 * @module
 */

/** A value; one letter a layer in runs: "-*3 E*58". */
export function fieldText(value: string | number | boolean): string {
  const text = String(value);
  if (!/^[E-]{5,}$/.test(text)) return text;
  return text.replaceAll(/(.)\1*/g, (run) => `${run[0]}*${run.length} `).trimEnd();
}
