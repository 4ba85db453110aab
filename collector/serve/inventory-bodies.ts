import { StartTls } from '@certherd/protocol/snapshot';
import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false };
const reason = Type.String({ minLength: 1, maxLength: 500, description: 'Why, for the others.' });

/** PATCH /api/v1/labels/:id, for operators. */
export const RuleBody = Type.Object({ value: Type.String({ maxLength: 500 }) }, closed);
export type RuleBody = Static<typeof RuleBody>;

/** POST /api/v1/listed/check, for operators: CSV, or names a line, as `certherd-collector import` reads them. */
export const CheckBody = Type.Object({ text: Type.String() }, closed);
export type CheckBody = Static<typeof CheckBody>;

/** POST /api/v1/listed, for operators. */
export const ImportBody = Type.Object(
  {
    text: Type.String(),
    /** Of the file, for the history. */
    name: Type.Optional(Type.String({ maxLength: 255 })),
    /** Rows that cannot be taken are left out; else nothing is imported where there are any. */
    skipWrong: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type ImportBody = Static<typeof ImportBody>;

/** POST /api/v1/incidents/:id/acknowledgement, for operators. */
export const AcknowledgeBody = Type.Object({ reason }, closed);
export type AcknowledgeBody = Static<typeof AcknowledgeBody>;

const pattern = Type.Optional(Type.String({ minLength: 1, maxLength: 253 }));

/** What is silent: all that is given has to fit. `*` stands for any characters in names and values. */
export const SilenceMatch = Type.Object(
  {
    incident: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    host: pattern,
    name: pattern,
    code: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    labels: Type.Optional(
      Type.Record(Type.String({ maxLength: 32 }), Type.String({ maxLength: 500 }), { maxProperties: 50 }),
    ),
  },
  { ...closed, minProperties: 1 },
);

/** POST /api/v1/silences, for operators: at most thirty days. */
export const SilenceBody = Type.Object(
  { match: SilenceMatch, forSeconds: Type.Integer({ minimum: 1, maximum: 30 * 86_400 }), reason },
  closed,
);
export type SilenceBody = Static<typeof SilenceBody>;

/** POST /api/v1/targets, for operators. */
export const TargetBody = Type.Object(
  {
    /** A name or an address, as `certherd-collector target add` takes it: "shop.example.com:8443", "smtp://mail.example.com". No range. */
    target: Type.String({ minLength: 1, maxLength: 2000 }),
    /** An hour where it is absent. */
    everySeconds: Type.Optional(Type.Integer({ minimum: 10, maximum: 30 * 86_400 })),
    startTls: Type.Optional(StartTls),
    /** The host whose agent looks, by its name or its agent's id; the collector where it is absent. */
    from: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
  },
  closed,
);
export type TargetBody = Static<typeof TargetBody>;
