import { bySeverity } from '../evaluate/host-status.ts';
import type { Concern } from '../store/concern.ts';
import type { Incident, IncidentWrite, NotificationDraft, Told } from '../store/tell.ts';
import { composeMessage } from './compose.ts';
import type { Message, MessageKind } from './message.ts';
import { type NotifySettings, placesTold } from './settings.ts';

/** An incident as it is to be, with the messages that make it so: both are kept, or neither. */
export interface Write {
  incident: IncidentWrite;
  notifications: NotificationDraft[];
}

export interface SayingFacts {
  settings: NotifySettings;
  /** A signed link with which this channel answers this incident; undefined: messages have none. */
  answerLink: (incident: string, channel: string) => string | undefined;
  now: number;
}

/** What one message has that another of the same news has not. */
export interface Occasion {
  id: string;
  answer: string | undefined;
  /** Of so many places it tells. */
  mostPlaces: number;
}

/** Tells these channels what stands. */
export function tell(
  incident: IncidentWrite & Pick<Partial<Incident>, 'acknowledged'>,
  kind: MessageKind,
  concerns: readonly [Concern, ...Concern[]],
  channels: readonly string[],
  facts: SayingFacts,
): Write {
  const { told, acknowledged } = incident;
  const next: Told = {
    ...told,
    severity: worst(concerns),
    keys: [...new Set([...told.keys, ...concerns.map(({ key }) => key)])],
    channels: [...new Set([...told.channels, ...channels])],
  };
  return say(incident, next, channels, facts, (_last, occasion) =>
    composeMessage(concerns, { ...occasion, incident: incident.id, kind, settings: facts.settings, acknowledged }),
  );
}

/** The same news for each of these channels, in as much as it takes; what was told last is kept as whoever takes most was told. */
export function say(
  incident: IncidentWrite,
  told: Told,
  channels: readonly string[],
  { settings, answerLink, now }: SayingFacts,
  word: (last: Message, occasion: Occasion) => Message,
  dueAt = now,
): Write {
  const { id, rule, group, openedAt, closedAt, revision } = incident;
  const count = told.count + 1;
  const last: Message = JSON.parse(told.message);
  const taken = (channel: string) => placesTold(settings.channels.get(channel)?.kind);
  const notifications = channels.map((channel) => {
    const occasion = { id: `${id}-${count}-${channel}`, answer: answerLink(id, channel), mostPlaces: taken(channel) };
    const body = JSON.stringify(word(last, occasion));
    return { id: occasion.id, channel, body, incident: id, madeAt: now, dueAt };
  });
  const mostPlaces = Math.max(placesTold(undefined), ...told.channels.map(taken));
  const message = JSON.stringify(word(last, { id: `${id}-${count}`, answer: undefined, mostPlaces }));
  return {
    incident: { id, rule, group, openedAt, closedAt, revision, told: { ...told, count, lastAt: now, message } },
    notifications,
  };
}

export function worst(concerns: readonly Concern[]): Concern['severity'] {
  return concerns.toSorted(bySeverity)[0]?.severity ?? 'warning';
}
