import { useSignal } from '@preact/signals';
import type { Role } from '../../accounts/role.ts';
import { reaches, roles } from '../../accounts/roles.ts';
import type { ApiTokenBody, ApiTokenMade, ApiTokenView } from '../../serve/account-bodies.ts';
import type { Me } from '../../serve/action-bodies.ts';
import { useAsked } from '../live/asked.ts';
import { send } from '../live/send.ts';
import { absolute } from '../../wording/duration.ts';
import { Choice } from './choice.tsx';
import { CopyCommand } from './copy-command.tsx';
import { Day, Moment, type Now } from './moment.tsx';
import { NewByName } from './new-by-name.tsx';
import { Raw } from './raw.tsx';
import { Nothing, Section } from './section.tsx';
import { type Column, Table } from './table.tsx';
import { type Outcome, Told } from './told.tsx';

interface TokensAnswer {
  readonly version: 1;
  readonly items: readonly ApiTokenView[];
}

interface ApiTokensProps {
  readonly me: Me;
  readonly now: Now;
  /** One's own alone. */
  readonly own: boolean;
  /** They are asked for again when it changes. */
  readonly turn?: number;
}

/** API tokens, with the way to a new one; a token itself is shown once. */
export function ApiTokens({ me, now, own, turn: given = 0 }: ApiTokensProps) {
  const turn = useSignal(0);
  const outcome = useSignal<Outcome>(undefined);
  const { answer, failed } = useAsked<TokensAnswer>('/api/v1/api-tokens', given + turn.value).value;
  const rows = (answer?.items ?? []).filter(({ user }) => !own || user === me.name);
  const revoke = async ({ name }: ApiTokenView): Promise<void> => {
    outcome.value = 'asking';
    const sent = await send('DELETE', `/api/v1/api-tokens/${encodeURIComponent(name)}`);
    outcome.value = sent.ok ? { done: `${name} is revoked.` } : sent;
    turn.value += 1;
  };
  return (
    <Section
      id="tokens"
      title={own ? 'Your API tokens' : 'API tokens'}
      count={answer ? String(rows.length) : ''}
      tools={
        <NewToken
          me={me}
          made={() => {
            turn.value += 1;
          }}
        />
      }
    >
      <Told outcome={outcome.value} />
      {rows.length > 0 ? (
        <Table
          name="api-tokens"
          caption="API tokens"
          columns={columnsOf(now, (one) => void revoke(one)).filter(({ title }) => !own || title !== 'Of')}
          rows={rows}
          keyOf={({ name }) => name}
        />
      ) : (
        <Nothing>{failed ? 'The collector did not answer.' : answer ? 'There are none.' : 'Asking…'}</Nothing>
      )}
    </Section>
  );
}

function columnsOf(now: Now, revoke: (token: ApiTokenView) => void): Column<ApiTokenView>[] {
  return [
    { title: 'Name', class: 'name plain', names: true, cell: ({ name }) => <Raw text={name} /> },
    { title: 'Role', class: 'role', cell: ({ role }) => role },
    {
      title: 'Of',
      class: 'whose',
      cell: ({ user, createdBy }) => <Raw text={user ?? `nobody, made by ${createdBy}`} />,
    },
    {
      title: 'Until',
      class: 'instant',
      cell: ({ expiresAt }) => (
        <>
          <Day instant={expiresAt} />
          {Date.parse(expiresAt) <= now.value && ', over'}
        </>
      ),
    },
    {
      title: 'Last used',
      class: 'instant',
      cell: ({ usedAt }) => (usedAt === undefined ? 'never' : <Moment instant={usedAt} now={now} />),
    },
    {
      title: 'Change',
      class: 'acts plain',
      cell: (one) => (
        <button type="button" onClick={() => revoke(one)}>
          Revoke <span class="unseen">{one.name}</span>
        </button>
      ),
    },
  ];
}

const ends = [
  ['7', 'a week'],
  ['30', 'thirty days'],
  ['90', 'ninety days'],
  ['365', 'a year'],
] as const;

function NewToken({ me, made }: { me: Me; made: () => void }) {
  const name = useSignal('');
  const role = useSignal<Role>('viewer');
  const days = useSignal<(typeof ends)[number][0]>('90');
  const make = () => {
    const body: ApiTokenBody = { name: name.value, role: role.value, days: Number(days.value) };
    return send<ApiTokenMade>('POST', '/api/v1/api-tokens', body);
  };
  const choices = (
    <>
      <Choice
        label="Role"
        value={role.value}
        options={roles.filter((one) => reaches(me.role, one)).map((one) => [one, one])}
        choose={(one) => {
          role.value = one;
        }}
      />
      <Choice
        label="Good for"
        value={days.value}
        options={ends}
        choose={(one) => {
          days.value = one;
        }}
      />
    </>
  );
  return (
    <NewByName
      id="new-token"
      title="Make an API token"
      name={name}
      choices={choices}
      verb="Make it"
      note="It may no more than you, at each use, and goes with you."
      make={make}
      shown={shown}
      made={made}
    />
  );
}

function shown({ name, token, expiresAt }: ApiTokenMade) {
  return (
    <div class="commands" aria-live="polite">
      <p>
        <Raw text={name} /> is good until {absolute(expiresAt)}, and shown this once:
      </p>
      <CopyCommand command={token} label="the API token" />
      <p class="quiet">
        It is sent as <code>Authorization: Bearer TOKEN</code>.
      </p>
    </div>
  );
}
