/**
 * What changes would buy, and who would win with them, in sentences.
 *
 * @module
 */
import type { PlanPrice } from "../../search/evaluate.ts";
import type { InputRivals, RivalPlan } from "../rivals.ts";
import { changeWords } from "../plan_differences.ts";
import type { ShadowPrice } from "../shadow_prices.ts";
import type { SkewRival } from "../skew_rival.ts";
import { factorWords, type FigureFormat, siteInputNames, type WordOptions } from "./figures.ts";

function changeOf({ change, addedBytes }: ShadowPrice, format: FigureFormat): string {
  const amount = addedBytes === undefined
    ? factorWords(change.factor, format)
    : `${format(Math.abs(addedBytes), "bytes", 3)} ${addedBytes < 0 ? "less" : "more"}`;
  return `${siteInputNames[change.input]}, ${amount}`;
}

function foundHow({ method, kept }: ShadowPrice): string {
  switch (method) {
    case "searched":
      return "all plans searched";
    case "front":
      return "from the front";
    case "climbed":
      return `among ${kept} plans kept and climbs from them`;
  }
}

/**
 * What changes buy, a sentence each; `best` is today's best plan.
 *
 * @param prices As `shadowPrices` gives them.
 */
export function wordShadowPrices(
  prices: readonly ShadowPrice[],
  { format, best }: WordOptions & { best: PlanPrice },
): string[] {
  return prices.map((shadow) => {
    const { price, savedSeconds, nowSeconds, stepSeconds, replanned } = shadow;
    const head = changeOf(shadow, format);
    const how = foundHow(shadow);
    if (price === undefined) return `${head}: nothing fits any more (${how})`;
    const change = Math.abs(savedSeconds) <= 1e-9 * nowSeconds
      ? "changes nothing"
      : `a step of ${format(stepSeconds, "seconds")}, ${
        factorWords(stepSeconds / nowSeconds, format)
      }`;
    const plan = replanned ? `, with ${changeWords(best.plan, price.plan)}` : "";
    return `${head}: ${change}${plan} (${how})`;
  });
}

function rivalWords(
  { input, factor, rival, winnerSeconds, rivalSeconds }: RivalPlan,
  { best, format }: WordOptions & { best: PlanPrice },
): string {
  const against = Number.isFinite(winnerSeconds)
    ? `${format(rivalSeconds, "seconds")} against ${format(winnerSeconds, "seconds")}`
    : `${format(rivalSeconds, "seconds")}, where the best does not fit`;
  return `${siteInputNames[input]}, ${factorWords(factor, format)}: ` +
    `${changeWords(best.plan, rival.plan)} would win (${against})`;
}

/** Who would win with more or less of each input, a sentence each, the smallest changes first. */
export function wordRivals(
  rivals: readonly InputRivals[],
  options: WordOptions & { best: PlanPrice },
): string[] {
  const found = rivals.flatMap(({ less, more }) => [...less ? [less] : [], ...more ? [more] : []])
    .sort((a, b) => Math.abs(Math.log(a.factor)) - Math.abs(Math.log(b.factor)));
  const firm = rivals.filter(({ less, more }) => !less && !more)
    .map(({ input }) => siteInputNames[input]);
  return [
    ...found.map((rival) => rivalWords(rival, options)),
    ...firm.length > 0 ? [`No plan kept would win with any other ${firm.join(", ")}`] : [],
  ];
}

/** What uneven routing changes, in a sentence. */
export function wordSkew(
  { rows, exponent, rival }: SkewRival,
  { format, best }: WordOptions & { best: PlanPrice },
): string {
  const last = rows[rows.length - 1];
  if (exponent === undefined || rival === undefined) {
    return `Routing as uneven as skew:${last.exponent} lets none of ${last.stepSeconds.length} ` +
      `plans win that does not win with even routing (events)`;
  }
  const row = rows.find((each) => each.exponent === exponent)!;
  const [now, then] = [row.stepSeconds[rows[0].fastest], row.stepSeconds[row.fastest]];
  const plan = changeWords(best.plan, rival.plan) || "the plan that the closed form ranks first";
  return `Routing as uneven as skew:${exponent}: ${plan} would win (events: ` +
    `${format(then, "seconds")} against ${format(now, "seconds")})`;
}
