/**
 * Which ranks of a stage do the same, so that one of them can stand for all.
 *
 * Ranks meet in groups: whoever exchanges something waits for the last of its group. Two ranks do the
 * same where their own work is the same and where each of their groups has the same kinds of members.
 * The coarsest such division is found by refining: ranks begin with a colour that says what they do,
 * and take a new one for the set of colours in each of their groups until no colour splits any more
 * (the partition refinement of Hopcroft's algorithm for automata, 1971). A group is then a set of
 * classes, the same for all its members, and a run of the classes gives every rank its times.
 *
 * @module
 */
import { planGroupMembers } from "../../plan/plan_groups.ts";
import type { Plan } from "../../plan/plan.ts";

/** What ranks of a stage meet for. */
export type MeetingKind = "tensor" | "context" | "experts" | "data";

/** Who waits for whom. */
export interface Meeting {
  /** Group of each class. */
  groupOf: Int32Array;
  /** Classes of each group. */
  members: readonly (readonly number[])[];
  /** Whether any group has more than one member. */
  waits: boolean;
}

/** The ranks of a stage in classes; see the module. */
export interface StageRanks {
  /** Ranks of a stage. */
  size: number;
  /** First rank of each class, by its place in the stage. */
  first: readonly number[];
  /** Ranks of each class. */
  count: readonly number[];
  /** Class of each rank. */
  classOf: Int32Array;
  /** Who meets whom. */
  meetings: Readonly<Record<MeetingKind, Meeting>>;
}

const kinds: readonly MeetingKind[] = ["tensor", "context", "experts", "data"];

/** The group of a rank, by its first member. */
function groupOf(rank: number, kind: MeetingKind, plan: Plan): number {
  const { ep, etp } = plan;
  // What expert ranks exchange goes to all tensor ranks of an expert.
  if (kind === "experts") return rank - rank % (ep * etp);
  return planGroupMembers(rank, { kind, plan })[0];
}

/** Numbers equal texts alike, from 0 in the order in which they come. */
function numbered(texts: readonly string[]): { of: Int32Array; count: number } {
  const known = new Map<string, number>();
  const of = Int32Array.from(texts, (text) => {
    const number = known.get(text) ?? known.size;
    known.set(text, number);
    return number;
  });
  return { of, count: known.size };
}

/** Members of every group of a kind. */
function groupsOf(kind: MeetingKind, size: number, plan: Plan): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (let rank = 0; rank < size; rank++) {
    const group = groupOf(rank, kind, plan);
    const members = groups.get(group);
    if (members) members.push(rank);
    else groups.set(group, [rank]);
  }
  return groups;
}

/** For every rank, the colours in its group. */
function coloursMet(groups: Map<number, number[]>, colours: Int32Array): string[] {
  const met = new Array<string>(colours.length);
  for (const members of groups.values()) {
    const text = [...new Set(members.map((rank) => colours[rank]))].sort((a, b) => a - b).join();
    for (const rank of members) met[rank] = text;
  }
  return met;
}

/** Refines colours until none splits. */
function refined(colours: { of: Int32Array; count: number }, groups: Map<number, number[]>[]) {
  let now = colours;
  while (now.count > 1) {
    const met = groups.map((of) => coloursMet(of, now.of));
    const next = numbered(
      Array.from(now.of, (own, rank) => `${own}/${met.map((texts) => texts[rank]).join("/")}`),
    );
    if (next.count === now.count) break;
    now = next;
  }
  return now;
}

/** A kind of group in terms of classes. */
function meetingOf(groups: Map<number, number[]>, classOf: Int32Array, count: number): Meeting {
  const of = new Int32Array(count).fill(-1);
  const members: number[][] = [];
  for (const ranks of groups.values()) {
    if (of[classOf[ranks[0]]] >= 0) continue;
    const classes = [...new Set(ranks.map((rank) => classOf[rank]))];
    for (const one of classes) of[one] = members.length;
    members.push(classes);
  }
  return { groupOf: of, members, waits: members.some(({ length }) => length > 1) };
}

/**
 * The classes of the ranks of a stage under a plan.
 *
 * @param plan The plan.
 * @param options `work` says what a rank does, by its place in the stage: equal texts, equal work;
 * `fold` is false where every rank is to be a class of its own.
 */
export function stageRanks(
  plan: Plan,
  options: { work: (rank: number) => string; fold: boolean },
): StageRanks {
  const size = plan.tp * plan.cp * plan.dp;
  const ranks = Array.from({ length: size }, (_, rank) => rank);
  const groups = kinds.map((kind) => groupsOf(kind, size, plan));
  const own = numbered(ranks.map(options.fold ? options.work : String));
  const { of: classOf, count } = refined(own, groups);
  const first = new Array<number>(count).fill(-1);
  const members = new Array<number>(count).fill(0);
  ranks.forEach((rank) => {
    if (members[classOf[rank]]++ === 0) first[classOf[rank]] = rank;
  });
  const meetings = Object.fromEntries(
    kinds.map((kind, i) => [kind, meetingOf(groups[i], classOf, count)]),
  ) as Record<MeetingKind, Meeting>;
  return { size, first, count: members, classOf, meetings };
}
