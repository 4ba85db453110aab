import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type AnswerRight, verifyAnswer } from '../notify/answer-link.ts';
import type { Incident, Telling } from '../store/tell.ts';
import { answerPage, type AnswerView, silenceHours } from './answer-page.ts';

export interface AnswerNeeds {
  telling: Pick<Telling, 'findIncident' | 'acknowledge' | 'addSilence' | 'linkKey'>;
  now: () => number;
  /** Somebody answered: there may be something to tell. */
  answered: () => void;
}

const mostReason = 500;

/**
 * GET and POST /answer/TOKEN: the link in a message. Whoever has it may answer that one incident, for a week: the signature is the right, no account is asked for.
 * GET shows and changes nothing, since mail scanners and previews follow links; POST does it. Anything that is wrong with a link has one answer.
 */
export function addAnswer(app: FastifyInstance, { telling, now, answered }: AnswerNeeds): void {
  void app.register(async (scope) => {
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
      done(null, new URLSearchParams(String(body))),
    );
    scope.get<{ Params: { token: string } }>('/answer/:token', async ({ params }, reply) => {
      const found = await rightOf(params.token);
      return found ? show(reply, 200, viewOf(found.incident)) : show(reply, 404, undefined);
    });
    scope.post<{ Params: { token: string } }>('/answer/:token', { bodyLimit: 8_192 }, async (request, reply) => {
      const found = await rightOf(request.params.token);
      if (!found) return show(reply, 404, undefined);
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      const view = viewOf(found.incident);
      const reason = (form.get('reason') ?? '').trim().slice(0, mostReason);
      if (reason === '') return show(reply, 400, { ...view, mistake: 'Say why: the history keeps it.' });
      const done = await answer(found, form, reason);
      answered();
      return done === undefined
        ? show(reply, 503, { ...view, mistake: 'It could not be written down: try again.' })
        : show(reply, 200, { ...view, done });
    });
  });

  async function rightOf(token: string): Promise<{ right: AnswerRight; incident: Incident } | undefined> {
    // Made at the first start; one that is made now has signed nothing.
    const key = await telling.linkKey(randomBytes(32).toString('base64url'));
    const right = key.ok ? verifyAnswer(key.value, token, now()) : undefined;
    const incident = right && (await telling.findIncident(right.incident));
    return right && incident ? { right, incident } : undefined;
  }

  /** What was done, in words; undefined: nothing was kept. */
  async function answer(
    { right, incident }: { right: AnswerRight; incident: Incident },
    form: URLSearchParams,
    reason: string,
  ): Promise<string | undefined> {
    const name = (form.get('name') ?? '').trim().slice(0, 100);
    const by = name === '' ? `a link to ${right.channel}` : `${name} (by a link to ${right.channel})`;
    const at = now();
    if (form.get('do') === 'silence') {
      const hours = silenceHours.find((one) => String(one) === form.get('hours')) ?? silenceHours[0];
      const until = at + hours * 3_600_000;
      const id = randomBytes(4).toString('hex');
      const kept = await telling.addSilence({ id, madeAt: at, until, by, reason, match: { incident: incident.id } });
      return kept.ok ? `It is silent until ${new Date(until).toISOString()}.` : undefined;
    }
    const said = { by, reason, at, severity: incident.told.severity };
    const kept = await telling.acknowledge(incident.id, said);
    if (!kept.ok) return undefined;
    return kept.value ? 'It is yours: nobody else is called, unless it gets worse.' : 'It is over already.';
  }
}

function viewOf({ id, closedAt, acknowledged, told }: Incident): AnswerView {
  const { title = '', cause = '' }: { title?: string; cause?: string } = JSON.parse(told.message);
  return { id, title, cause, isOver: closedAt !== undefined, acknowledged };
}

function show(reply: FastifyReply, status: number, view: AnswerView | undefined): FastifyReply {
  return (
    reply
      .code(status)
      .header('content-type', 'text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      // Without a referrer browsers send "Origin: null" with the form.
      .header('referrer-policy', 'same-origin')
      .header(
        'content-security-policy',
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      )
      .send(answerPage(view))
  );
}
