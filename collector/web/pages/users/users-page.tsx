import { type Signal, useSignal } from '@preact/signals';
import type { UserView } from '../../../serve/account-bodies.ts';
import { useAsked } from '../../live/asked.ts';
import { send } from '../../live/send.ts';
import type { PageProps } from '../../pages.ts';
import { ApiTokens } from '../../parts/api-tokens.tsx';
import { ForAdmins } from '../../parts/for-admins.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { type Outcome, Told } from '../../parts/told.tsx';
import { NewLink } from './new-link.tsx';
import { NewUser } from './new-user.tsx';
import { type UserActs, UserTable } from './user-table.tsx';

interface UsersAnswer {
  readonly version: 1;
  readonly items: readonly UserView[];
}

/** Who may sign in, and which programs may ask. */
export function Page({ me, now }: PageProps) {
  if (me?.role !== 'admin') return <ForAdmins title="Users" me={me} />;
  return <Access me={me} now={now} />;
}

type AccessProps = Pick<PageProps, 'now'> & { readonly me: NonNullable<PageProps['me']> };

function Access({ me, now }: AccessProps) {
  // What happens to users happens to their tokens.
  const turn = useSignal(0);
  return (
    <>
      <Users me={me} now={now} turn={turn} />
      <ApiTokens me={me} now={now} own={false} turn={turn.value} />
    </>
  );
}

function Users({ me, now, turn }: AccessProps & { readonly turn: Signal<number> }) {
  const outcome = useSignal<Outcome>(undefined);
  const link = useSignal<{ name: string; path: string; expiresAt: string } | undefined>(undefined);
  const { answer, failed } = useAsked<UsersAnswer>('/api/v1/users', turn.value).value;
  const act: UserActs = async ({ name }, { method, below = '', body, done }) => {
    outcome.value = 'asking';
    link.value = undefined;
    const address = `/api/v1/users/${encodeURIComponent(name)}${below}`;
    const sent = await send<{ version: 1; invite?: { path: string; expiresAt: string } }>(method, address, body);
    outcome.value = sent.ok ? { done } : sent;
    if (sent.ok && sent.answer.invite) link.value = { name, ...sent.answer.invite };
    turn.value += 1;
  };
  const rows = answer?.items ?? [];
  return (
    <Section
      id="users"
      title="Users"
      isPage
      count={answer ? String(rows.length) : ''}
      tools={
        <NewUser
          made={() => {
            turn.value += 1;
          }}
        />
      }
    >
      <Told outcome={outcome.value} />
      {link.value !== undefined && <NewLink {...link.value} />}
      {rows.length > 0 ? (
        <UserTable users={rows} turn={turn.value} me={me} now={now} act={act} />
      ) : (
        <Nothing>{failed ? 'The collector did not answer.' : 'Asking the collector…'}</Nothing>
      )}
    </Section>
  );
}
