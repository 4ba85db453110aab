import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { mistakeInKey, mistakeInPattern, mistakeInValue } from '../../evaluate/label-words.ts';
import type { AuditEntry } from '../../store/accounts.ts';
import type { LabelChange, LabelDraft, LabelRule } from '../../store/facts.ts';
import type { Kept } from '../../store/kept.ts';
import { labelTag } from '../../store/rows/label.ts';
import { notKept } from '../access/begin-session.ts';
import { actorOf } from '../access/caller.ts';
import { LabelBody, UnlabelBody } from '../action-bodies.ts';
import { RuleBody } from '../inventory-bodies.ts';
import { sendProblem } from '../problem.ts';
import { ifMatchOf } from './condition.ts';
import { listOf } from './lists.ts';
import type { ApiNeeds } from './needs.ts';
import { type Route, route } from './route.ts';
import { Changed, LabelView } from './views.ts';

const byId = Type.Object({ id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) });
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
      const items = (await labels()).map(labelView);
      return reply.header('cache-control', 'no-store').send({ version: 1, at: new Date(now()).toISOString(), items });
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/labels',
    summary:
      'Labels hosts, or server names, of a pattern. `changed`: how many labels are not as before. With `If-None-Match: *` only where none of them is there.',
    query: none,
    params: none,
    body: LabelBody,
    answer: { schema: Changed },
    problems: [400, 412, 422],
    async handle({ setLabels, addLabels, now }, { body: { scope, labels, ...body }, headers, caller }, reply) {
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
      if (headers['if-none-match']?.trim() !== '*') return changed(reply, await setLabels(drafts, at, entry));
      const kept = await addLabels(drafts, at, entry);
      if (!kept.ok) return notKept(reply);
      const [first] = kept.value;
      return first ? isOther(reply, first) : changed(reply, { ok: true, value: drafts.length });
    },
  }),
  route({
    method: 'PATCH',
    path: '/api/v1/labels/:id',
    summary: 'Gives a rule another value, if it still is as it was seen.',
    query: none,
    params: byId,
    body: RuleBody,
    conditional: true,
    answer: { schema: Changed },
    problems: [400, 404, 412, 422],
    async handle(needs, { params: { id }, body: { value }, headers, caller }, reply) {
      const mistake = mistakeInValue(value);
      if (mistake !== undefined) return sendProblem(reply, 422, 'Cannot be set', mistake);
      const by = actorOf(caller);
      const change = { id, seen: ifMatchOf(headers), value, setBy: by.actor };
      return ruleChanged(needs, reply, change, ({ scope, pattern, key }, at) => ({
        at,
        ...by,
        action: 'labels-set',
        subject: `${scope} ${pattern}`,
        detail: { [key]: value },
      }));
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/labels/:id',
    summary: 'Takes a rule away, if it still is as it was seen.',
    query: none,
    params: byId,
    conditional: true,
    answer: { schema: Changed },
    problems: [400, 404, 412],
    async handle(needs, { params: { id }, headers, caller }, reply) {
      const by = actorOf(caller);
      const change = { id, seen: ifMatchOf(headers), value: undefined, setBy: by.actor };
      return ruleChanged(needs, reply, change, ({ scope, pattern, key }, at) => ({
        at,
        ...by,
        action: 'labels-removed',
        subject: `${scope} ${pattern}`,
        detail: { keys: key },
      }));
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

async function ruleChanged(
  { changeLabel, now }: Pick<ApiNeeds, 'changeLabel' | 'now'>,
  reply: FastifyReply,
  change: LabelChange,
  entryOf: (rule: LabelRule, at: number) => AuditEntry,
): Promise<FastifyReply> {
  const at = now();
  const kept = await changeLabel(change, at, (rule) => entryOf(rule, at));
  if (!kept.ok) return notKept(reply);
  const { value } = kept;
  if (value.outcome === 'gone')
    return sendProblem(reply, 404, 'Not Found', 'This rule is there no more: somebody took it away.');
  if (value.outcome === 'other') return isOther(reply, value.rule);
  return changed(reply, { ok: true, value: value.outcome === 'changed' ? 1 : 0 });
}

function isOther(reply: FastifyReply, { scope, pattern, key, value, setBy, setAt }: LabelRule): FastifyReply {
  const now = `${scope} ${pattern} has ${key}=${value} since ${instant(setAt)}, by ${setBy === '' ? 'nobody known' : setBy}`;
  return sendProblem(reply, 412, 'Precondition Failed', `It is not as it was seen: ${now}. Nothing was changed.`);
}

function labelView(rule: LabelRule): LabelView {
  return { ...rule, setAt: instant(rule.setAt), tag: labelTag(rule) };
}

function instant(at: number): string {
  return new Date(at).toISOString();
}

function changed(reply: FastifyReply, kept: Kept<number>): FastifyReply {
  return kept.ok ? reply.header('cache-control', 'no-store').send({ version: 1, changed: kept.value }) : notKept(reply);
}
