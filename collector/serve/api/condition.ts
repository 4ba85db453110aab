import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from '../problem.ts';

/** The one entity tag that an If-Match header (RFC 9110 13.1.1) names; empty: none, or several, or any. */
export function ifMatchOf(headers: FastifyRequest['headers']): string {
  return /^\s*"([0-9a-f]{1,64})"\s*$/.exec(headers['if-match'] ?? '')?.[1] ?? '';
}

/** Whoever changes something says what it was when it was seen (RFC 6585 3). */
export function noCondition(reply: FastifyReply): FastifyReply {
  return sendProblem(
    reply,
    428,
    'Precondition Required',
    'Name what you saw by its tag, in If-Match: what somebody else changed since is not lost then.',
  );
}
