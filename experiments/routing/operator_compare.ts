/**
 * Predicted against measured time of each operator within the layers: which ones the error of a
 * layer comes from.
 *
 * @module
 */
import { median } from "simple-statistics";
import { type Estimate, exactly, sum } from "../../kernels/base/mod.ts";
import type { Profile } from "../../kernels/mod.ts";
import type { Pair, Row } from "../../reports/result.ts";
import { priceOp } from "../../sim/mod.ts";
import { contentId } from "../hash.ts";
import { errorOf } from "../compare/errors_of_pairs.ts";
import { type Compared, insideOf } from "./layer_compare.ts";
import { type Pass, passes } from "./layer_passes.ts";

/** An operator of a pass, by name, over all layers that have it. */
interface Operator {
  pass: Pass;
  name: string;
  /** Predicted and measured seconds in each layer. */
  times: { predicted: Estimate; measured: Estimate }[];
  /** Its share of the measured time of the pass. */
  share: number;
}

function operatorsOf(compared: readonly Compared[], profile: Profile): Operator[] {
  return passes.flatMap((pass) => {
    const inside = insideOf(compared, pass);
    const total = inside.reduce((s, c) => s + c.passes[pass].pair.measured.value, 0);
    const names = inside.flatMap((c) => c.passes[pass].ops.map((op) => op.name ?? op.kind));
    return [...new Set(names)].map((name) => {
      const times = inside.flatMap(({ measured, passes: both }) => {
        const op = both[pass].ops.find((op) => (op.name ?? op.kind) === name);
        const seconds = measured.passes[pass].byOperator[name];
        return op && seconds ? [{ predicted: priceOp(op, profile), measured: seconds }] : [];
      });
      const seconds = times.reduce((s, t) => s + t.measured.value, 0);
      return { pass, name, times, share: seconds / total };
    }).filter(({ times }) => times.length > 0);
  });
}

const idOf = async ({ pass, name }: Operator) => `operator-${await contentId(`${pass} ${name}`)}`;

/** Each operator with its share of the time and its errors, layer by layer. */
export async function operatorRows(
  compared: readonly Compared[],
  profile: Profile,
): Promise<Row[]> {
  return await Promise.all(
    operatorsOf(compared, profile).map(async (operator) => {
      const { pass, name, times, share } = operator;
      const errors = times.map(errorOf);
      const over = `over ${times.length} layers inside the range`;
      return {
        id: await idOf(operator),
        table: "operators",
        labels: { pass, operator: name, layers: times.length },
        kind: "derived" as const,
        metrics: {
          timeFraction: exactly(share, over),
          absoluteErrorFraction: exactly(median(errors.map(Math.abs)), `median ${over}`),
          signedErrorFraction: exactly(median(errors), `median ${over}`),
        },
        warnings: [],
      };
    }),
  );
}

/** Each operator's predicted and measured seconds, summed over the layers inside the range. */
export async function operatorPairs(
  compared: readonly Compared[],
  profile: Profile,
): Promise<Pair[]> {
  return await Promise.all(
    operatorsOf(compared, profile).map(async (operator) => {
      const { pass, name, times } = operator;
      const over = (key: "predicted" | "measured") =>
        sum(times.map((t) => t[key]), `sum over ${times.length} layers`);
      return {
        id: await idOf(operator),
        label: `${pass}: ${name}`,
        group: "operators",
        predicted: over("predicted"),
        measured: over("measured"),
        inside: true,
      };
    }),
  );
}
