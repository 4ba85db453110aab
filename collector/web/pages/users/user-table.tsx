import { useSignal } from '@preact/signals';
import type { Role } from '../../../accounts/role.ts';
import { roles } from '../../../accounts/roles.ts';
import type { UserChangeBody, UserView } from '../../../serve/account-bodies.ts';
import type { Me } from '../../../serve/action-bodies.ts';
import { Mark } from '../../parts/mark.tsx';
import { Day, Moment, type Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { counted } from '../../../wording/words.ts';

interface UserAct {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  /** Of the user's own address. */
  readonly below?: string;
  readonly body?: UserChangeBody;
  /** What is said once it was done. */
  readonly done: string;
}

/** Has something done with a user. */
export type UserActs = (user: UserView, act: UserAct) => Promise<void>;

interface UserTableProps {
  readonly users: readonly UserView[];
  /** Differs after each act: what was chosen, and refused, is shown as it is. */
  readonly turn: number;
  readonly me: Me;
  readonly now: Now;
  readonly act: UserActs;
}

/** Every user, with what an admin may do with them. */
export function UserTable({ users, turn, me, now, act }: UserTableProps) {
  const columns: Column<UserView>[] = [
    {
      title: 'Name',
      class: 'name plain',
      names: true,
      cell: ({ name }) => (
        <>
          <Raw text={name} />
          {name === me.name && <span class="quiet"> (you)</span>}
        </>
      ),
    },
    {
      title: 'Role',
      class: 'role',
      cell: (user) => <RoleChoice key={`${user.role} ${turn}`} user={user} act={act} />,
    },
    { title: 'Signs in by', class: 'way', cell: (user) => <Way user={user} /> },
    {
      title: 'Browsers',
      class: 'browsers',
      cell: ({ sessions, seenAt }) => (
        <>
          {sessions === 0 ? 'none' : counted(sessions, 'browser')}
          {seenAt !== undefined && (
            <span class="quiet">
              , seen <Moment instant={seenAt} now={now} />
            </span>
          )}
        </>
      ),
    },
    { title: 'API tokens', class: 'count', cell: ({ apiTokens }) => apiTokens },
    { title: 'Change', class: 'acts plain', cell: (user) => <Acts user={user} act={act} /> },
  ];
  return <Table name="users" caption="Users" columns={columns} rows={users} keyOf={({ name }) => name} />;
}

function RoleChoice({ user, act }: { user: UserView; act: UserActs }) {
  const { name } = user;
  return (
    <select
      aria-label={`Role of ${name}`}
      value={user.role}
      onChange={({ currentTarget: { value } }) => {
        const role = roles.find((one): one is Role => one === value);
        if (role)
          void act(user, { method: 'PATCH', body: { role }, done: `${name} is ${role} now, and signs in again.` });
      }}
    >
      {roles.map((role) => (
        <option key={role}>{role}</option>
      ))}
    </select>
  );
}

const wayWords = { password: 'a password', provider: 'the provider', link: 'not yet', elsewhere: 'elsewhere' };

function Way({ user: { signsIn, disabledAt, inviteEndsAt } }: { user: UserView }) {
  if (disabledAt !== undefined)
    return (
      <>
        <Mark tone="warning" word="disabled" />
        <span class="quiet">
          {' '}
          since <Day instant={disabledAt} />
        </span>
      </>
    );
  return (
    <>
      {wayWords[signsIn]}
      {inviteEndsAt !== undefined && (
        <span class="quiet">
          , link until <Day instant={inviteEndsAt} />
        </span>
      )}
    </>
  );
}

/** What cannot be taken back is asked for twice. */
function Acts({ user, act }: { user: UserView; act: UserActs }) {
  const sure = useSignal<'disable' | 'remove' | undefined>(undefined);
  const { name, disabledAt, sessions, signsIn } = user;
  const unsure = (): void => {
    sure.value = undefined;
  };
  if (sure.value !== undefined) {
    const isRemoval = sure.value === 'remove';
    const firm: UserAct = isRemoval
      ? { method: 'DELETE', done: `${name} is removed.` }
      : { method: 'PATCH', body: { disabled: true }, done: `${name} is disabled, and signed out everywhere.` };
    return (
      <span class="sure" role="group" aria-label={`Are you sure about ${name}?`}>
        <button
          type="button"
          class="firm"
          ref={(button) => button?.focus()}
          onClick={() => {
            unsure();
            void act(user, firm);
          }}
        >
          {isRemoval ? 'Remove' : 'Disable'} {name} now
        </button>{' '}
        <button type="button" onClick={unsure}>
          Leave it
        </button>
      </span>
    );
  }
  return (
    <div class="row-acts">
      {disabledAt === undefined && signsIn !== 'provider' && (
        <Act
          user={user}
          act={act}
          words="New link"
          does={{ method: 'POST', below: '/invite', done: `There is a link for ${name}.` }}
        />
      )}
      {sessions > 0 && (
        <Act
          user={user}
          act={act}
          words="Sign out"
          does={{ method: 'DELETE', below: '/sessions', done: `${name} is signed out everywhere.` }}
        />
      )}
      {disabledAt === undefined ? (
        <button
          type="button"
          onClick={() => {
            sure.value = 'disable';
          }}
        >
          Disable <span class="unseen">{name}</span>
        </button>
      ) : (
        <Act
          user={user}
          act={act}
          words="Enable"
          does={{ method: 'PATCH', body: { disabled: false }, done: `${name} may sign in again.` }}
        />
      )}
      <button
        type="button"
        onClick={() => {
          sure.value = 'remove';
        }}
      >
        Remove <span class="unseen">{name}</span>
      </button>
    </div>
  );
}

interface ActProps {
  readonly user: UserView;
  readonly act: UserActs;
  readonly words: string;
  readonly does: UserAct;
}

function Act({ user, act, words, does }: ActProps) {
  return (
    <button type="button" onClick={() => void act(user, does)}>
      {words} <span class="unseen">{user.name}</span>
    </button>
  );
}
