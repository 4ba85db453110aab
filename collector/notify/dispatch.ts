import { randomInt } from 'node:crypto';
import { messageOf } from '../failure.ts';
import type { Clock, Log } from '../ports.ts';
import type { Notification, Telling } from '../store/tell.ts';
import { type Channel, type Delivery, type DeliveryFailure, undelivered } from './channel.ts';
import type { Message } from './message.ts';
import type { Plan } from './notify-reason.ts';
import { createRefresh } from './refresh.ts';

/** Sends what is written down, one message of a channel at a time. */
export interface Dispatch {
  /** There may be something to send. */
  wake: () => void;
  /** Resolves once no message is on its way. */
  close: () => Promise<void>;
}

export interface DispatchNeeds {
  telling: Pick<Telling, 'claim' | 'markSent' | 'markFailed'>;
  channels: ReadonlyMap<string, Channel>;
  /** What stands now. */
  open: () => Plan['open'];
  clock: Clock;
  log: Log;
}

/** No channel has longer to take a message. */
const sendMs = 10_000;
/** Whoever was killed while it sent is taken for gone after this: longer than any send. */
const leaseMs = sendMs + 5_000;
const firstBackoffMs = 5_000;
const mostBackoffMs = 900_000;
/** What nobody takes for so long is given up, which the log and doctor say. */
export const giveUpMs = 3 * 86_400_000;

/**
 * A message is claimed with a lease, sent, and marked; killed in between, it is sent again once the lease is over. Channels do not wait for one another: one that
 * hangs holds up its own messages alone, which stay where they are. One that has too much is sent none of them before it may be asked again. What still
 * stands is told again in the same row, and only while nothing else waits.
 */
export function createDispatch({ telling, channels, open, clock, log }: DispatchNeeds): Dispatch {
  const refresh = createRefresh(open, clock);
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const cancels = new Map<string, () => void>();
  /** On the monotonic clock: until then a receiver wants nothing, whichever message it is. */
  const restUntil = new Map<string, number>();
  let closed = false;

  return {
    wake() {
      for (const name of channels.keys()) start(name);
    },
    async close() {
      closed = true;
      for (const cancel of cancels.values()) cancel();
      await Promise.all(running.values());
    },
  };

  function start(name: string): void {
    if (closed) return;
    if (running.has(name)) {
      again.add(name);
      return;
    }
    const run = drain(name)
      .catch((error: unknown) => {
        log.error({ channel: name, detail: messageOf(error) }, 'messages cannot be read: trying again');
      })
      .finally(() => {
        running.delete(name);
        if (again.delete(name)) start(name);
      });
    running.set(name, run);
  }

  async function drain(name: string): Promise<void> {
    const channel = channels.get(name);
    while (channel && !closed && clock.monotonic() >= (restUntil.get(name) ?? 0)) {
      const claimed = await telling.claim(name, clock.now(), leaseMs);
      if (claimed.ok && claimed.value) {
        await settle(name, claimed.value, await sendOne(channel, claimed.value));
        continue;
      }
      const message = refresh.next(name, channel);
      if (!message) return;
      const delivery = await sendWithin(channel, message);
      if (delivery.ok) continue;
      refresh.leave(name);
      leaveAlone(name, delivery.failure, waitAfter(delivery.failure, 0));
      log.warn({ channel: name, ...delivery.failure }, 'what still stands could not be told again');
    }
  }

  async function settle(name: string, { id, tries, madeAt }: Notification, delivery: Delivery): Promise<void> {
    const now = clock.now();
    if (delivery.ok) {
      const kept = await telling.markSent(id, now);
      if (!kept.ok) log.error({ channel: name, id, ...kept.failure }, 'that a message was sent cannot be written down');
      const { refused } = delivery;
      if (refused === undefined) log.info({ channel: name, id }, 'a message was sent');
      else log.warn({ channel: name, id, refused }, 'a message was sent, and some will never have it');
      return;
    }
    const { reason, detail } = delivery.failure;
    const waitMs = waitAfter(delivery.failure, tries);
    leaveAlone(name, delivery.failure, waitMs);
    const dueAt = now - madeAt > giveUpMs ? undefined : now + waitMs;
    await telling.markFailed(id, `${reason}: ${detail}`, dueAt, now);
    const fields = { channel: name, id, reason, detail, tries: tries + 1 };
    if (dueAt === undefined) log.error(fields, 'a message was given up: nobody took it for three days');
    else log.warn(fields, 'a message was not taken: trying again');
    if (dueAt === undefined || closed) return;
    cancels.get(name)?.();
    cancels.set(
      name,
      clock.after(dueAt - now, () => start(name)),
    );
  }

  function leaveAlone(name: string, { reason, retryAfterMs }: DeliveryFailure, ms: number): void {
    if (reason === 'too-many' || retryAfterMs !== undefined) restUntil.set(name, clock.monotonic() + ms);
  }
}

/** The longest that a message may take, whatever the channel does. */
export async function sendWithin(channel: Channel, message: Message, ms = sendMs): Promise<Delivery> {
  const deadline = AbortSignal.timeout(ms);
  try {
    return await channel.send(message, deadline);
  } catch (error) {
    return undelivered('failed', messageOf(error).slice(0, 300));
  }
}

async function sendOne(channel: Channel, { body, tries, failure }: Notification): Promise<Delivery> {
  const message: Message = JSON.parse(body);
  const unclear = tries > 0 && (failure === undefined || failure.startsWith('no-answer'));
  return sendWithin(channel, unclear && channel.delivery === 'at-least-once' ? { ...message, again: true } : message);
}

/** Twice as long each time, with half of it left to chance; never earlier than the receiver asks. */
function waitAfter({ retryAfterMs = 0 }: DeliveryFailure, tries: number): number {
  const most = Math.min(mostBackoffMs, firstBackoffMs * 2 ** Math.min(tries, 12));
  return Math.max(retryAfterMs, Math.round(most * (0.5 + randomInt(500) / 1000)));
}
