import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { mistakeInKey, mistakeInPattern, mistakeInValue } from '../../evaluate/label-words.ts';
import type { AuditEntry } from '../../store/accounts.ts';
import type { LabelDraft } from '../../store/facts.ts';
import type { Kept } from '../../store/kept.ts';
import { notKept } from '../access/begin-session.ts';
import { actorOf } from '../access/caller.ts';
import { LabelBody, UnlabelBody } from '../action-bodies.ts';
import { sendProblem } from '../problem.ts';
import { listOf } from './lists.ts';
import { type Route, route } from './route.ts';
import { Changed, LabelView } from './views.ts';

const none = Type.Object({}, { additionalProperties: false });

/** The rules that give labels. */
export const labelRoutes: readonly Route[] = [
  route({
    path: '/api/v1/labels',
    summary: 'Each rule that gives a label. Hosts and endpoints have what the rules give them as `labels`.',
    query: none,
    params: none,
    answer: { schema: listOf(LabelView) },
    problems: [],
    async handle({ labels, now }, _, reply) {
      const items = (await labels()).map(({ id: _id, setAt, ...rule }) => ({
        ...rule,
        setAt: new Date(setAt).toISOString(),
      }));
      return reply.header('cache-control', 'no-store').send({ version: 1, at: new Date(now()).toISOString(), items });
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/labels',
    summary: 'Labels hosts, or server names, of a pattern. `changed`: how many labels are not as before.',
    query: none,
    params: none,
    body: LabelBody,
    answer: { schema: Changed },
    problems: [400, 422],
    async handle({ setLabels, now }, { body: { scope, labels, ...body }, caller }, reply) {
      const pattern = body.pattern.toLowerCase();
      const mistake = mistakeInPattern(pattern) ?? mistakeInLabels(labels);
      if (mistake !== undefined) return sendProblem(reply, 422, 'Cannot be set', mistake);
      const { actor, via } = actorOf(caller);
      const drafts = Object.entries(labels).map(
        ([key, value]): LabelDraft => ({ scope, pattern, key, value, source: 'command', setBy: actor }),
      );
      const at = now();
      const subject = `${scope} ${pattern}`;
      const entry = { at, actor, via, action: 'labels-set', subject, detail: labels } as const;
      return changed(reply, await setLabels(drafts, at, entry));
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/labels',
    summary: 'Takes labels of that very pattern away. `changed`: how many.',
    query: none,
    params: none,
    body: UnlabelBody,
    answer: { schema: Changed },
    problems: [400],
    async handle({ removeLabels, now }, { body: { scope, keys, ...body }, caller }, reply) {
      const pattern = body.pattern.toLowerCase();
      const subject = `${scope} ${pattern}`;
      const detail = { keys: keys.join(' ') };
      const entry: AuditEntry = { at: now(), ...actorOf(caller), action: 'labels-removed', subject, detail };
      return changed(reply, await removeLabels({ scope, pattern }, keys, entry));
    },
  }),
];

/** What is wrong with them, in words. */
export function mistakeInLabels(labels: Readonly<Record<string, string>>): string | undefined {
  for (const [key, value] of Object.entries(labels)) {
    const mistake = mistakeInKey(key) ?? mistakeInValue(value);
    if (mistake !== undefined) return `${key}: ${mistake}`;
  }
  return undefined;
}

function changed(reply: FastifyReply, kept: Kept<number>): FastifyReply {
  return kept.ok ? reply.header('cache-control', 'no-store').send({ version: 1, changed: kept.value }) : notKept(reply);
}
