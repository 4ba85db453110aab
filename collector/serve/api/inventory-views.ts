import { Instant } from '@certherd/protocol/certificate';
import Type, { type Static } from 'typebox';
import { SilenceMatch } from '../inventory-bodies.ts';

const closed = { additionalProperties: false };
const answer = { version: Type.Literal(1) };

/** A row of a sheet, as an import would take it. */
const VerdictView = Type.Object(
  {
    /** Of the text, from 1; absent: it is only in the list before. */
    line: Type.Optional(Type.Integer()),
    name: Type.Optional(Type.String()),
    verdict: Type.Enum(['new', 'same', 'wrong', 'gone']),
    /** Why it is wrong. */
    why: Type.Optional(Type.String()),
    expiration: Type.Optional(Type.String()),
    /** Hosts that serve the name; absent: no agent sees it. */
    hostNames: Type.Optional(Type.Array(Type.String())),
    servedUntil: Type.Optional(Instant),
    /** The list says another end than what is served. */
    differs: Type.Boolean(),
  },
  closed,
);

/** What an import would do. */
export const ImportCheck = Type.Object(
  {
    ...answer,
    /** As the headers were understood. */
    columns: Type.Array(
      Type.Object(
        {
          role: Type.Enum(['name', 'expiration', 'issuer', 'label', 'ours']),
          key: Type.Optional(Type.String()),
          header: Type.String(),
        },
        closed,
      ),
    ),
    items: Type.Array(VerdictView),
    /** For If-Match of the import. */
    tag: Type.String(),
  },
  closed,
);
export type ImportCheck = Static<typeof ImportCheck>;

export const ImportAnswer = Type.Object({ ...answer, imported: Type.Integer() }, closed);

/** What people were told as one, and what is not over. */
export const IncidentView = Type.Object(
  {
    id: Type.String(),
    /** Of the settings: the one that tells it. */
    rule: Type.String(),
    severity: Type.Enum(['critical', 'unknown', 'warning']),
    title: Type.String(),
    cause: Type.String(),
    openedAt: Instant,
    toldAt: Instant,
    messages: Type.Integer(),
    channels: Type.Array(Type.String()),
    /** What it is about; `agentId` is empty for what is seen from outside. */
    concerns: Type.Array(
      Type.Object({ agentId: Type.String(), code: Type.String(), kind: Type.String(), subject: Type.String() }, closed),
    ),
    acknowledged: Type.Optional(Type.Object({ by: Type.String(), reason: Type.String(), at: Instant }, closed)),
  },
  closed,
);
export type IncidentView = Static<typeof IncidentView>;

export const SilenceView = Type.Object(
  {
    id: Type.String(),
    madeAt: Instant,
    until: Instant,
    by: Type.String(),
    reason: Type.String(),
    match: SilenceMatch,
  },
  closed,
);
export type SilenceView = Static<typeof SilenceView>;

export const SilenceMade = Type.Object({ ...answer, ...SilenceView.properties }, closed);

/** Done; there is nothing more to say. */
export const Done = Type.Object({ ...answer, done: Type.Literal(true) }, closed);
