import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Concern } from '../store/concern.ts';
import { type ConcernedFleet, concernsOf, hostlessConcerns } from '../evaluate/concerns.ts';
import type { Transition } from '../store/tell.ts';
import { asOpened, transitionsBetween } from '../evaluate/transition.ts';
import { messageOf } from '../failure.ts';
import type { Clock, Log } from '../ports.ts';
import type { Telling } from '../store/tell.ts';
import { answerMs, signAnswer } from './answer-link.ts';
import type { Channel } from './channel.ts';
import { createDispatch } from './dispatch.ts';
import { notifyReason, type Plan } from './notify-reason.ts';
import type { NotifySettings } from './settings.ts';

/** Looks at the estate on change and on a timer, writes transitions and plans down, and sends. */
export interface Teller {
  /** Something changed. */
  changed: () => void;
  /** When it last looked at the whole, on the monotonic clock; undefined: not yet. */
  lookedAt: () => number | undefined;
  close: () => Promise<void>;
}

export interface TellerNeeds {
  estate: () => Promise<ConcernedFleet>;
  isSilent: (agentId: string) => boolean;
  /** It may still come back after this process was away: that it is silent is no news. */
  isAwaited: (agentId: string) => boolean;
  telling: Telling;
  channels: ReadonlyMap<string, Channel>;
  settings: NotifySettings;
  /** Signs links. */
  linkKey: string;
  clock: Clock;
  log: Log;
}

/** Certificates count down, hosts fall silent and spans pass without anything being told. */
const tickMs = 15_000;
/** What changes together is looked at together. */
const coalesceMs = 500;
/** Between two turns of everybody else. */
const hostsAtATime = 50;
/** Of all time, the part that looking may take. */
const restFactor = 10;

/** For the one collector that leads. */
export function keepTelling(needs: TellerNeeds): Teller {
  const { estate, isSilent, isAwaited, telling, channels, settings, linkKey, clock, log } = needs;
  let open: Plan['open'] = [];
  const dispatch = createDispatch({ telling, channels, open: () => open, clock, log });
  let lookedAt: number | undefined;
  let timer: { at: number; cancel: () => void } | undefined;
  let looking: Promise<void> | undefined;
  let dirty = false;
  let closed = false;
  let restUntil = 0;
  lookIn(0);

  return {
    changed() {
      dirty = true;
      lookIn(coalesceMs);
    },
    lookedAt: () => lookedAt,
    async close() {
      closed = true;
      timer?.cancel();
      await looking;
      await dispatch.close();
    },
  };

  /** The earliest of all that want a look counts. */
  function lookIn(ms: number): void {
    if (closed) return;
    const at = Math.max(clock.monotonic() + ms, restUntil);
    if (looking || (timer && timer.at <= at)) return;
    timer?.cancel();
    timer = { at, cancel: clock.after(Math.max(0, at - clock.monotonic()), begin) };
  }

  function begin(): void {
    timer = undefined;
    dirty = false;
    const began = clock.monotonic();
    let wakeInMs = tickMs;
    looking = look()
      .then((wakeAt) => {
        lookedAt = clock.monotonic();
        wakeInMs = Math.min(tickMs, Math.max(0, wakeAt - clock.now()));
      })
      .catch((error: unknown) => {
        log.error({ detail: messageOf(error) }, 'what is to be told cannot be found: trying again');
      })
      .finally(() => {
        looking = undefined;
        restUntil = clock.monotonic() + restFactor * (clock.monotonic() - began);
        lookIn(dirty ? coalesceMs : wakeInMs);
      });
  }

  async function look(): Promise<number> {
    const now = clock.now();
    const concerns = await allConcerns(now);
    const drafts = transitionsBetween(await telling.standing(), concerns, now).filter(
      ({ kind, concern: { code, agentId } }) => !(kind === 'opened' && code === 'host-silent' && isAwaited(agentId)),
    );
    if (drafts.length > 0) {
      const kept = await telling.addTransitions(drafts);
      if (!kept.ok) throw new Error(kept.failure.detail);
    }
    const current = new Map(concerns.map((one) => [one.key, one]));
    const standing = (await telling.standing()).map((one): Transition => {
      const concern = current.get(one.key);
      return concern ? { ...one, concern: asOpened(concern, one) } : one;
    });
    const [incidents, silences] = [await telling.incidents(), await telling.silences(now)];
    const plan = notifyReason({ standing, incidents, silences, settings, answerLink, now });
    // First: what is over is not told again once its end may be sent.
    open = plan.open;
    if (plan.writes.length > 0) {
      const kept = await telling.savePlan(plan.writes);
      if (!kept.ok) throw new Error(kept.failure.detail);
    }
    dispatch.wake();
    return plan.wakeAt;
  }

  async function allConcerns(now: number): Promise<Concern[]> {
    const { hosts, hostless, campaigns } = await estate();
    const concerns = [...hostlessConcerns(hostless), ...campaigns];
    let looked = 0;
    for (const { part } of hosts) {
      concerns.push(...concernsOf(part, isSilent(part.host.agentId), now));
      if (++looked % hostsAtATime === 0) await othersTurn();
    }
    return concerns;
  }

  function answerLink(incident: string, channel: string): string | undefined {
    if (settings.page === undefined) return undefined;
    // To the hour, so that the same message made twice has the same link.
    const until = Math.ceil((clock.now() + answerMs) / 3_600_000) * 3_600_000;
    return `${settings.page}/answer/${signAnswer(linkKey, { incident, channel, until })}`;
  }
}
