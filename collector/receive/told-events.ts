import type { Event } from '@certherd/protocol/event';
import type { EventsFrame } from '@certherd/protocol/frame';

/** An event as it is kept: its JSON text, and of what it says all that keeping it looks at. One text waits for the disk in place of many objects. */
export interface ToldEvent {
  seq: number;
  /** Milliseconds since 1970; NaN: there is no such instant. */
  at: number;
  kind: string;
  /** "KIND ID": a kind holds no space. */
  subject: string;
  body: string;
  answer: Answer | undefined;
}

/** What an event says of the request that it answers. */
export interface Answer {
  request: string;
  ok: boolean;
  /** Why the host refused it. */
  refused: string | undefined;
  summary: string;
}

export interface ToldEvents {
  type: 'events';
  epoch: string;
  events: ToldEvent[];
}

/** `body`: the JSON text that the event was read from. */
export function toldEvent(event: Event, body = JSON.stringify(event)): ToldEvent {
  const { seq, at, kind, subject, ok, summary, detail } = event;
  const { request, refused } = detail;
  const answer = request === undefined ? undefined : { request, ok, refused, summary };
  return { seq, at: Date.parse(at), kind, subject: subjectKey(subject), body, answer };
}

export function toldEvents({ type, epoch, events }: EventsFrame): ToldEvents {
  return { type, epoch, events: events.map((event) => toldEvent(event)) };
}

/** Of `ToldEvent.subject`. */
export function subjectKey({ kind, id }: Event['subject']): string {
  return `${kind} ${id}`;
}

const plain = String.raw`[^"\\\x00-\x1f]`;
const text = String.raw`"${plain}*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})${plain}*)*"`;
const shortText = `"${plain}{0,64}"`;
const number = String.raw`-?(?:0|[1-9]\d{0,14})(?:\.\d{1,20})?`;
const pair = `${shortText}:${text}`;
const step = String.raw`\{"step":${shortText},"ok":(?:true|false),"durationMs":${number}(?:,"detail":${text})?\}`;
const subject = String.raw`\{"kind":"(host|server|file|lineage|deployment|endpoint)","id":"(${text.slice(1, -1)})"\}`;
/** An event of the schema in the order of the schema, without spaces. */
const eventText = new RegExp(
  String.raw`\{"seq":([1-9]\d{0,14}),"at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)","kind":"([a-z][a-z-]{0,63})",` +
    String.raw`"subject":${subject},"ok":(?:true|false),"summary":${text},` +
    String.raw`"detail":\{((?:${pair}(?:,${pair})*)?)\},"steps":\[(?:${step}(?:,${step}){0,49})?\]\}`,
  'y',
);
const frameStart = /^\{"type":"events","epoch":"([A-Za-z0-9_-]{8,64})","events":\[/;
const mostEvents = 1000;
/** An event of no more characters has no text that is longer than the schema allows. */
const mostCharacters = 4000;

/**
 * Reads a frame of events that is written as agents write it, at a quarter of what JSON.parse and the schema take (decision 125). undefined says nothing of the
 * frame: it may be right, and be written in another way.
 */
export function readToldEvents(frame: string): ToldEvents | undefined {
  const start = frameStart.exec(frame);
  if (!start) return undefined;
  const [opening, epoch = ''] = start;
  const events: ToldEvent[] = [];
  for (let from = opening.length; events.length < mostEvents; ) {
    eventText.lastIndex = from;
    const found = eventText.exec(frame);
    const end = eventText.lastIndex;
    if (!found || end - from > mostCharacters) return undefined;
    events.push(readEvent(found, frame.slice(from, end)));
    if (frame[end] !== ',') return frame.slice(end) === ']}' ? { type: 'events', epoch, events } : undefined;
    from = end + 1;
  }
  return undefined;
}

function readEvent(found: RegExpExecArray, body: string): ToldEvent {
  const [, seq, at = '', kind = '', subjectKind = '', id = '', detail = ''] = found;
  if (detail.includes('"request":')) return toldEvent(JSON.parse(body), body);
  const subject = `${subjectKind} ${id.includes('\\') ? JSON.parse(`"${id}"`) : id}`;
  return { seq: Number(seq), at: Date.parse(at), kind, subject, body, answer: undefined };
}
