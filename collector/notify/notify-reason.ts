import { createHash } from 'node:crypto';
import type { Concern } from '../store/concern.ts';
import { lifeMs } from '../evaluate/concerns.ts';
import { bySeverity } from '../evaluate/host-status.ts';
import type { Transition } from '../store/tell.ts';
import type { Incident, Silence, Told } from '../store/tell.ts';
import { followUp } from './compose.ts';
import { endOf, isWithin } from './hours.ts';
import { say, type SayingFacts, tell, worst, type Write } from './incident-writes.ts';
import { fitsRule, isMuted } from './match.ts';
import { chainOf } from './route.ts';
import { type NotifySettings, type Rule, type Span, spanMs } from './settings.ts';

export interface ReasonFacts extends SayingFacts {
  /** What stands, each with its concern as it is now. */
  standing: readonly Transition[];
  /** All that are open. */
  incidents: readonly Incident[];
  silences: readonly Silence[];
}

export interface Plan {
  writes: Write[];
  /** Incidents that stay open, as they will have been told, with what stands of them. */
  open: { incident: Pick<Incident, 'id' | 'told'>; concerns: readonly [Concern, ...Concern[]] }[];
  /** When, at the latest, to look again: milliseconds since 1970. */
  wakeAt: number;
}

interface Group {
  rule: Rule;
  group: string;
  members: Transition[];
}

/** However short a life is of which a part is meant. */
const leastRepeatMs = 60_000;

/** Whom to tell what now: pure. All of it follows from what is written down, so that who begins anew plans what is left. */
export function notifyReason(facts: ReasonFacts): Plan {
  const { standing, incidents, settings, now } = facts;
  const plan: Plan = { writes: [], open: [], wakeAt: Infinity };
  const groups = groupsOf(standing, settings.rules, plan, now);
  const known = new Map(incidents.map((one) => [`${one.rule} ${one.group}`, one]));
  for (const [key, incident] of known) {
    const group = groups.get(key);
    const [first, ...others] = group?.members ?? [];
    if (!group || !first) {
      plan.writes.push(close(incident, settings, facts));
      continue;
    }
    const current = asOfNow(incident, group, facts);
    const isAhead = incident.told.firstAt > now || incident.told.lastAt > now;
    const write = goOn(current, group, facts, plan) ?? (isAhead ? { incident: current, notifications: [] } : undefined);
    if (write) plan.writes.push(write);
    const concerns = [first.concern, ...others.map(({ concern }) => concern)] as const;
    plan.open.push({ incident: write?.incident ?? incident, concerns });
  }
  for (const [key, group] of groups) {
    const write = known.has(key) ? undefined : begin(group, facts, plan);
    if (write) plan.writes.push(write);
  }
  return plan;
}

/** What stands long enough, by rule and by what it has in common. */
function groupsOf(
  standing: readonly Transition[],
  rules: readonly Rule[],
  plan: Plan,
  now: number,
): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const one of standing) {
    const rule = rules.find((each) => fitsRule(each, one.concern, now));
    if (!rule || !isPast(since(one, now) + spanOf(rule.for, [one.concern]), plan, now)) continue;
    const values = rule.groupBy.map((by) => valueOf(by, one.concern));
    const group = createHash('sha256').update(JSON.stringify(values)).digest('base64url');
    const key = `${rule.name} ${group}`;
    const found = groups.get(key) ?? { rule, group, members: [] };
    found.members.push(one);
    groups.set(key, found);
  }
  return groups;
}

function valueOf(by: string, { causeId, hostName, code, names, labels, partly }: Concern): string {
  switch (by) {
    case 'cause':
      return causeId;
    case 'host':
      return hostName;
    case 'code':
      return code;
    case 'name':
      return names[0] ?? '';
    default:
      return labels[by] ?? partly?.[by]?.join(', ') ?? '';
  }
}

/** The first message, once nobody silenced it, more of the same had time to come, and no quiet hours are. */
function begin({ rule, group, members }: Group, facts: ReasonFacts, plan: Plan): Write | undefined {
  const { settings, now } = facts;
  const concerns = heard(members, undefined, facts).map(({ concern }) => concern);
  const [first, ...others] = concerns;
  if (!first) return undefined;
  const ripe = members.map((one) => since(one, now) + spanOf(rule.for, [one.concern]));
  if (!isPast(Math.min(...ripe) + rule.waitMs, plan, now) || isQuiet(rule, concerns, plan, now)) return undefined;
  const id = createHash('sha256')
    .update(JSON.stringify([rule.name, group, now]))
    .digest('hex')
    .slice(0, 10);
  const channels = chainOf(rule, concerns, settings.channels)[0]?.to ?? [];
  const told: Told = {
    count: 0,
    firstAt: now,
    lastAt: now,
    keys: [],
    channels: [],
    steps: 1,
    message: '{}',
    severity: worst(concerns),
  };
  const incident = { id, rule: rule.name, group, openedAt: now, closedAt: undefined, revision: 0, told };
  return tell(incident, 'opened', [first, ...others], channels, facts);
}

/**
 * What was told, as far as it still counts: channels that are in the settings, places that stand since, and no instant that is yet to come, which a clock that
 * was ahead has written.
 */
function asOfNow(incident: Incident, { members }: Group, { settings, now }: ReasonFacts): Incident {
  const { told } = incident;
  const before = new Set(told.keys);
  const stands = ({ key, openedAt }: Transition) => before.has(key) && !(openedAt > told.lastAt && openedAt <= now);
  return {
    ...incident,
    told: {
      ...told,
      keys: members.filter(stands).map(({ key }) => key),
      channels: told.channels.filter((name) => settings.channels.has(name)),
      firstAt: Math.min(told.firstAt, now),
      lastAt: Math.min(told.lastAt, now),
    },
  };
}

/** Whoever heard of it; where none of them is left, whom the rule tells first. */
function listeners(
  { channels }: Told,
  rule: Pick<Rule, 'to' | 'escalate'>,
  members: readonly Transition[],
  { settings }: ReasonFacts,
): readonly string[] {
  const left = channels.filter((name) => settings.channels.has(name));
  if (left.length > 0) return left;
  const concerns = members.map(({ concern }) => concern);
  return chainOf(rule, concerns, settings.channels)[0]?.to ?? [];
}

/** The next message of one that was told, if there is a reason for one. */
function goOn(incident: Incident, { rule, members }: Group, facts: ReasonFacts, plan: Plan): Write | undefined {
  const { now, settings } = facts;
  const { told, acknowledged } = incident;
  const channels = listeners(told, rule, members, facts);
  if (acknowledged && acknowledged.at !== told.acknowledgedAt)
    return say(incident, { ...told, acknowledgedAt: acknowledged.at }, channels, facts, (last, occasion) =>
      followUp(last, occasion, { kind: 'acknowledged', said: acknowledged }),
    );
  const concerns = heard(members, incident.id, facts).map(({ concern }) => concern);
  const [first, ...others] = concerns;
  if (!first || isQuiet(rule, concerns, plan, now)) return undefined;
  const severity = worst(concerns);
  const all: readonly [Concern, ...Concern[]] = [first, ...others];
  const known = new Set(told.keys);
  const added = concerns.filter(({ key }) => !known.has(key));
  // All that stands counts as told from then on: whoever owns what came since hears it, too.
  const joined = added.length > 0 ? (chainOf(rule, added, settings.channels)[0]?.to ?? []) : [];
  const withJoined = [...new Set([...channels, ...joined])];
  if (isWorse(severity, told.severity)) return tell(incident, 'worse', all, withJoined, facts);
  const { acknowledgedAt, ...untaken } = told;
  if (!acknowledged && acknowledgedAt !== undefined)
    return tell({ ...incident, told: untaken }, 'given-back', all, withJoined, facts);
  const taken = acknowledged !== undefined && !isWorse(severity, acknowledged.severity);
  const step = chainOf(rule, concerns, settings.channels)[told.steps];
  if (step && !taken && isPast(told.firstAt + spanOf(step.after, concerns), plan, now)) {
    const next = { ...incident, told: { ...told, steps: told.steps + 1 } };
    const others = step.to.filter((name) => !told.channels.includes(name));
    // These alone hear it: what came since is left for "more", which all of them hear.
    const [one, ...rest] = concerns.filter(({ key }) => known.has(key));
    return tell(next, 'escalated', one ? [one, ...rest] : all, others, facts);
  }
  if (added.length > 0 && isPast(told.lastAt + rule.moreAfterMs, plan, now))
    return tell(incident, 'more', all, withJoined, facts);
  if (rule.repeat && !taken && isPast(told.lastAt + Math.max(leastRepeatMs, spanOf(rule.repeat, concerns)), plan, now))
    return tell(incident, 'repeat', all, withJoined, facts);
  return undefined;
}

/** All that was told is over, or its rule is gone: once, to all who heard of it. In quiet hours it waits for their end. */
function close(incident: Incident, { rules }: NotifySettings, facts: ReasonFacts): Write {
  const { now } = facts;
  const { told } = incident;
  const rule = rules.find(({ name }) => name === incident.rule);
  const quiet = rule?.quiet;
  const dueAt = quiet && told.severity !== 'critical' && isWithin(quiet, now) ? endOf(quiet, now) : now;
  return say(
    { ...incident, closedAt: now },
    told,
    listeners(told, rule ?? { to: [], escalate: [] }, [], facts),
    facts,
    (last, occasion) => followUp(last, { ...occasion, answer: undefined }, { kind: 'resolved', at: now }),
    dueAt,
  );
}

function heard(members: readonly Transition[], incident: string | undefined, facts: ReasonFacts): Transition[] {
  const { silences, settings, now } = facts;
  const muted = { silences, maintenance: settings.maintenance, now };
  return members.filter(({ concern }) => !isMuted(concern, incident, muted));
}

function isQuiet({ quiet }: Rule, concerns: readonly Concern[], plan: Plan, now: number): boolean {
  if (!quiet || worst(concerns) === 'critical' || !isWithin(quiet, now)) return false;
  plan.wakeAt = Math.min(plan.wakeAt, endOf(quiet, now));
  return true;
}

/** What a clock that was ahead has written was long ago, for all that is known. */
function since({ openedAt }: Transition, now: number): number {
  return openedAt > now ? 0 : openedAt;
}

/** Notes when it will be. */
function isPast(at: number, plan: Plan, now: number): boolean {
  if (at > now) plan.wakeAt = Math.min(plan.wakeAt, at);
  return at <= now;
}

function spanOf(span: Span, concerns: readonly Concern[]): number {
  const lives = concerns.flatMap(({ life }) => (life ? [lifeMs(life)] : []));
  return spanMs(span, lives.length === 0 ? undefined : Math.min(...lives));
}

function isWorse(severity: Concern['severity'], than: Concern['severity']): boolean {
  return bySeverity({ severity }, { severity: than }) < 0;
}
