import {
  type AgentFrame,
  CertificatesFrame,
  Enrol,
  EventsFrame,
  Heartbeat,
  Hello,
  RotateKey,
  SnapshotFrame,
  SnapshotPart,
} from '@certherd/protocol/frame';
import { LookedFrame } from '@certherd/protocol/look';
import type { Result } from '@certherd/protocol/failure';
import { Compile } from 'typebox/compile';
import { readToldEvents, type ToldEvents, toldEvents } from './told-events.ts';

/** A frame as it is taken: events as they are kept. */
export type TakenFrame = Exclude<AgentFrame, EventsFrame> | ToldEvents;

/** Reads one frame from its text, or from what was parsed of it. The failure says where it is wrong, and never repeats a value. */
export type FrameReader = (frame: string | object) => Result<TakenFrame, string>;

/** Compiles the schemas once; each frame is then checked against the one that its type names. */
export function createFrameReader(): FrameReader {
  const readers = new Map<unknown, (value: unknown) => Result<AgentFrame, string>>([
    ['enrol', reader(Compile(Enrol))],
    ['hello', reader(Compile(Hello))],
    ['snapshot', reader(Compile(SnapshotFrame))],
    ['snapshot-part', reader(Compile(SnapshotPart))],
    ['certificates', reader(Compile(CertificatesFrame))],
    ['looked', reader(Compile(LookedFrame))],
    ['events', reader(Compile(EventsFrame))],
    ['heartbeat', reader(Compile(Heartbeat))],
    ['rotate-key', reader(Compile(RotateKey))],
  ]);

  return (frame) => {
    const told = typeof frame === 'string' ? readToldEvents(frame) : undefined;
    if (told) return { ok: true, value: told };
    let value: unknown = frame;
    try {
      if (typeof frame === 'string') value = JSON.parse(frame);
    } catch {
      return { ok: false, failure: 'not JSON' };
    }
    const read = typeof value === 'object' && value && 'type' in value ? readers.get(value.type) : undefined;
    if (!read) return { ok: false, failure: 'no such frame type' };
    const taken = read(value);
    if (!taken.ok) return taken;
    return { ok: true, value: taken.value.type === 'events' ? toldEvents(taken.value) : taken.value };
  };
}

interface Validator<T> {
  Check(value: unknown): value is T;
  Errors(value: unknown): { instancePath: string; keyword: string }[];
}

function reader<T extends AgentFrame>(validator: Validator<T>): (value: unknown) => Result<AgentFrame, string> {
  return (value) => {
    if (validator.Check(value)) return { ok: true, value };
    const [first] = validator.Errors(value);
    return { ok: false, failure: `${first?.instancePath.slice(0, 200) ?? ''}: ${first?.keyword ?? 'wrong'}` };
  };
}
