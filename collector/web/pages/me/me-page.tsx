import { useSignal } from '@preact/signals';
import type { SessionView } from '../../../serve/account-bodies.ts';
import { useAsked } from '../../live/asked.ts';
import { send } from '../../live/send.ts';
import type { PageProps } from '../../pages.ts';
import { ApiTokens } from '../../parts/api-tokens.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { Table } from '../../parts/table.tsx';
import { type Outcome, Told } from '../../parts/told.tsx';

interface SessionsAnswer {
  readonly version: 1;
  readonly items: readonly SessionView[];
}

/** Who looks: the browsers and the programs that may in their name, and the way to the password. */
export function Page({ me, now }: PageProps) {
  if (me?.name === undefined)
    return (
      <>
        <h1>Your account</h1>
        <Nothing>{me === undefined ? 'Asking who you are…' : 'Nobody has signed in.'}</Nothing>
      </>
    );
  return (
    <>
      <header class="page-head">
        <h1>Your account</h1>
        <span>
          <Raw text={me.name} />, {me.role}
        </span>
      </header>
      {me.by === 'session' && (
        <p>
          <a href="/account">Change your password, or sign out</a>
        </p>
      )}
      <Sessions now={now} />
      <ApiTokens me={me} now={now} own />
    </>
  );
}

function Sessions({ now }: { now: Now }) {
  const turn = useSignal(0);
  const outcome = useSignal<Outcome>(undefined);
  const { answer, failed } = useAsked<SessionsAnswer>('/api/v1/me/sessions', turn.value).value;
  const rows = answer?.items ?? [];
  const end = async ({ id, address }: SessionView): Promise<void> => {
    outcome.value = 'asking';
    const sent = await send('DELETE', `/api/v1/me/sessions/${id}`);
    outcome.value = sent.ok ? { done: `The browser from ${address} is signed out.` } : sent;
    turn.value += 1;
  };
  return (
    <Section id="sessions" title="Your browsers" count={answer ? String(rows.length) : ''}>
      <Told outcome={outcome.value} />
      {rows.length > 0 ? (
        <Table
          name="sessions"
          caption="Browsers that are signed in with your name"
          rows={rows}
          keyOf={({ id }) => id}
          columns={[
            {
              title: 'From',
              class: 'name plain',
              names: true,
              cell: ({ address, own }) => (
                <>
                  <Raw text={address || 'unknown'} />
                  {own && <span class="quiet"> (this one)</span>}
                </>
              ),
            },
            { title: 'Signed in', class: 'instant', cell: ({ createdAt }) => <Moment instant={createdAt} now={now} /> },
            { title: 'Last seen', class: 'instant', cell: ({ seenAt }) => <Moment instant={seenAt} now={now} /> },
            {
              title: 'Change',
              class: 'acts plain',
              cell: (one) =>
                !one.own && (
                  <button type="button" onClick={() => void end(one)}>
                    Sign out <span class="unseen">the browser from {one.address}</span>
                  </button>
                ),
            },
          ]}
        />
      ) : (
        <Nothing>{failed ? 'The collector did not answer.' : answer ? 'None.' : 'Asking the collector…'}</Nothing>
      )}
    </Section>
  );
}
