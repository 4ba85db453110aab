import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a link in a message gives the right to: to answer one incident, until then. */
export interface AnswerRight {
  incident: string;
  /** The channel in whose message it stood: who answers is not known better. */
  channel: string;
  /** Milliseconds since 1970. */
  until: number;
}

/** A message is answered within this time, or by a command. */
export const answerMs = 7 * 86_400_000;

/** `PAYLOAD.MAC`, both base64url: HMAC-SHA-256 over the payload. Whoever has it has the right, as with any link that resets a password. */
export function signAnswer(key: string, { incident, channel, until }: AnswerRight): string {
  const payload = Buffer.from(JSON.stringify([incident, channel, until])).toString('base64url');
  return `${payload}.${mac(key, payload)}`;
}

/** undefined: not signed with this key, damaged, or over. Compared in constant time. */
export function verifyAnswer(key: string, token: string, now: number): AnswerRight | undefined {
  const [, payload = '', given = ''] = /^([\w-]{1,400})\.([\w-]{43})$/.exec(token) ?? [];
  // As texts: the last two bits of one mean nothing (RFC 4648 3.5), and a link has one spelling.
  if (given === '' || !timingSafeEqual(Buffer.from(given), Buffer.from(mac(key, payload)))) return undefined;
  const [incident, channel, until]: [string, string, number] = JSON.parse(
    Buffer.from(payload, 'base64url').toString('utf8'),
  );
  return now < until ? { incident, channel, until } : undefined;
}

function mac(key: string, payload: string): string {
  // The label keeps what is signed here apart from whatever else the key may sign.
  return createHmac('sha256', key).update(`certherd answer ${payload}`).digest('base64url');
}
