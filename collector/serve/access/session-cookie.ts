import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WebSession } from '../../store/accounts.ts';

const hourMs = 3_600_000;
/** Nobody asked for anything with it. An open page asks by itself, so that this is about browsers that are closed. */
const idleMs = 12 * hourMs;
/** Whatever happens. */
export const sessionMs = 7 * 24 * hourMs;

/** Is it over at `now` (milliseconds since 1970)? */
export function isOver({ seenAt, endsAt }: Pick<WebSession, 'seenAt' | 'endsAt'>, now: number): boolean {
  return now >= endsAt || now - seenAt >= idleMs;
}

/** With TLS the name itself has browsers refuse what another host, or plain HTTP, would put in its place (RFC 6265bis 4.1.3.2). */
export function cookieName({ protocol }: Pick<FastifyRequest, 'protocol'>): string {
  return protocol === 'https' ? '__Host-certherd' : 'certherd';
}

/** No script reads it, and no other site's page has it sent. */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, secret: string): void {
  reply.setCookie(cookieName(request), secret, { ...attributes(request), maxAge: sessionMs / 1000 });
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.clearCookie(cookieName(request), attributes(request));
}

function attributes({ protocol }: FastifyRequest) {
  return { path: '/', httpOnly: true, sameSite: 'strict', secure: protocol === 'https' } as const;
}
