import Type, { type Static } from 'typebox';
import type { CampaignAct } from '../../campaigns/operate.ts';
import { SelectionShown, SomeLimits } from './views.ts';

const closed = { additionalProperties: false };
const reason = Type.String({ minLength: 1, maxLength: 500 });

/** What a plan is asked for with, on this machine. */
export const PlanBody = Type.Object({ selection: SelectionShown, limits: SomeLimits }, closed);
export type PlanBody = Static<typeof PlanBody>;

/** POST /api/v1/campaigns, for operators: begins what was planned. The answer is 201 with the campaign, as GET /api/v1/campaigns/ID shows it. */
export const StartBody = Type.Object(
  {
    selection: SelectionShown,
    /** Those that are left out are as the plan has them. */
    limits: Type.Optional(SomeLimits),
    /** Of the plan that was looked at: another one is not begun. */
    digest: Type.String({ minLength: 1, maxLength: 64 }),
    /** Why, for the history. */
    reason,
    /** The same key of the same person again is the same campaign: make one for each press of a button. */
    key: Type.String({ minLength: 1, maxLength: 64 }),
  },
  closed,
);
export type StartBody = Static<typeof StartBody>;

/** POST /api/v1/campaigns/ID, for operators: `skip` leaves one lineage out, by its number. */
export const ActBody = Type.Object(
  {
    act: Type.Enum(['pause', 'resume', 'abort', 'skip']),
    member: Type.Optional(Type.Integer({ minimum: 1, description: 'With `skip`: the number of the lineage.' })),
    /** Why, for the history. */
    reason,
  },
  closed,
);
export type ActBody = Static<typeof ActBody>;

/** undefined: `skip` without a number, or a number without `skip`. */
export function actOf({ act, member }: Pick<ActBody, 'act' | 'member'>): CampaignAct | undefined {
  if (act === 'skip') return member === undefined ? undefined : { act, member };
  return member === undefined ? { act } : undefined;
}
