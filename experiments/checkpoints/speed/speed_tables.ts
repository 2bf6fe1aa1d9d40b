/**
 * The speed of a model as a result: figures, pairs, tables and words.
 *
 * @module
 */
import type { Model } from "../../../core/mod.ts";
import { type AnyOp, type Estimate, exactly, median, sum } from "../../../kernels/base/mod.ts";
import { undisturbed } from "../../../kernels/mod.ts";
import { formatNumber, formatSigned } from "../../../reports/format.ts";
import type { Pair, Result, Row } from "../../../reports/result.ts";
import type { Card } from "../../../reports/visuals.ts";
import { errorOf, summarisePairs } from "../../compare/errors_of_pairs.ts";
import type { Outcome } from "../../define.ts";
import { contentId } from "../../hash.ts";
import { byName, type DevicePrices, opPrices } from "./forward_price.ts";
import type { FirstPass, LoadFigures, SpeedFigures, SpeedSubject } from "./run_speed.ts";
import { speedNotes, tokensOf } from "./speed_words.ts";

/** Passes that are timed. */
export type PassName = "prefill" | "decode";

/** All that was measured of a model. */
export interface MeasuredSpeed {
  /** What was run. */
  subject: SpeedSubject;
  /** The model with all its layers. */
  all: Model;
  /** Operators of each pass. */
  forwards: Readonly<Record<PassName, readonly AnyOp[]>>;
  /** Their prices. */
  prices: DevicePrices;
  /** The load. */
  load: LoadFigures;
  /** Bytes of weights and cache on the device. */
  deviceBytes: number;
  /** Times. */
  figures: SpeedFigures;
  /** What the first pass showed. */
  first: FirstPass;
}

/** A figure of so many tokens a second. */
function rateOf(tokens: number, { value, lo, hi, n, method }: Estimate): Estimate {
  return { value: tokens / value, lo: tokens / hi, hi: tokens / lo, n, method };
}

const secondsOf = ({ figures }: MeasuredSpeed, pass: PassName): number[] =>
  figures[`${pass}Seconds`];

/** The predicted and the measured time of a pass: both undisturbed by other programs. */
export async function speedPair(measured: MeasuredSpeed, pass: PassName): Promise<Pair> {
  const { subject: { model, storage, prompt }, forwards, prices, figures } = measured;
  const ops = opPrices(forwards[pass], prices).map(({ seconds }) => seconds);
  return {
    id: `pass-${await contentId({ pass, storage, prompt, model: model.id, layers: model.layers })}`,
    label: tokensOf(pass, measured.subject),
    group: pass,
    predicted: sum([...ops, undisturbed(figures.waitSeconds)], "operators run alone, added"),
    measured: undisturbed(secondsOf(measured, pass)),
    inside: true,
  };
}

function passRow(measured: MeasuredSpeed, pass: PassName, pair: Pair): Row {
  const tokens = pass === "prefill" ? measured.subject.prompt : 1;
  const { storage, model } = measured.subject;
  return {
    id: pair.id,
    table: "passes",
    labels: { pass, layers: model.layers, weights: storage },
    kind: "measured",
    metrics: {
      passSeconds: pair.measured,
      predictedSeconds: pair.predicted,
      signedErrorFraction: exactly(errorOf(pair), "predicted / measured - 1"),
      tokensPerSecond: rateOf(tokens, median(secondsOf(measured, pass))),
    },
    warnings: [],
  };
}

async function operatorRows(measured: MeasuredSpeed, pass: PassName): Promise<Row[]> {
  const prices = byName(opPrices(measured.forwards[pass], measured.prices));
  const all = prices.reduce((total, { seconds }) => total + seconds.value, 0);
  return await Promise.all(prices.map(async ({ name, seconds }): Promise<Row> => ({
    id: await contentId({ table: "operators", pass, name }),
    table: "operators",
    labels: { pass, operator: name },
    kind: "measured",
    metrics: {
      seconds,
      timeFraction: exactly(seconds.value / all, "of the prices of the pass"),
    },
    warnings: [],
  })));
}

function cardOf(measured: MeasuredSpeed, rows: readonly Row[]): Card {
  const { subject: { model, storage, prompt }, all, load, deviceBytes } = measured;
  const [prefill, decode] = rows.map(({ metrics }) => metrics.tokensPerSecond);
  return {
    id: "speed",
    title: "The model here",
    note: "Weights are drawn by a seed: what is measured is time and memory, not text.",
    kind: "measured",
    figures: [
      { key: "prefillTokensPerSecond", label: "tokens of the prompt a second", value: prefill },
      { key: "decodeTokensPerSecond", label: "tokens after it a second", value: decode },
      { key: "deviceBytes", label: "on the device", value: exactly(deviceBytes, "counted") },
      { key: "loadSeconds", label: "to draw and narrow", value: exactly(load.seconds, "once") },
    ],
    settings: [
      { label: "model", value: `${all.name}, ${model.layers} of ${all.layers} layers` },
      { label: "experts", value: model.moe ? `${model.moe.topK} of ${model.moe.experts}` : "none" },
      { label: "weights", value: storage },
      { label: "prompt", value: `${prompt} tokens` },
    ],
    paragraphs: [],
  };
}

/**
 * Memory of the host beside the device's stays under this share of the largest tensor, or of what any
 * run takes: kernels that are compiled, and the runtime's own.
 */
const most = { share: 1.3, least: 2 ** 27 } as const;

function checksOf({ load, first }: MeasuredSpeed): Result["checks"] {
  const extra = load.extraBytes / Math.max(load.partBytes, most.least);
  return [
    {
      name: "memory of the host while loading",
      value: extra,
      limit: most.share,
      passed: extra <= most.share,
      note: "the most that the process held beside the device's own memory, " +
        `${formatNumber(load.extraBytes, "bytes", 3)}, over the largest tensor in 16 bits, or ` +
        `${formatNumber(most.least, "bytes")} where that is more`,
    },
    {
      name: "logits are numbers",
      value: Number.isFinite(first.largestLogit) ? 0 : 1,
      limit: 0,
      passed: Number.isFinite(first.largestLogit),
      note: "1 where the logits of the first pass are not finite",
    },
  ];
}

/** The answer. */
function verdictOf(measured: MeasuredSpeed, rows: readonly Row[], pairs: readonly Pair[]): string {
  const { subject: { model, storage }, all, deviceBytes } = measured;
  const [read, write] = rows.map(({ metrics }) =>
    formatNumber(metrics.tokensPerSecond.value, "plain", 3)
  );
  const [a, b] = pairs.map((pair) => formatSigned(errorOf(pair)));
  return `${model.layers} of ${all.layers} layers of ${all.name} as ${storage} take ` +
    `${formatNumber(deviceBytes, "bytes", 3)}, read ${read} and write ${write} tokens a second ` +
    `here; the sum of their operators is off by ${a} and ${b}.`;
}

/** The result but for the circumstances. */
export async function speedOutcome(
  measured: MeasuredSpeed,
): Promise<Omit<Outcome, "circumstances">> {
  const names: PassName[] = ["prefill", "decode"];
  const pairs = await Promise.all(names.map((pass) => speedPair(measured, pass)));
  const passes = names.map((pass, i) => passRow(measured, pass, pairs[i]));
  const operators = await Promise.all(names.map((pass) => operatorRows(measured, pass)));
  return {
    verdict: verdictOf(measured, passes, pairs),
    decision: "Time of more layers, longer prompts or other storage on this device can be taken " +
      "from the prices of operators, within these errors; more layers take the same again each.",
    notes: speedNotes,
    tables: [
      {
        id: "passes",
        title: "Passes",
        note:
          "Times are lower quartiles of all rounds, since other programs only ever add to them; " +
          "tokens a second are by the median.",
        columns: [
          ...["pass", "layers", "weights", "passSeconds", "predictedSeconds"],
          ...["signedErrorFraction", "tokensPerSecond"],
        ],
      },
      {
        id: "operators",
        title: "Where the time goes",
        note: "Operators that were run alone, all of a name added, the gaps before them included.",
        columns: ["pass", "operator", "seconds", "timeFraction"],
      },
    ],
    rows: [...passes, ...operators.flat()],
    samples: Object.fromEntries(
      names.map((pass, i) => [pairs[i].id, secondsOf(measured, pass)]),
    ),
    pairs,
    pairStyle: { measured: "measured", series: "group" },
    pairSummaries: pairs.map((pair) => summarisePairs(pair.group!, [pair])),
    timelines: [],
    checks: checksOf(measured),
    cards: [cardOf(measured, passes)],
    sections: ["speed", "checks", "results", "parity"],
  };
}
