import { randomBytes } from 'node:crypto';
import { type Clock, every } from '../ports.ts';
import { networkOf } from './access/network-of.ts';
import type { EstateChange } from './estate-change.ts';

/** What is asked of a page's open response: node:http's ServerResponse has it. */
export interface Follower {
  write(text: Uint8Array): boolean;
  readonly writableLength: number;
  /** It is closed, and tells of that no more. */
  readonly destroyed: boolean;
  on(event: 'close', listener: () => void): unknown;
  end(): unknown;
  destroy(): unknown;
}

/**
 * Server-sent events (WHATWG HTML 9.2): `change` with what changed (an EstateChange), whose id names the revision after it; `reset` where a follower has
 * to read the estate again: it missed too much, or (`unreadable`) the database cannot be read, which the answer then says; `tick` every two seconds.
 */
export interface Live {
  publish: (change: EstateChange | 'unreadable', revision: number) => void;
  /** Why nobody else may follow: there are too many of them all, of this user or of this address; undefined: there is room. */
  refusal: (from: From) => 'all' | 'user' | 'address' | undefined;
  /** Follows from here; false where there is no room, or when it has left already. `lastId`: up to where the follower knows the estate. */
  follow: (response: Follower, lastId: string | undefined, from: From) => boolean;
  /** Names a revision of this process: what has another name before the hyphen is of another one, and tells nothing. */
  idOf: (revision: number) => string;
  followers: () => number;
  close: () => void;
}

/** Where a follower comes from. */
export interface From {
  /** An IP address; of IPv6 its /64 has one share. */
  address: string;
  /** Who it is: a user, or an API token that is nobody's; undefined: nobody has signed in. */
  user: string | undefined;
}

const tickMs = 2_000;
/** No one address and no one user keeps the others out. */
export const mostFollowers = { all: 1_000, address: 250, user: 100 };
/** Larger changes cost less as a whole estate. */
const mostChangeBytes = 1024 * 1024;
/** A page that leaves this much unread is dropped; it opens a new stream when it can read again. What is unread is there once for all. */
const slowBytes = 2 * mostChangeBytes;
/** For who comes back. */
const ringBytes = 8 * 1024 * 1024;

export function createLive(clock: Clock): Live {
  const run = randomBytes(6).toString('hex');
  const followers = new Map<Follower, From>();
  const ring: { revision: number; text: Uint8Array }[] = [];
  let kept = 0;
  let latest = 1;
  const stopTicking = every(clock, tickMs, () => send(message('tick', undefined, { at: at() })));

  return {
    publish(change, revision) {
      latest = Math.max(latest, revision);
      const text = change === 'unreadable' ? undefined : message('change', revision, change);
      if (text && text.length <= mostChangeBytes) {
        keep(revision, text);
        return send(text);
      }
      if (text) forget(ring.length);
      return send(reset(change === 'unreadable' ? { unreadable: true } : {}));
    },
    refusal,
    follow(response, lastId, from) {
      if (response.destroyed || refusal(from) !== undefined) return false;
      followers.set(response, from);
      response.on('close', () => followers.delete(response));
      response.write(Buffer.from('retry: 1000\n\n'));
      response.write(message('tick', undefined, { at: at() }));
      for (const text of missed(lastId) ?? [reset({})]) response.write(text);
      return true;
    },
    idOf,
    followers: () => followers.size,
    close() {
      stopTicking();
      for (const response of followers.keys()) response.end();
    },
  };

  function refusal({ address, user }: From): ReturnType<Live['refusal']> {
    if (followers.size >= mostFollowers.all) return 'all';
    const [network, others] = [networkOf(address), [...followers.values()]];
    const ofUser = user === undefined ? [] : others.filter((one) => one.user === user);
    if (ofUser.length >= mostFollowers.user) return 'user';
    return others.filter((one) => networkOf(one.address) === network).length >= mostFollowers.address
      ? 'address'
      : undefined;
  }

  /** Each one written once, whoever gets it. */
  function send(text: Uint8Array): void {
    for (const response of followers.keys()) {
      if (response.writableLength > slowBytes) response.destroy();
      else response.write(text);
    }
  }

  function keep(revision: number, text: Uint8Array): void {
    ring.push({ revision, text });
    kept += text.length;
    while (kept > ringBytes) forget(1);
  }

  function forget(count: number): void {
    for (const { text } of ring.splice(0, count)) kept -= text.length;
  }

  /** undefined: that is not known any more. */
  function missed(lastId: string | undefined): Uint8Array[] | undefined {
    const [, name, number] = /^([0-9a-f]{12})-(\d{1,15})$/.exec(lastId ?? '') ?? [];
    const known = Number(number);
    if (name !== run || known > latest) return undefined;
    const behind = ring.filter(({ revision }) => revision > known);
    return behind.length === latest - known ? behind.map(({ text }) => text) : undefined;
  }

  function reset(why: { unreadable?: true }): Uint8Array {
    return message('reset', latest, { at: at(), ...why });
  }

  function message(event: string, revision: number | undefined, body: object): Uint8Array {
    const id = revision === undefined ? '' : `id: ${idOf(revision)}\n`;
    return Buffer.from(`event: ${event}\n${id}data: ${JSON.stringify(body)}\n\n`);
  }

  function idOf(revision: number): string {
    return `${run}-${revision}`;
  }

  function at(): string {
    return new Date(clock.now()).toISOString();
  }
}
