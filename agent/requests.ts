import type { RequestFrame } from '@certherd/protocol/frame';
import type { Snapshot } from '@certherd/protocol/snapshot';
import type { Config } from './config.ts';
import type { PlannedAction } from './decide/plan.ts';
import { judgeRequest, lookAnswer, type RefusedRequest } from './decide/requested.ts';
import type { Memory } from './memory.ts';
import type { Clock } from './ports.ts';
import type { EventDraft } from './report/outbox.ts';

/** An action that a collector asked for. */
export interface AskedAction extends PlannedAction {
  asked: Pick<RequestFrame, 'id' | 'requester'>;
}

/** What the collector asks for, from its arrival to its one answer. */
export interface Requests {
  /** A request came: it is refused at once, or waits for the next look. */
  take(frame: RequestFrame): void;
  /** Does anything wait for a look, or for its turn? */
  waiting(): boolean;
  /** A look at the whole host begins: it will answer those that only ask for one. */
  looking(): void;
  /** After that look: answers what it answers, and where it may act gives the first action that is still wanted and allowed. */
  first(snapshot: Snapshot, mayAct: boolean): AskedAction | undefined;
  /** The action's end is the answer: its event is recorded with the request's id. */
  answer(asked: AskedAction['asked'], event: EventDraft): void;
  stop(): void;
}

/** More than a person asks for; what is beyond is counted, and told once a minute. */
const keptPerMinute = 20;
const minuteMs = 60_000;
/** How many ids are remembered, so that one that is sent again is not done again. */
const idsRemembered = 256;

interface Waiting {
  frame: RequestFrame;
  /** On the monotonic clock. */
  until: number;
  looked: boolean;
}

/**
 * Keeps the requests of a collector that may be slow, repeat itself, or mean harm: few at a time, each id once through
 * restarts, each with one answer in the history. `memory.requests` is theirs.
 */
export function keepRequests(
  needs: { clock: Clock; config: Config; host: string; memory: Memory },
  remember: () => void,
  record: (draft: EventDraft) => void,
  wake: () => void,
): Requests {
  const { clock, config, host, memory } = needs;
  let queue: Waiting[] = [];
  let last: Snapshot | undefined;
  let keptAt: number[] = [];
  let turnedAway = 0;
  let cancelTelling = () => {};
  const tell = (ok: boolean, summary: string, detail: EventDraft['detail'], subject?: EventDraft['subject']) =>
    record({
      at: new Date(clock.now()).toISOString(),
      kind: 'request',
      subject: subject ?? { kind: 'host', id: host },
      ok,
      summary: summary.slice(0, 4000),
      detail,
      steps: [],
    });
  const note = (id: string, open: boolean) => {
    const others = (memory.requests ?? []).filter((one) => one.id !== id);
    memory.requests = [...others, { id, ...(open && { open }) }].slice(-idsRemembered);
    remember();
  };
  const refuse = ({ id, verb, requester }: RequestFrame, { refused, detail }: RefusedRequest) => {
    tell(false, `${verb} refused (${refused}): ${detail}`, { request: id, requester, verb, refused });
    note(id, false);
  };
  const judge = (frame: RequestFrame, snapshot: Snapshot) =>
    judgeRequest(frame, snapshot, memory.attempts, config, clock.now());
  const isKept = () => {
    const now = clock.monotonic();
    keptAt = keptAt.filter((earlier) => now - earlier < minuteMs);
    if (keptAt.length >= keptPerMinute || queue.length >= keptPerMinute) return false;
    keptAt.push(now);
    return true;
  };
  const turnAway = () => {
    if (turnedAway++ > 0) return;
    cancelTelling = clock.after(minuteMs, () => {
      const count = String(turnedAway);
      turnedAway = 0;
      tell(false, `${count} request(s) of the collector were not kept: more than ${keptPerMinute} in a minute`, {
        count,
      });
    });
  };

  for (const { id, open } of memory.requests ?? []) {
    if (!open) continue;
    tell(false, 'the agent ended before the action did', { request: id, refused: 'interrupted' });
    note(id, false);
  }

  return {
    take: (frame) => {
      const isKnown = [...(memory.requests ?? []), ...queue.map((one) => one.frame)].some(({ id }) => id === frame.id);
      if (isKnown) return;
      if (!isKept()) return turnAway();
      const verdict = last && judge(frame, last);
      if (verdict && 'refused' in verdict) return refuse(frame, verdict);
      queue.push({ frame, until: clock.monotonic() + frame.withinSeconds * 1000, looked: false });
      wake();
    },
    waiting: () => queue.length > 0,
    looking: () => {
      for (const one of queue) one.looked = true;
    },
    first: (snapshot, mayAct) => {
      last = snapshot;
      const rest: Waiting[] = [];
      let found: AskedAction | undefined;
      for (const one of queue) {
        const { frame, until, looked } = one;
        if (clock.monotonic() > until) {
          const detail = `not begun within ${frame.withinSeconds} s`;
          refuse(frame, { refused: 'too-late', detail });
          continue;
        }
        const verdict = judge(frame, snapshot);
        if ('refused' in verdict) refuse(frame, verdict);
        else if ('look' in verdict ? !looked : found || !mayAct) rest.push(one);
        else if ('look' in verdict) {
          const { id, verb, requester, subject } = frame;
          const { ok, summary } = lookAnswer(frame, snapshot);
          tell(ok, summary, { request: id, requester, verb }, subject);
          note(id, false);
        } else found = { ...verdict.action, asked: frame };
      }
      queue = rest;
      if (found) note(found.asked.id, true);
      return found;
    },
    answer: ({ id, requester }, end) => {
      record({ ...end, detail: { ...end.detail, request: id, requester } });
      note(id, false);
    },
    stop: () => cancelTelling(),
  };
}
