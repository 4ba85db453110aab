import { randomUUID } from 'node:crypto';
import type { Result } from '@certherd/protocol/failure';
import type { RequestedVerb } from '@certherd/protocol/frame';
import { requestSubject } from './evaluate/request-subject.ts';
import { messageOf } from './failure.ts';
import { type Clock, every, type Log } from './ports.ts';
import type { NotKept } from './receive/records.ts';
import type { Session, Sessions } from './receive/sessions.ts';
import type { Actor, AuditEntry } from './store/accounts.ts';
import type { HostFacts, HostReads } from './store/facts.ts';
import type { Kept } from './store/kept.ts';
import type { RequestDraft, RequestRow } from './store/requests.ts';

/** What somebody asks of a host. */
export interface Wish {
  /** The host's name, or its agent's id. */
  host: string;
  verb: RequestedVerb;
  /** The id of something that the host reported; absent where there is only one. */
  subject?: string | undefined;
  requester: string;
  reason: string;
  key?: string | undefined;
  withinSeconds: number;
  /** By which way the requester asked, for the history. */
  via: Actor['via'];
}

/** Requests from the asking to the answer; the answer itself comes as an event (store/requests.ts). */
export interface Requests {
  /** Kept, and sent where the host is connected; else once it is. The failure says what to ask instead. */
  ask: (wish: Wish) => Promise<Result<RequestRow, string>>;
  find: (id: string) => Promise<RequestRow | undefined>;
  /** Another process may have asked for something. */
  wake: () => void;
  close: () => void;
}

interface RequestNeeds {
  hosts: () => Promise<Omit<HostFacts, 'snapshot'>[]>;
  readHosts: HostReads['readHosts'];
  addRequest: (draft: RequestDraft, entry?: AuditEntry) => Promise<Kept<RequestRow>>;
  noteSent: (id: string, at: number) => Promise<Kept<void>>;
  findRequest: (id: string) => Promise<RequestRow | undefined>;
  waitingRequests: (now: number) => Promise<RequestRow[]>;
  sessions: Pick<Sessions, 'current'>;
  clock: Clock;
  log: Log;
}

const retryMs = 1_000;

const remedies: Record<NotKept['reason'], string> = {
  'disk-full': 'free some space',
  'write-failed': "look at the collector's log, and at its database: certherd-collector doctor",
  unreachable: 'ask again when the database can be reached: certherd-collector doctor looks at it',
};

/**
 * Sends each request to each session of its host that may not have heard it yet, until it is answered or its time is over: an agent does an id once, however
 * often it hears it.
 */
export function keepRequests(needs: RequestNeeds): Requests {
  const { hosts, readHosts, addRequest, noteSent, findRequest, waitingRequests, sessions, clock, log } = needs;
  const heard = new Map<string, Session>();
  // None is made but by `ask`, here or elsewhere, so that a collector at rest does not read the database for them.
  let some = true;
  let sweeping = false;
  const stop = every(clock, retryMs, () => void sweep());

  return {
    async ask(wish) {
      const found = await hostOf(wish.host);
      if (!found.ok) return found;
      const { agentId } = found.value;
      const [read] = await readHosts([agentId]);
      const snapshot = read?.host.snapshot;
      if (!snapshot)
        return { ok: false, failure: `${wish.host}: this host has told nothing yet: ask again when it has` };
      const subject = requestSubject(wish.verb, wish.subject, snapshot);
      if (!subject.ok) return { ok: false, failure: `${wish.host}: ${subject.failure}` };
      const { verb, requester, reason, key, withinSeconds, via } = wish;
      const askedAt = clock.now();
      const draft = { id: randomUUID(), key, agentId, verb, subject: subject.value, requester, reason, askedAt };
      const detail = { id: draft.id, verb, subject: subject.value.id, reason };
      const entry = {
        at: askedAt,
        actor: requester,
        via,
        action: 'request-asked',
        subject: found.value.name,
        detail,
      } as const;
      const kept = await addRequest({ ...draft, until: askedAt + withinSeconds * 1000 }, entry);
      if (!kept.ok)
        return { ok: false, failure: `nothing can be kept (${kept.failure.reason}): ${remedies[kept.failure.reason]}` };
      some = true;
      if (kept.value.id === draft.id) await send(kept.value);
      return { ok: true, value: (await findRequest(kept.value.id)) ?? kept.value };
    },
    find: findRequest,
    wake() {
      some = true;
    },
    close: stop,
  };

  async function hostOf(word: string): Promise<Result<Omit<HostFacts, 'snapshot'>, string>> {
    const named = (await hosts()).filter(({ name, agentId }) => name === word || agentId === word);
    const trusted = named.filter(({ revokedAt }) => revokedAt === undefined);
    const [host] = trusted;
    if (!host && named.length > 0)
      return { ok: false, failure: `${word}: this host was revoked: enrol it anew before anything is asked of it` };
    if (!host) return { ok: false, failure: `${word}: no such host: certherd-collector host list shows all` };
    if (trusted.length > 1)
      return { ok: false, failure: `${word}: several hosts have this name: say which by its agent id (host list)` };
    return { ok: true, value: host };
  }

  async function sweep(): Promise<void> {
    if (!some || sweeping) return;
    sweeping = true;
    some = false;
    try {
      const waiting = await waitingRequests(clock.now());
      some ||= waiting.length > 0;
      for (const id of heard.keys()) if (!waiting.some((one) => one.id === id)) heard.delete(id);
      for (const request of waiting) void send(request);
    } catch (error) {
      some = true;
      log.error({ detail: messageOf(error) }, 'requests cannot be read: trying again');
    } finally {
      sweeping = false;
    }
  }

  async function send(request: RequestRow): Promise<void> {
    const { id, agentId, verb, subject, requester, reason } = request;
    const session = sessions.current(agentId);
    if (!session || heard.get(id) === session) return;
    const withinSeconds = Math.max(1, (request.until - clock.now()) / 1000);
    if (!session.ask({ type: 'request', id, verb, subject, requester, reason, withinSeconds })) return;
    heard.set(id, session);
    log.info({ id, agentId, verb, subject: subject.id, requester }, 'a request was sent');
    try {
      await noteSent(id, clock.now());
    } catch (error) {
      log.error({ id, detail: messageOf(error) }, 'that a request was sent could not be written down');
    }
  }
}
