/**
 * Plans that publishers ran, beside the best that the planner finds: of all plans, and of those that the
 * publisher's own software can be told.
 *
 * @module
 */
import { type Context, defineExperiment, type Outcome } from "../../define.ts";
import { contentId } from "../../hash.ts";
import { knownErrors } from "../../simulate/known_errors.ts";
import { fitErrors } from "../../simulate/left_out.ts";
import { type JudgedPlan, judgePublisher } from "./judge_publisher.ts";
import { publisherById, publishers } from "./publishers.ts";
import { publisherDecision, publisherNotes, publisherVerdict } from "./publisher_words.ts";
import { publisherTable } from "./publisher_table.ts";

/** Published plans and the planner's. */
export const publishedPlansExperiment = defineExperiment({
  id: "published-plans",
  title: "Plans that publishers ran",
  question: "How far behind the best plan are the plans that publishers ran, and by what?",
  parameters: {
    publishers: {
      quick: ["mixtral-8x22b"],
      full: publishers.map(({ id }) => id),
      note: `ids of published plans: ${publishers.map(({ id }) => id).join(", ")}`,
    },
  },
  run: runPublishers,
});

async function runPublishers(
  { parameters, progress, signal }: Context<{ publishers: readonly string[] }>,
): Promise<Outcome> {
  const asked = parameters.publishers.map(publisherById);
  const judged: JudgedPlan[] = [];
  progress.start(asked.length, asked[0]?.id ?? "nothing");
  for (const [i, publisher] of asked.entries()) {
    judged.push(await judgePublisher(publisher, { signal }));
    progress.step(asked[i + 1]?.id);
  }
  progress.stop();
  const errors = await fitErrors();
  const table = publisherTable(
    judged,
    ({ planning }) => knownErrors(planning.stack, errors, planning.sizes),
  );
  return {
    verdict: publisherVerdict(judged),
    decision: publisherDecision(judged),
    notes: publisherNotes(judged),
    tables: [table.info],
    rows: table.rows,
    ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
    checks: judged.map(({ publisher, complete }) => ({
      name: `${publisher.id}: searched to the end`,
      value: complete ? 0 : 1,
      limit: 0,
      passed: complete,
      note: "1 where a search was stopped",
    })),
    circumstances: {
      adapter: {
        ...{ vendor: "none", architecture: "none", device: "none", description: "none is used" },
        ...{ software: false, features: [], limits: {}, subgroupSize: 0 },
      },
      timer: { kind: "none", resolutionSeconds: 0 },
      inputs: { publishers: await contentId(asked) },
      kernels: {},
    },
  };
}
