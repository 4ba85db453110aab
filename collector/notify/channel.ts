import type { ChannelSettings } from './settings.ts';
import type { Message } from './message.ts';

/** One way to tell people. Each has a file of its own in channels/. */
export interface Channel {
  /**
   * What becomes of a message whose sender is killed before the receiver's answer is written down, and that is sent anew: 'once', since the receiver knows
   * it by its id; or 'at-least-once', since it does not.
   */
  delivery: 'once' | 'at-least-once';
  /** Resolves once the receiver has taken it over, or with why it did not; never rejects, never later than `deadline`. */
  send: (message: Message, deadline: AbortSignal) => Promise<Delivery>;
  /** The receiver forgets what is not told again: how often, in milliseconds. */
  refreshMs?: number;
}

/** `refused`: whom the receiver will never give it to, though others have it; in words, as `detail`. */
export type Delivery = { ok: true; refused?: string } | { ok: false; failure: DeliveryFailure };

/** `no-answer`: whether it arrived cannot be told. All others: it was not taken. */
export type DeliveryReason =
  | 'secret-unreadable'
  | 'unreachable'
  | 'no-answer'
  | 'redirected'
  | 'too-many'
  | 'refused'
  | 'failed'
  | 'gone';

export interface DeliveryFailure {
  reason: DeliveryReason;
  /** Some words of the receiver's or the system's; never a URL or a secret. */
  detail: string;
  /** When the receiver wants to be asked again, from now. */
  retryAfterMs?: number | undefined;
}

/** What a channel asks of the machine. */
export interface ChannelPorts {
  /** The first line of a file, read anew for each message, so that a secret may be changed; undefined: it cannot be read, or is empty. */
  readSecret: (path: string) => Promise<string | undefined>;
  /** A whole file; undefined: it cannot be read. */
  readText: (path: string) => Promise<string | undefined>;
  now: () => number;
}

export type ChannelOf<K extends ChannelSettings['kind']> = (
  settings: Extract<ChannelSettings, { kind: K }>,
  ports: ChannelPorts,
) => Channel;

export function undelivered(reason: DeliveryReason, detail: string, retryAfterMs?: number): Delivery {
  return { ok: false, failure: { reason, detail, retryAfterMs } };
}
