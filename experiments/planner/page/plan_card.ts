/**
 * The best plan on a card.
 *
 * @module
 */
import { exactly } from "../../../kernels/base/estimate.ts";
import { formatNumber } from "../../../reports/format.ts";
import type { Card, CardFigure } from "../../../reports/visuals.ts";
import { launchSentences } from "../launch_words.ts";
import { planSettings } from "./plan_columns.ts";
import type { NamedPlans } from "../plan_record.ts";
import type { PlanPage } from "./plan_page.ts";

function figuresOf({ asked, best: [first] }: PlanPage["record"]): CardFigure[] {
  const { step, tokensPerSecond, mfuFraction, peakBytes, memoryFraction, dollars } = first;
  const { energyJoules } = first;
  const events = (value: number) => exactly(value, "events");
  return [
    { key: "stepSeconds", label: "a step", value: step },
    { key: "tokensPerSecond", label: "tokens, all devices", value: events(tokensPerSecond) },
    { key: "mfuFraction", label: "model FLOP over peak (MFU)", value: events(mfuFraction) },
    {
      key: "peakBytes",
      label: "memory of the fullest device",
      value: exactly(peakBytes, "closed form"),
      note: `${formatNumber(memoryFraction, "fraction", 3)} of ${
        formatNumber(asked.deviceBytes, "bytes", 3)
      }`,
    },
    ...(dollars === undefined
      ? []
      : [{ key: "costDollars", label: "cost of a step", value: events(dollars) }]),
    ...(energyJoules === undefined
      ? []
      : [{ key: "energyJoules", label: "energy of a step, at most", value: events(energyJoules) }]),
  ];
}

/** Why the best plan is best; none where nothing is said. */
export function reasonCards({ record: { reasons }, sentences = [] }: PlanPage): Card[] {
  const { why, changes, rivals } = reasons;
  const known = new Set([...why, ...changes, ...rivals]);
  const lists = [
    { title: "What binds it", items: [...why, ...sentences.filter((text) => !known.has(text))] },
    { title: "What more would buy", items: changes },
    { title: "When another plan would win", items: rivals },
  ];
  const said = lists.filter(({ items }) => items.length > 0);
  if (said.length === 0) return [];
  return [{
    ...{ id: "why", title: "Why this plan", kind: "simulated", figures: [], settings: [] },
    note: "In closed form; changes are of one input at a time.",
    paragraphs: [],
    lists: said,
  }];
}

/** Cards of what was to be said of plans that the user named. */
export function namedCards({ record: { explained, compared } }: PlanPage): Card[] {
  const cardOf = (id: string, title: string, { plans, says }: NamedPlans): Card => ({
    ...{ id, title, kind: "simulated", figures: [], settings: [] },
    note: "",
    text: plans.join("\n"),
    paragraphs: [],
    lists: [{ title: "What is to be said", items: [...says] }],
  });
  const several = (all: readonly NamedPlans[], i: number) => all.length > 1 ? ` ${i + 1}` : "";
  return [
    ...compared.map((named, i) =>
      cardOf(`compared-${i + 1}`, `Two plans compared${several(compared, i)}`, named)
    ),
    ...explained.map((named, i) =>
      cardOf(`explained-${i + 1}`, `A plan explained${several(explained, i)}`, named)
    ),
  ];
}

/** The card of the best plan. */
export function planCard(page: PlanPage): Card {
  const { asked, best: [first], warnings } = page.record;
  return {
    id: "best-plan",
    title: "The plan",
    note: `${asked.model} on ${first.devices} x ${asked.cluster.id}, ${asked.globalBatch} ` +
      `sequences of ${asked.sequence} tokens a step, software stack ${asked.stack}.`,
    kind: "simulated",
    figures: figuresOf(page.record),
    settings: planSettings(first.plan),
    text: first.plan,
    paragraphs: warnings.map((warning) => `Mind: ${warning}.`),
    lists: [{ title: "Who can run it", items: launchSentences(page.record) }],
  };
}
