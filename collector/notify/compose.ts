import { isOutsideCode } from '../evaluate/explanations.ts';
import { bySeverity } from '../evaluate/host-status.ts';
import type { Concern } from '../store/concern.ts';
import type { Incident } from '../store/tell.ts';
import type { Message, MessageKind } from './message.ts';
import type { NotifySettings } from './settings.ts';

/** What a message has besides its concerns. */
export interface Occasion {
  id: string;
  incident: string;
  kind: MessageKind;
  settings: Pick<NotifySettings, 'page' | 'runbooks'>;
  /** Where this incident can be answered; undefined: nowhere. */
  answer: string | undefined;
  /** Who has it. */
  acknowledged?: Incident['acknowledged'];
  /** Of so many places it tells. */
  mostPlaces: number;
}

/** The message about concerns that have one cause: pure, the most urgent one words it. */
export function composeMessage(concerns: readonly [Concern, ...Concern[]], occasion: Occasion): Message {
  const { id, incident, kind, settings, answer, acknowledged, mostPlaces } = occasion;
  const sorted = concerns.toSorted((a, b) => bySeverity(a, b) || order(ends(a), ends(b)) || order(a.since, b.since));
  const [first = concerns[0]] = sorted;
  const labels = shared(concerns);
  const partly = partlyShared(concerns, labels);
  const deadline = sorted.map(ends).toSorted()[0];
  const runbook = runbookOf(first, labels, settings);
  return {
    version: 1,
    id,
    incident,
    kind,
    labels,
    ...(partly && { partly }),
    severity: first.severity,
    code: first.code,
    cause: first.cause,
    remedy: first.remedy,
    title: titleOf(first, sorted),
    since: sorted.map(({ since }) => since).toSorted()[0] ?? first.since,
    ...(deadline !== undefined && deadline !== never && { deadline }),
    places: sorted
      .slice(0, mostPlaces)
      .map(({ hostName, subject, names }) => ({ hostName, subject, names: [...names] })),
    placesTotal: concerns.length,
    ...(runbook !== undefined && { runbook }),
    ...(settings.page !== undefined && { page: `${settings.page}/` }),
    ...(answer !== undefined && { answer }),
    ...(acknowledged && { acknowledged: told(acknowledged) }),
  };
}

/** The last message of an incident anew: that somebody took it on, or that it is over. */
export function followUp(
  last: Message,
  { id, answer, mostPlaces }: Pick<Occasion, 'id' | 'answer' | 'mostPlaces'>,
  news: { kind: 'acknowledged'; said: NonNullable<Incident['acknowledged']> } | { kind: 'resolved'; at: number },
): Message {
  const { answer: _answer, durationSeconds: _duration, again: _again, acknowledged: _said, ...same } = last;
  const rest = { ...same, places: last.places.slice(0, mostPlaces) };
  if (news.kind === 'acknowledged') {
    return {
      ...rest,
      id,
      kind: 'acknowledged',
      acknowledged: told(news.said),
      ...(answer !== undefined && { answer }),
    };
  }
  const durationSeconds = Math.max(0, Math.round((news.at - Date.parse(last.since)) / 1000));
  return { ...rest, id, kind: 'resolved', durationSeconds };
}

function told({ by, reason, at }: NonNullable<Incident['acknowledged']>): NonNullable<Message['acknowledged']> {
  return { by, reason, at: new Date(at).toISOString() };
}

/** What was told of an incident, as far as it still stands, for those that forget; undefined: nothing of it does. */
export function stillStanding(
  { id, told }: Pick<Incident, 'id' | 'told'>,
  concerns: readonly Concern[],
): Message | undefined {
  const last: Message = JSON.parse(told.message);
  const standing = new Set(concerns.map(placeKey));
  const places = last.places.filter((place) => standing.has(placeKey(place)));
  return places.length === 0 ? undefined : { ...last, id, kind: 'repeat', places, placesTotal: places.length };
}

function placeKey({ hostName, subject }: Pick<Concern, 'hostName' | 'subject'>): string {
  return JSON.stringify([hostName, subject.kind, subject.id]);
}

const mostValues = 20;
/** After every instant. */
const never = '~';

function ends({ life }: Concern): string {
  return life?.notAfter ?? never;
}

function titleOf(first: Concern, all: readonly Concern[]): string {
  const [name] = first.names;
  // Of what was seen from outside the address is what matters.
  const isWhole = first.subject.kind === 'host' || isOutsideCode(first.code);
  const of = isWhole || name === undefined ? first.subject.id : name;
  const where = of === first.hostName ? of : `${of} on ${first.hostName}`;
  const others = all.length > 1 ? ` and ${all.length - 1} more` : '';
  return `${first.code}: ${where}${others}`;
}

/** A label says where; it is a link only where it is one. */
function runbookOf(
  { code }: Concern,
  labels: Readonly<Record<string, string>>,
  { page, runbooks }: Occasion['settings'],
): string | undefined {
  const own = labels['runbook'];
  if (own !== undefined && /^https?:\/\//.test(own) && URL.canParse(own)) return own;
  if (runbooks !== undefined) return runbooks.replaceAll('{code}', encodeURIComponent(code));
  return page === undefined ? undefined : `${page}/findings#${encodeURIComponent(code)}`;
}

function shared([first, ...others]: readonly Concern[]): Record<string, string> {
  const same = ([key, value]: [string, string]) => others.every(({ labels }) => labels[key] === value);
  return Object.fromEntries(Object.entries(first?.labels ?? {}).filter(same));
}

function partlyShared(concerns: readonly Concern[], labels: Message['labels']): Message['partly'] {
  const values = new Map<string, Set<string>>();
  for (const concern of concerns)
    for (const [key, found] of Object.entries({ ...concern.labels, ...concern.partly })) {
      if (Object.hasOwn(labels, key)) continue;
      const known = values.get(key) ?? new Set();
      values.set(key, known);
      for (const value of [found].flat()) if (known.size < mostValues) known.add(value);
    }
  return values.size === 0 ? undefined : Object.fromEntries([...values].map(([key, set]) => [key, [...set]]));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
