import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { mistakeInKey } from '../../evaluate/label-words.ts';
import { silenceDetail } from '../../notify/silence-detail.ts';
import type { Kept } from '../../store/kept.ts';
import { notKept } from '../access/begin-session.ts';
import { actorOf } from '../access/caller.ts';
import { AcknowledgeBody, SilenceBody } from '../inventory-bodies.ts';
import { sendProblem } from '../problem.ts';
import { incidentView, silenceView } from '../told-views.ts';
import { Done, IncidentView, SilenceMade, SilenceView } from './inventory-views.ts';
import { listOf } from './lists.ts';
import { type Route, route } from './route.ts';

const none = Type.Object({}, { additionalProperties: false });
const byId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });

/** What people were told of, and what they answer: the same as the link in a message and the commands do. */
export const answerRoutes: readonly Route[] = [
  route({
    path: '/api/v1/incidents',
    summary: 'What people were told of and what is not over, the oldest first, with who took it on.',
    query: none,
    params: none,
    answer: { schema: listOf(IncidentView) },
    problems: [],
    async handle({ told, now }, _, reply) {
      const items = (await told.incidents()).map(incidentView);
      return reply.header('cache-control', 'no-store').send({ version: 1, at: instant(now()), items });
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/incidents/:id/acknowledgement',
    summary: 'Takes an incident on: nobody else is called and nothing is repeated, unless it gets worse.',
    query: none,
    params: byId,
    body: AcknowledgeBody,
    answer: { schema: Done },
    problems: [400, 404, 409],
    async handle({ told, now, answered }, { params: { id }, body, caller }, reply) {
      const reason = body.reason.trim();
      if (reason === '') return sendProblem(reply, 400, 'Bad request', 'Say why: the history keeps it.');
      const incident = await told.findIncident(id);
      if (!incident) return sendProblem(reply, 404, 'Not Found', 'There is no such incident.');
      const by = actorOf(caller);
      const at = now();
      const said = { by: by.actor, reason, at, severity: incident.told.severity };
      const entry = { at, ...by, action: 'incident-acknowledged', subject: id, detail: { reason } } as const;
      return done(reply, await told.acknowledge(id, said, entry), 'It is over already.', answered);
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/incidents/:id/acknowledgement',
    summary: 'Gives an incident back: it is told, repeated and escalated as if nobody had taken it on.',
    query: none,
    params: byId,
    answer: { schema: Done },
    problems: [400, 409],
    async handle({ told, now, answered }, { params: { id }, caller }, reply) {
      const entry = { at: now(), ...actorOf(caller), action: 'incident-taken-back', subject: id, detail: {} } as const;
      return done(reply, await told.takeBack(id, entry), 'Nobody has it, or it is over.', answered);
    },
  }),
  route({
    path: '/api/v1/silences',
    summary: 'What is told to nobody, until when, by whom and why: the first to end first.',
    query: none,
    params: none,
    answer: { schema: listOf(SilenceView) },
    problems: [],
    async handle({ told, now }, _, reply) {
      const items = (await told.silences(now())).map(silenceView);
      return reply.header('cache-control', 'no-store').send({ version: 1, at: instant(now()), items });
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/silences',
    summary: 'Nothing that fits is told, until an end; what it was told before, people are told the end of.',
    query: none,
    params: none,
    body: SilenceBody,
    status: 201,
    answer: { schema: SilenceMade },
    problems: [400, 422],
    async handle({ told, now, answered }, { body: { match, forSeconds, ...body }, caller }, reply) {
      const reason = body.reason.trim();
      if (reason === '') return sendProblem(reply, 400, 'Bad request', 'Say why: the history keeps it.');
      const mistake = Object.keys(match.labels ?? {})
        .map(mistakeInKey)
        .find((one) => one !== undefined);
      if (mistake !== undefined) return sendProblem(reply, 422, 'Cannot be silenced', mistake);
      const by = actorOf(caller);
      const madeAt = now();
      const id = randomBytes(4).toString('hex');
      const silence = { id, madeAt, until: madeAt + forSeconds * 1000, by: by.actor, reason, match };
      const detail = silenceDetail(silence);
      const kept = await told.addSilence(silence, { at: madeAt, ...by, action: 'silence-added', subject: id, detail });
      if (!kept.ok) return notKept(reply);
      answered();
      return reply.header('cache-control', 'no-store').send({ version: 1, ...silenceView(silence) });
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/silences/:id',
    summary: 'Ends a silence now.',
    query: none,
    params: byId,
    answer: { schema: Done },
    problems: [400, 409],
    async handle({ told, now, answered }, { params: { id }, caller }, reply) {
      const at = now();
      const entry = { at, ...actorOf(caller), action: 'silence-ended', subject: id, detail: {} } as const;
      return done(reply, await told.endSilence(id, at, entry), 'No such silence holds.', answered);
    },
  }),
];

function done(reply: FastifyReply, kept: Kept<boolean>, otherwise: string, answered: () => void): FastifyReply {
  if (!kept.ok) return notKept(reply);
  if (!kept.value) return sendProblem(reply, 409, 'Conflict', otherwise);
  answered();
  return reply.header('cache-control', 'no-store').send({ version: 1, done: true });
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
