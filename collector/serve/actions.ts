import type { Result } from '@certherd/protocol/failure';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';
import { type Authority, parseAuthority } from '../authority.ts';
import { mistakeInKey, mistakeInPattern, mistakeInValue } from '../evaluate/label-words.ts';
import type { NotKept } from '../receive/records.ts';
import type { Actor, AuditEntry } from '../store/accounts.ts';
import type { LabelDraft, LabelRule, TokenLabels } from '../store/facts.ts';
import type { Kept } from '../store/kept.ts';
import type { RequestRow } from '../store/requests.ts';
import { actorOf } from './access/caller.ts';
import { AskBody, LabelBody, TokenBody, UnlabelBody } from './action-bodies.ts';
import { sendProblem } from './problem.ts';
import { requestView } from './request-view.ts';

type Asked = Static<typeof AskBody> & { requester: string; withinSeconds: number } & Pick<Actor, 'via'>;

/** What is asked for by the routes that change something. */
export interface ActionNeeds {
  now: () => number;
  ask: (wish: Asked) => Promise<Result<RequestRow, string>>;
  setLabels: (drafts: readonly LabelDraft[], at: number, entry: AuditEntry) => Promise<Kept<number>>;
  removeLabels: (
    rules: Pick<LabelRule, 'scope' | 'pattern'>,
    keys: readonly string[],
    entry: AuditEntry,
  ) => Promise<Kept<number>>;
  /** One join string; the failure is a sentence, or why nothing was kept. */
  makeJoin: (wish: {
    given: Authority | undefined;
    lifeMs: number;
    labels: TokenLabels | undefined;
    at: number;
    by: Actor;
  }) => Promise<Result<string, string | NotKept>>;
}

const bodyLimit = 64 * 1024;
const usualLifeSeconds = 3_600;
const usualWithinSeconds = 600;

/** What an operator, or an admin, does on the page: JSON in, JSON out. */
export function addActions(app: FastifyInstance, needs: ActionNeeds): void {
  const { now, ask, setLabels, removeLabels, makeJoin } = needs;

  app.post('/api/v1/requests', { bodyLimit }, async (request, reply) => {
    const body = readBody(AskBody, request, reply);
    if (!body) return reply;
    const { actor, via } = actorOf(request.caller);
    // Two people who happen to choose one key mean two requests.
    const key = `${via} ${actor} ${body.key}`;
    const wish = { ...body, key, requester: actor, via, withinSeconds: body.withinSeconds ?? usualWithinSeconds };
    const asked = await ask(wish);
    if (!asked.ok) return sendProblem(reply, 422, 'Cannot be asked', asked.failure);
    return reply
      .code(202)
      .header('cache-control', 'no-store')
      .send({ version: 1, ...requestView(asked.value, now()) });
  });

  app.post('/api/v1/labels', { bodyLimit }, async (request, reply) => {
    const body = readBody(LabelBody, request, reply);
    if (!body) return reply;
    const { scope, labels } = body;
    const pattern = body.pattern.toLowerCase();
    const mistake = mistakeInPattern(pattern) ?? mistakeInLabels(labels);
    if (mistake !== undefined) return sendProblem(reply, 422, 'Cannot be set', mistake);
    const { actor, via } = actorOf(request.caller);
    const drafts = Object.entries(labels).map(
      ([key, value]): LabelDraft => ({ scope, pattern, key, value, source: 'command', setBy: actor }),
    );
    const at = now();
    const subject = `${scope} ${pattern}`;
    return changed(
      reply,
      await setLabels(drafts, at, { at, actor, via, action: 'labels-set', subject, detail: labels }),
    );
  });

  app.delete('/api/v1/labels', { bodyLimit }, async (request, reply) => {
    const body = readBody(UnlabelBody, request, reply);
    if (!body) return reply;
    const { scope, keys } = body;
    const pattern = body.pattern.toLowerCase();
    const subject = `${scope} ${pattern}`;
    const detail = { keys: keys.join(' ') };
    const entry: AuditEntry = { at: now(), ...actorOf(request.caller), action: 'labels-removed', subject, detail };
    return changed(reply, await removeLabels({ scope, pattern }, keys, entry));
  });

  app.post('/api/v1/tokens', { bodyLimit }, async (request, reply) => {
    const body = readBody(TokenBody, request, reply);
    if (!body) return reply;
    const given = body.url === undefined ? undefined : parseAuthority(body.url);
    if (body.url !== undefined && !(given && given.port > 0))
      return sendProblem(reply, 422, 'Cannot be made', 'url: expected HOST:PORT, as collector.example:8443');
    const mistake = mistakeInLabels(body.labels ?? {});
    if (mistake !== undefined) return sendProblem(reply, 422, 'Cannot be made', mistake);
    const by = actorOf(request.caller);
    const at = now();
    const lifeMs = (body.lifeSeconds ?? usualLifeSeconds) * 1000;
    const labels = body.labels && { by: by.actor, values: body.labels };
    const made = await makeJoin({ given, lifeMs, labels, at, by });
    if (!made.ok)
      return typeof made.failure === 'string'
        ? sendProblem(reply, 422, 'Cannot be made', made.failure)
        : notKept(reply);
    const expiresAt = new Date(at + lifeMs).toISOString();
    return reply.code(201).header('cache-control', 'no-store').send({ version: 1, join: made.value, expiresAt });
  });
}

/** The body, or undefined once it was answered what is wrong with it. */
function readBody<S extends TSchema>(schema: S, { body }: FastifyRequest, reply: FastifyReply): Static<S> | undefined {
  if (Check(schema, body)) return body;
  const [first] = Errors(schema, body);
  void sendProblem(reply, 400, 'Bad request', `${first?.instancePath || 'body'}: ${first?.message ?? 'wrong'}`);
  return undefined;
}

function mistakeInLabels(labels: Readonly<Record<string, string>>): string | undefined {
  for (const [key, value] of Object.entries(labels)) {
    const mistake = mistakeInKey(key) ?? mistakeInValue(value);
    if (mistake !== undefined) return `${key}: ${mistake}`;
  }
  return undefined;
}

function changed(reply: FastifyReply, kept: Kept<number>): FastifyReply {
  return kept.ok ? reply.header('cache-control', 'no-store').send({ version: 1, changed: kept.value }) : notKept(reply);
}

function notKept(reply: FastifyReply): FastifyReply {
  return sendProblem(reply, 503, 'Service Unavailable', 'Nothing can be kept: certherd-collector doctor says why.');
}
