import { printable, shortened } from '../evaluate/printable.ts';
import type { Message, Place } from './message.ts';

const mostShown = 10;

/** What all channels say alike, in plain text: everything that hides or reorders is made visible, and nothing is longer than people read. */
export interface Words {
  /** One line: what happened, to what. */
  headline: string;
  cause: string;
  /** Label and value, in order. */
  facts: readonly (readonly [label: string, value: string])[];
  remedy: string;
  /** One line each, the last one "and 30 more". */
  places: readonly string[];
  /** The command that does what the link does, and what the receiver has to know besides. */
  notes: readonly string[];
}

const kinds: Record<Message['kind'], string> = {
  opened: '',
  worse: 'Worse: ',
  more: 'More: ',
  repeat: 'Still: ',
  escalated: 'Nobody took it on: ',
  acknowledged: 'Taken on: ',
  'given-back': 'Given back, nobody has it: ',
  resolved: 'Resolved: ',
  test: 'Test: ',
};

export function wordsOf(message: Message): Words {
  const { kind, severity, title, cause, since, deadline, remedy, incident, acknowledged } = message;
  const isOver = kind === 'resolved';
  const facts: [string, string][] = [
    ['Severity', severity],
    ['Since', instant(since)],
    ...(isOver && message.durationSeconds !== undefined
      ? [['Lasted', lasting(message.durationSeconds)] satisfies [string, string]]
      : []),
    ...(deadline !== undefined && !isOver ? [['Certificate ends', instant(deadline)] satisfies [string, string]] : []),
    ...['owner', 'team', 'environment'].flatMap((key): [string, string][] => {
      const value = message.labels[key] ?? message.partly?.[key]?.join(', ');
      return value === undefined ? [] : [[`${key[0]?.toUpperCase()}${key.slice(1)}`, plain(value, 100)]];
    }),
    ...(acknowledged
      ? [['Taken on by', plain(`${acknowledged.by}: ${acknowledged.reason}`, 300)] satisfies [string, string]]
      : []),
  ];
  return {
    headline: `${kinds[kind]}${plain(title, 200)}`,
    cause: plain(cause, 1000),
    facts,
    remedy: plain(remedy, 1500),
    places: placesOf(message),
    notes: [
      ...(isOver || kind === 'test' ? [] : [`To take it on: certherd-collector ack ${incident} --reason WHY`]),
      ...(message.again ? ['Sent again, since an earlier try was cut off: it may have arrived already.'] : []),
    ],
  };
}

function placesOf({ places, placesTotal }: Message): string[] {
  const shown = places.slice(0, mostShown).map(placeOf);
  return placesTotal > shown.length ? [...shown, `and ${placesTotal - shown.length} more`] : shown;
}

function placeOf({ hostName, subject, names }: Place): string {
  if (subject.kind === 'host') return plain(hostName, 200);
  const also = names.filter((name) => !subject.id.includes(name)).slice(0, 3);
  return plain(`${hostName}: ${subject.kind} ${subject.id}${also.length > 0 ? ` (${also.join(', ')})` : ''}`, 300);
}

function plain(text: string, limit: number): string {
  return shortened(printable(text), limit);
}

/** "2026-11-27 21:14 UTC". */
function instant(text: string): string {
  return `${text.slice(0, 16).replace('T', ' ')} UTC`;
}

/** "2 h 5 min", of the two largest units. */
function lasting(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const;
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0) return '0 s';
  let left = seconds;
  return units
    .slice(first, first + 2)
    .flatMap(([unit, size]) => {
      const count = Math.floor(left / size);
      left -= count * size;
      return count === 0 ? [] : [`${count} ${unit}`];
    })
    .join(' ');
}
