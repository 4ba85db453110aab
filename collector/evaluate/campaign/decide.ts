import type { CampaignRow, MemberRow } from '../../store/campaigns.ts';
import type { RequestRow } from '../../store/requests.ts';
import { placeWords } from './place-words.ts';
import { type Held, heldBack, type IssuedInWeek } from './held-back.ts';
import type { Progress, SeenPlace } from './progress.ts';

/** What a decision is made from. */
export interface CampaignFacts {
  progress: (member: MemberRow) => Progress;
  /** What the host answered to the request of this attempt. */
  answer: (member: MemberRow) => RequestRow['answer'];
  domainOf: (name: string) => string;
  issued: IssuedInWeek;
  /** Members of all other campaigns that are open. */
  elsewhere: readonly MemberRow[];
}

/** What becomes of a campaign next. Each is a change of a row before anything is done. */
export type CampaignStep =
  | { do: 'serve'; member: MemberRow }
  | { do: 'ask'; member: MemberRow }
  | { do: 'fail'; member: MemberRow; cause: string }
  | { do: 'pause'; cause: string; haltedBy: number }
  | { do: 'end' };

export interface Decision {
  steps: CampaignStep[];
  /** Members of the wave in hand that wait, and for what. */
  held: ReadonlyMap<number, Held>;
}

/**
 * Reads what is served, then says what is next; `now` in milliseconds since 1970. A lineage is done once its new certificate is served wherever the old
 * one was, whoever renewed it. Only a running campaign asks, one wave after the other, and none while more failed than may. Pure.
 */
export function decideCampaign(
  campaign: CampaignRow,
  members: readonly MemberRow[],
  facts: CampaignFacts,
  now: number,
): Decision {
  const steps: CampaignStep[] = [];
  const after = members.map((member): MemberRow => {
    const step = settle(member, campaign, facts, now);
    if (!step) return member;
    steps.push(step);
    return {
      ...member,
      state: step.do === 'serve' ? 'served' : 'failed',
      ...('cause' in step && { cause: step.cause }),
    };
  });
  if (after.every(({ state }) => state === 'served' || state === 'skipped')) {
    steps.push({ do: 'end' });
    return { steps, held: new Map() };
  }
  if (campaign.state !== 'running') return { steps, held: new Map() };
  const failed = after.filter(({ state }) => state === 'failed');
  const last = lastOf(failed, steps);
  if (last && failed.length > campaign.limits.tolerance) {
    steps.push({ do: 'pause', cause: worded(last, failed.length), haltedBy: last.number });
    return { steps, held: new Map() };
  }
  const unsettled = after.filter(({ state }) => state === 'waiting' || state === 'asked');
  if (unsettled.length === 0) {
    steps.push({ do: 'end' });
    return { steps, held: new Map() };
  }
  const wave = Math.min(...unsettled.map((member) => member.wave));
  const held = new Map<number, Held>();
  const all = [...facts.elsewhere, ...after];
  const inHand = all.filter(({ state }) => state === 'asked');
  const asked = all.flatMap(({ askedAt }) => askedAt ?? []);
  for (const member of unsettled) {
    if (member.state !== 'waiting' || member.wave !== wave) continue;
    const why = heldBack(member, { limits: campaign.limits, inHand, asked, facts, now });
    if (why) {
      held.set(member.number, why);
      continue;
    }
    steps.push({ do: 'ask', member });
    inHand.push(member);
    asked.push(now);
  }
  return { steps, held };
}

/** What was asked, and what came of it; what nobody asked for may be served all the same. */
function settle(
  member: MemberRow,
  { limits }: CampaignRow,
  facts: CampaignFacts,
  now: number,
): Extract<CampaignStep, { do: 'serve' | 'fail' }> | undefined {
  if (member.state === 'served' || member.state === 'skipped') return undefined;
  const { isServed, unfit, seenAt = 0, places } = facts.progress(member);
  if (isServed) return { do: 'serve', member };
  if (member.state !== 'asked') return undefined;
  const answer = facts.answer(member);
  if (answer?.refused !== undefined)
    return { do: 'fail', member, cause: `the host refused (${answer.refused}): ${answer.summary}` };
  if (answer && !answer.ok) return { do: 'fail', member, cause: `the renewal failed: ${answer.summary}` };
  // The answer may come before the host tells of the certificate: until then it has that of the attempt before.
  const isOver = now > (member.askedAt ?? now) + limits.deadlineSeconds * 1000;
  if (answer?.ok && unfit !== undefined && (isOver || seenAt >= (member.askedAt ?? 0)))
    return { do: 'fail', member, cause: `renewed, but ${unfit}` };
  if (!isOver) return undefined;
  if (!answer) return { do: 'fail', member, cause: `no answer came within ${limits.deadlineSeconds} s` };
  const late = `renewed, and after ${limits.deadlineSeconds} s`;
  const cause = places.every(({ state }) => state === 'gone')
    ? `${late} none of the places that presented the old one is there any more: nothing shows that the new one is served`
    : `${late} not served everywhere: ${missing(places)}`;
  return { do: 'fail', member, cause };
}

const shownPlaces = 3;

function missing(places: readonly SeenPlace[]): string {
  const left = places.filter(({ state }) => state !== 'new' && state !== 'gone');
  const words = left.slice(0, shownPlaces).map(({ place, state }) => `${placeWords(place)} (${stateWords[state]})`);
  return left.length > shownPlaces ? `${words.join(', ')} and ${left.length - shownPlaces} more` : words.join(', ');
}

const stateWords = { old: 'the old one', other: 'another one', unanswered: 'no answer', new: '', gone: '' } as const;

/** The one that was one too many: of those that fail now the first, else what failed last before. */
function lastOf(failed: readonly MemberRow[], steps: readonly CampaignStep[]): MemberRow | undefined {
  const now = new Set(steps.flatMap((step) => (step.do === 'fail' ? step.member.number : [])));
  return (
    failed.find(({ number }) => now.has(number)) ?? failed.toSorted((one, other) => other.changedAt - one.changedAt)[0]
  );
}

function worded({ lineage, hostName, cause: why }: MemberRow, failed: number): string {
  const cause = `${lineage} on ${hostName}: ${why}`;
  return failed === 1 ? cause : `${failed} lineages failed; ${cause}`;
}
