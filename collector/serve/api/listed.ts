import Type from 'typebox';
import { compareLists } from '../../inventory/compare.ts';
import { seenNames } from '../../inventory/seen.ts';
import { readSheet } from '../../inventory/sheet.ts';
import { verdictsOf } from '../../inventory/verdicts.ts';
import { sheetPieces } from '../../inventory/write-sheet.ts';
import { listTag } from '../../store/rows/label.ts';
import { notKept } from '../access/begin-session.ts';
import { actorOf } from '../access/caller.ts';
import { CheckBody, ImportBody } from '../inventory-bodies.ts';
import { estateLists } from '../estate-parts.ts';
import { madeInTurn } from '../made-in-turn.ts';
import { sendProblem } from '../problem.ts';
import { textStream } from './json-stream.ts';
import type { ApiNeeds } from './needs.ts';
import { type Route, route } from './route.ts';
import { ImportAnswer, ImportCheck } from './inventory-views.ts';
import { ifMatchOf } from './condition.ts';

const none = Type.Object({}, { additionalProperties: false });
/** A sheet is read in one piece, in the process that serves: a larger one goes by the command, which is another. */
const bodyLimit = 1024 * 1024;

/** The list that somebody keeps elsewhere: looked at, taken in, and given back. */
export const listedRoutes: readonly Route[] = [
  route({
    path: '/api/v1/listed.csv',
    summary: 'The imported list as CSV, as `certherd-collector export` writes it.',
    query: none,
    params: none,
    answer: { mediaType: 'text/csv', what: 'The rows, with a head.' },
    problems: [],
    async handle({ listed, now }, _, reply) {
      return reply
        .header('cache-control', 'no-store')
        .header('content-type', 'text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="listed.csv"')
        .send(textStream(sheetPieces(await listed()), now));
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/listed/check',
    summary:
      'What an import of this text would do, row by row; it changes nothing. The entity tag names the list that is there.',
    query: none,
    params: none,
    body: CheckBody,
    bodyLimit,
    answer: { schema: ImportCheck },
    problems: [400, 422],
    async handle(needs, { body }, reply) {
      const read = await readImport(needs, body.text);
      if (!read.ok) return sendProblem(reply, 422, 'Cannot be read', read.failure);
      const { columns, verdicts, tag } = read.value;
      return reply
        .header('cache-control', 'no-store')
        .header('etag', `"${tag}"`)
        .send({ version: 1, columns, items: verdicts, tag });
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/listed',
    summary:
      'The text’s rows take the place of the imported list, wholly or not at all. If-Match names the list that is there, as the check told it.',
    query: none,
    params: none,
    body: ImportBody,
    bodyLimit,
    answer: { schema: ImportAnswer },
    conditional: true,
    problems: [400, 412, 422],
    async handle(needs, { body, headers, caller }, reply) {
      const read = await readImport(needs, body.text);
      if (!read.ok) return sendProblem(reply, 422, 'Cannot be read', read.failure);
      const { rows, verdicts, changes } = read.value;
      const wrong = verdicts.filter(({ verdict }) => verdict === 'wrong').length;
      if (wrong > 0 && body.skipWrong !== true)
        return sendProblem(
          reply,
          422,
          'Nothing was imported',
          `Rows that cannot be taken: ${wrong}. Mend them, or have them left out.`,
        );
      if (rows.length === 0)
        return sendProblem(reply, 422, 'Nothing was imported', 'There is no row that could be taken.');
      const { actor, via } = actorOf(caller);
      const at = needs.now();
      const detail = { rows: String(rows.length) };
      const entry = { at, actor, via, action: 'list-imported', subject: body.name ?? '', detail } as const;
      const kept = await needs.replaceListed(rows, changes.labels, actor, at, entry, ifMatchOf(headers));
      if (!kept.ok) return notKept(reply);
      if (!kept.value)
        return sendProblem(
          reply,
          412,
          'Nothing was imported',
          'Another list was imported since this one was checked: look at it once more.',
        );
      return reply.header('cache-control', 'no-store').send({ version: 1, imported: rows.length });
    },
  }),
];

async function readImport(needs: Pick<ApiNeeds, 'listed' | 'estate' | 'collector' | 'now'>, text: string) {
  const sheet = readSheet(text);
  if (!sheet.ok) return sheet;
  const before = await needs.listed();
  const rows = sheet.value.rows.flatMap(({ row }) => (row.ok ? [row.value] : []));
  const changes = compareLists(before, rows);
  const now = await needs.estate();
  const { certificates } = estateLists(now, needs.collector, needs.now());
  const endpoints = await madeInTurn(now.parts.hosts, ({ part }) => part.endpoints);
  const seen = seenNames({ endpoints, certificates: [...certificates] });
  const verdicts = verdictsOf(sheet.value, changes, seen);
  return { ok: true, value: { rows, changes, verdicts, columns: sheet.value.columns, tag: listTag(before) } } as const;
}
