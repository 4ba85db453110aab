import { createHash } from 'node:crypto';
import type { Concern } from '../store/concern.ts';
import { lifeMs } from '../evaluate/concerns.ts';
import { bySeverity } from '../evaluate/host-status.ts';
import type { Transition } from '../store/tell.ts';
import type { Incident, IncidentWrite, NotificationDraft, Silence, Told } from '../store/tell.ts';
import { composeMessage, followUp } from './compose.ts';
import { endOf, isWithin } from './hours.ts';
import { fitsRule, isMuted } from './match.ts';
import type { Message, MessageKind } from './message.ts';
import { chainOf } from './route.ts';
import { type NotifySettings, type Rule, type Span, spanMs } from './settings.ts';

export interface ReasonFacts {
  /** What stands, each with its concern as it is now. */
  standing: readonly Transition[];
  /** All that are open. */
  incidents: readonly Incident[];
  silences: readonly Silence[];
  settings: NotifySettings;
  /** A signed link with which this channel answers this incident; undefined: messages have none. */
  answerLink: (incident: string, channel: string) => string | undefined;
  now: number;
}

export interface Plan {
  writes: { incident: IncidentWrite; notifications: NotificationDraft[] }[];
  /** Incidents that stay open, with what stands of them. */
  open: { incident: Incident; concerns: readonly [Concern, ...Concern[]] }[];
  /** When, at the latest, to look again: milliseconds since 1970. */
  wakeAt: number;
}

interface Group {
  rule: Rule;
  group: string;
  members: Transition[];
}

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
    plan.open.push({ incident, concerns: [first.concern, ...others.map(({ concern }) => concern)] });
    const write = goOn(incident, group, facts, plan);
    if (write) plan.writes.push(write);
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
    if (!rule || !isPast(one.openedAt + spanOf(rule.for, [one.concern]), plan, now)) continue;
    const values = rule.groupBy.map((by) => valueOf(by, one.concern));
    const group = createHash('sha256').update(JSON.stringify(values)).digest('base64url');
    const key = `${rule.name} ${group}`;
    const found = groups.get(key) ?? { rule, group, members: [] };
    found.members.push(one);
    groups.set(key, found);
  }
  return groups;
}

function valueOf(by: string, { causeId, hostName, code, names, labels }: Concern): string {
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
      return labels[by] ?? '';
  }
}

/** The first message, once nobody silenced it, more of the same had time to come, and no quiet hours are. */
function begin({ rule, group, members }: Group, facts: ReasonFacts, plan: Plan): Plan['writes'][number] | undefined {
  const { settings, now } = facts;
  const concerns = heard(members, undefined, facts).map(({ concern }) => concern);
  const [first, ...others] = concerns;
  if (!first) return undefined;
  const ripe = members.map(({ openedAt, concern }) => openedAt + spanOf(rule.for, [concern]));
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

/** The next message of one that was told, if there is a reason for one. */
function goOn(
  incident: Incident,
  { rule, members }: Group,
  facts: ReasonFacts,
  plan: Plan,
): Plan['writes'][number] | undefined {
  const { now, settings } = facts;
  const { told, acknowledged } = incident;
  if (acknowledged && acknowledged.at !== told.acknowledgedAt)
    return say(incident, { ...told, acknowledgedAt: acknowledged.at }, told.channels, facts, (last, occasion) =>
      followUp(last, occasion, { kind: 'acknowledged', said: acknowledged }),
    );
  const concerns = heard(members, incident.id, facts).map(({ concern }) => concern);
  const [first, ...others] = concerns;
  if (!first || isQuiet(rule, concerns, plan, now)) return undefined;
  const severity = worst(concerns);
  const all: readonly [Concern, ...Concern[]] = [first, ...others];
  if (isWorse(severity, told.severity)) return tell(incident, 'worse', all, told.channels, facts);
  const taken = acknowledged !== undefined && !isWorse(severity, acknowledged.severity);
  const step = chainOf(rule, concerns, settings.channels)[told.steps];
  if (step && !taken && isPast(told.firstAt + spanOf(step.after, concerns), plan, now)) {
    const next = { ...incident, told: { ...told, steps: told.steps + 1 } };
    const channels = step.to.filter((name) => !told.channels.includes(name));
    return tell(next, 'escalated', all, channels, facts);
  }
  const more = concerns.some(({ key }) => !told.keys.includes(key));
  if (more && isPast(told.lastAt + rule.moreAfterMs, plan, now))
    return tell(incident, 'more', all, told.channels, facts);
  if (rule.repeat && !taken && isPast(told.lastAt + spanOf(rule.repeat, concerns), plan, now))
    return tell(incident, 'repeat', all, told.channels, facts);
  return undefined;
}

function tell(
  incident: IncidentWrite,
  kind: MessageKind,
  concerns: readonly [Concern, ...Concern[]],
  channels: readonly string[],
  facts: ReasonFacts,
): Plan['writes'][number] {
  const { told } = incident;
  const severity = worst(concerns);
  const next: Told = {
    ...told,
    severity,
    keys: [...new Set([...told.keys, ...concerns.map(({ key }) => key)])],
    channels: [...new Set([...told.channels, ...channels])],
  };
  return say(incident, next, channels, facts, (_last, occasion) =>
    composeMessage(concerns, { ...occasion, incident: incident.id, kind, settings: facts.settings }),
  );
}

/** All that was told is over, or its rule is gone: once, to all who heard of it. In quiet hours it waits for their end. */
function close(incident: Incident, { rules }: NotifySettings, facts: ReasonFacts): Plan['writes'][number] {
  const { now } = facts;
  const { told } = incident;
  const quiet = rules.find(({ name }) => name === incident.rule)?.quiet;
  const dueAt = quiet && told.severity !== 'critical' && isWithin(quiet, now) ? endOf(quiet, now) : now;
  return say(
    { ...incident, closedAt: now },
    told,
    told.channels,
    facts,
    (last, { id }) => followUp(last, { id, answer: undefined }, { kind: 'resolved', at: now }),
    dueAt,
  );
}

function say(
  incident: IncidentWrite,
  told: Told,
  channels: readonly string[],
  { answerLink, now }: ReasonFacts,
  word: (last: Message, occasion: { id: string; answer: string | undefined }) => Message,
  dueAt = now,
): Plan['writes'][number] {
  const { id, rule, group, openedAt, closedAt, revision } = incident;
  const count = told.count + 1;
  const last: Message = JSON.parse(told.message);
  const bodies = channels.map((channel) => {
    const message = word(last, { id: `${id}-${count}-${channel}`, answer: answerLink(id, channel) });
    return { id: message.id, channel, body: JSON.stringify(message) };
  });
  const message = bodies[0]?.body ?? JSON.stringify(word(last, { id: `${id}-${count}`, answer: undefined }));
  return {
    incident: { id, rule, group, openedAt, closedAt, revision, told: { ...told, count, lastAt: now, message } },
    notifications: bodies.map((one) => ({ ...one, incident: id, madeAt: now, dueAt })),
  };
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

/** Notes when it will be. */
function isPast(at: number, plan: Plan, now: number): boolean {
  if (at > now) plan.wakeAt = Math.min(plan.wakeAt, at);
  return at <= now;
}

function spanOf(span: Span, concerns: readonly Concern[]): number {
  const lives = concerns.flatMap(({ life }) => (life ? [lifeMs(life)] : []));
  return spanMs(span, lives.length === 0 ? undefined : Math.min(...lives));
}

function worst(concerns: readonly Concern[]): Concern['severity'] {
  return concerns.toSorted(bySeverity)[0]?.severity ?? 'warning';
}

function isWorse(severity: Concern['severity'], than: Concern['severity']): boolean {
  return bySeverity({ severity }, { severity: than }) < 0;
}
