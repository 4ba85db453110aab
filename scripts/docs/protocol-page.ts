import type { TSchema } from 'typebox';
import * as certificate from '../../protocol/certificate.ts';
import * as event from '../../protocol/event.ts';
import * as failure from '../../protocol/failure.ts';
import * as finding from '../../protocol/finding.ts';
import * as frame from '../../protocol/frame.ts';
import * as look from '../../protocol/look.ts';
import * as snapshot from '../../protocol/snapshot.ts';
import { framesSince } from '../../protocol/version.ts';
import { type DocComments, readDocComments } from './doc-comments.ts';
import { protocolProse } from './protocol-prose.ts';
import { schemaTables } from './schema-tables.ts';

const { AgentFrame: _agent, CollectorFrame: _collector, closeCodes, ...frameSchemas } = frame;
const { failed: _failed, success: _success, ...failureSchemas } = failure;
const named: Readonly<Record<string, TSchema>> = {
  ...frameSchemas,
  ...look,
  ...certificate,
  ...failureSchemas,
  ...snapshot,
  ...finding,
  ...event,
};

/** The files of `protocol` whose comments are told on the page, in its order. */
export const toldFiles = [
  'frame.ts',
  'look.ts',
  'snapshot.ts',
  'certificate.ts',
  'finding.ts',
  'event.ts',
  'failure.ts',
] as const;

/** docs/protocol.md: what a second agent has to know, from the schemas that validate it and the comments beside them. */
export function protocolPage(comments: DocComments = readDocComments(toldFiles)): string {
  const tables = schemaTables(named, comments);
  const told = comments.schemas.filter((name) => name in named);
  const frames = told.filter((name) => frameType(name) !== undefined);
  const types = told.filter((name) => !frames.includes(name));
  const section = (name: string, lead: string) =>
    `### ${name}\n\n${[`${lead}${comments.ofSchema(name)}`, tables.table(name)].filter(Boolean).join('\n\n')}\n`;
  const codes = Object.entries(closeCodes).map(
    ([reason, code]) => `| ${code} | \`${reason}\` | ${comments.ofField('RefusalReason', reason)} |`,
  );
  return [
    protocolProse(codes.join('\n')),
    '## Frames\n',
    ...frames.map((name) => {
      const type = frameType(name) ?? '';
      return section(name, `\`${type}\`${type in framesSince ? `, from version ${framesSince[type]}` : ''}: `);
    }),
    '## Types\n',
    ...types.map((name) => section(name, '')),
  ].join('\n');
}

/** "Hello" to "hello": what stands in the frame's `type`; undefined for what is no frame. */
function frameType(name: string): string | undefined {
  const schema: { properties?: Record<string, { const?: string }> } = named[name] ?? {};
  return schema.properties?.['type']?.const;
}
