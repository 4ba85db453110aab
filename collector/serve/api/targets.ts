import Type from 'typebox';
import { parseTarget, targetText } from '../../scan/target.ts';
import type { AuditAction, AuditEntry } from '../../store/accounts.ts';
import type { TargetRow } from '../../store/targets.ts';
import { notKept } from '../access/begin-session.ts';
import { actorOf, type Caller } from '../access/caller.ts';
import { TargetBody } from '../inventory-bodies.ts';
import { sendProblem } from '../problem.ts';
import type { KeptHost } from '../estate-parts.ts';
import { Done } from './inventory-views.ts';
import { type Route, route } from './route.ts';

const none = Type.Object({}, { additionalProperties: false });
const byId = Type.Object({ id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) });
const usualSeconds = 3_600;
/** Each is asked by itself, day and night. */
const mostTargets = 1000;

/** What is asked from outside. */
export const targetRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/targets',
    summary: 'One more name or address is asked from outside, from now on and again and again.',
    query: none,
    params: none,
    body: TargetBody,
    status: 201,
    answer: { schema: Type.Object({ version: Type.Literal(1), target: Type.String() }) },
    problems: [400, 409, 422],
    async handle(
      { targets, estate, now },
      { body: { everySeconds = usualSeconds, startTls, from, ...body }, caller },
      reply,
    ) {
      const parsed = parseTarget(body.target, { ports: [443], startTls });
      if (!parsed.ok) return sendProblem(reply, 422, 'Cannot be asked', parsed.failure);
      const [only, ...others] = parsed.value;
      if (!only || others.length > 0)
        return sendProblem(reply, 422, 'Cannot be asked', 'That is a range: give one name or address at a time.');
      if ((await targets.all()).length >= mostTargets)
        return sendProblem(reply, 422, 'Cannot be asked', `There are ${mostTargets} targets: scan a range instead.`);
      const vantages =
        from === undefined || from === 'collector' ? ['collector'] : agentsOf((await estate()).parts.hosts, from);
      const [vantage] = vantages;
      if (vantage === undefined || vantages.length > 1)
        return sendProblem(
          reply,
          422,
          'Cannot be asked',
          `${vantages.length} hosts are called ${JSON.stringify(from)}.`,
        );
      const target = targetText(only);
      const { actor, via } = actorOf(caller);
      const at = now();
      const detail = { every: `${everySeconds} s`, ...(vantage !== 'collector' && from !== undefined && { from }) };
      const entry = { at, actor, via, action: 'target-added', subject: target, detail } as const;
      const kept = await targets.addNew({ target, everyMs: everySeconds * 1000, setBy: actor, vantage }, at, entry);
      if (!kept.ok) return notKept(reply);
      if (!kept.value) return sendProblem(reply, 409, 'Conflict', `${target} is asked already.`);
      return reply.header('cache-control', 'no-store').send({ version: 1, target });
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/targets/:id',
    summary: 'It is asked no more, and its history goes.',
    query: none,
    params: byId,
    answer: { schema: Done },
    problems: [400, 404],
    async handle({ targets, now }, { params: { id }, caller }, reply) {
      const found = (await targets.all()).find((one) => one.id === id);
      if (!found) return sendProblem(reply, 404, 'Not Found', 'There is no such target.');
      const entry = entryOf('target-removed', found, now(), caller);
      const kept = await targets.remove(found.target, entry, found.vantage);
      if (!kept.ok) return notKept(reply);
      if (!kept.value) return sendProblem(reply, 404, 'Not Found', 'There is no such target.');
      return reply.header('cache-control', 'no-store').send({ version: 1, done: true });
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/targets/:id/look',
    summary: 'It is asked as soon as may be, within seconds, and then at its interval again.',
    query: none,
    params: byId,
    status: 202,
    answer: { schema: Done },
    problems: [400, 404],
    async handle({ targets, now }, { params: { id }, caller }, reply) {
      const found = (await targets.all()).find((one) => one.id === id);
      if (!found) return sendProblem(reply, 404, 'Not Found', 'There is no such target.');
      const entry = entryOf('target-look-asked', found, now(), caller);
      const kept = await targets.want(id, entry);
      if (!kept.ok) return notKept(reply);
      if (!kept.value) return sendProblem(reply, 404, 'Not Found', 'There is no such target.');
      return reply.header('cache-control', 'no-store').send({ version: 1, done: true });
    },
  }),
];

function entryOf(
  action: AuditAction,
  { target, vantage, vantageName }: TargetRow,
  at: number,
  caller: Caller,
): AuditEntry {
  const detail = vantage === 'collector' ? {} : { from: vantageName ?? vantage };
  return { at, ...actorOf(caller), action, subject: target, detail };
}

/** Agents of hosts that are trusted. */
function agentsOf(hosts: Iterable<KeptHost>, word: string): string[] {
  return [...hosts].flatMap(({ agentId, name, part }) =>
    (name === word || agentId === word) && part.host.revokedAt === undefined ? [agentId] : [],
  );
}
