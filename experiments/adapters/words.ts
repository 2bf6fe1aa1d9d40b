/**
 * What the report of `adapters` says in sentences.
 *
 * @module
 */
import type { Result } from "../../reports/result.ts";
import { say, sayNames } from "../training/router_words.ts";
import { lossAgainst, perplexityOn, type TunedGroup } from "./figures.ts";
import { rankTuned } from "./table.ts";
import type { AdapterValues } from "./settings.ts";
import type { AdapterRace, AdapterRaced } from "./speed.ts";
import { toldOf } from "./told.ts";

/** Everything that was found. */
export interface AdapterFindings {
  /** The base as it was. */
  base: TunedGroup;
  /** One LoRA. */
  control: TunedGroup;
  /** Tuning of all matrices. */
  full: TunedGroup;
  /** The published mixtures. */
  mixtures: readonly TunedGroup[];
  /** Races of grouped products, the one of most adapters last; none where the device has no clock. */
  races: readonly (AdapterRaced & Pick<AdapterRace, "adapters">)[];
}

const sides = ({ mixtures, control }: AdapterFindings) => {
  const against = mixtures.map((group) => ({ group, off: lossAgainst(group, control, "fresh_S") }));
  return {
    better: against.filter(({ off }) => off.hi < 0),
    worse: against.filter(({ off }) => off.lo > 0),
  };
};

/** Mixtures by what they forgot, least first. */
const byForgetting = ({ mixtures, base }: AdapterFindings) =>
  mixtures.map((group) => ({ group, forgot: lossAgainst(group, base, "old_S") }))
    .sort((a, b) => a.forgot.value - b.forgot.value);

/** The answer in numbers. */
export function adaptersVerdict(found: AdapterFindings): string {
  const { base, control, full, mixtures, races } = found;
  const [best] = rankTuned(mixtures);
  const { better, worse } = sides(found);
  const alike = mixtures.length - better.length - worse.length;
  const ranked = byForgetting(found);
  const [least, most] = [ranked[0], ranked[ranked.length - 1]];
  const raced = races.at(-1);
  return `On new domains the base has a perplexity of ${
    say(perplexityOn(base, "fresh_S"))
  }, one LoRA ` +
    `brings it to ${
      say(perplexityOn(control, "fresh_S"))
    }, and of ${mixtures.length} mixtures with as ` +
    `many parameters ${named(best.group)} is lowest with ${
      say(best.perplexity)
    }; full tuning reaches ` +
    `${say(perplexityOn(full, "fresh_S"))}. Of the mixtures, on equal sequences, ` +
    `${better.length} do better than LoRA, ${worse.length} worse, and ${alike} cannot be told apart. On the old domains ` +
    `${least.group.name} forgets least, ${
      say(least.forgot)
    } nats a token, ${most.group.name} most, ` +
    `${say(most.forgot)}, and full tuning ${say(lossAgainst(full, base, "old_S"))}.` +
    (raced
      ? ` For ${raced.adapters} adapters a loop takes ${
        say(raced.ratio)
      } times as long as two grouped ` +
        "products."
      : "");
}

/** A name, and what its gates are told. */
function named({ name, recipe }: TunedGroup): string {
  const told = recipe ? toldOf(recipe) : "nothing";
  return told === "nothing" ? name : `${name} (told the ${told} of a text)`;
}

/** What to do about it. */
export function adaptersDecision(found: AdapterFindings): string {
  const { better } = sides(found);
  const names = better.toSorted((a, b) => a.off.value - b.off.value).map(({ group }) =>
    named(group)
  );
  const what = names.length === 0
    ? "Tune one LoRA at every product: no mixture of as many parameters was better."
    : `Where one LoRA is not enough, try ${sayNames(names)}: better at equal parameters.`;
  return `${what} What would change this: a base that has seen more text, domains that lie further ` +
    "apart, and more steps, which gates need most of all.";
}

/** How it was done. */
export function adaptersNotes(values: AdapterValues): Result["notes"] {
  const { seeds, steps, sequences, length, baseSteps, domains, heldOut } = values;
  return [
    {
      heading: "How adapters were tuned",
      paragraphs: [
        `A dense decoder learned ${domains} domains of a synthetic language for ${baseSteps} steps and ` +
        `was frozen. Each recipe was tuned to ${domains} other domains for ${steps} steps of ` +
        `${sequences} sequences of ${length} tokens; held-out text is ${heldOut} batches of either kind. ` +
        "The rank of LoRA, the width of bottlenecks, the places of a prefix and the number of vectors " +
        "are what makes all equal to the budget; gates count.",
        "Experts that a work is given (MixDA, MeteoRA, MoLE) are made in the first third of the steps, " +
        "each on the domain of its number, and stay; in the rest gates are trained.",
        "Works that read clusters are told the cluster of another text of the same domain, as an " +
        "instruction before a text would tell it.",
      ],
    },
    {
      heading: "What the intervals say",
      paragraphs: [
        seeds > 1
          ? `Intervals are those of means over ${seeds} seeds, Student's t, 95 %.`
          : "With one seed, intervals are those of means over held-out sequences, Student's t, 95 %: " +
            "they say how well this text was measured, and nothing of what another seed would give.",
        "All recipes have one learning rate. A work that wants another is shown below its best.",
      ],
    },
  ];
}
