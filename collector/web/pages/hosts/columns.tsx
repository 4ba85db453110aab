import { hostColumns, renewableWords } from '../../../present/host-list.ts';
import type { HostRow, Renewability } from '../../../present/host-rows.ts';
import type { HostView } from '../../../serve/estate.ts';
import { clockWords } from '../../../wording/duration.ts';
import { hostTone } from '../../../wording/words.ts';
import { drawn, type ListColumn } from '../../parts/list-column.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { HostLink } from '../../parts/place-links.tsx';

/** Every column of the list of hosts, in their order. */
export function columnsAt(now: Now): ListColumn<HostRow>[] {
  return drawn(hostColumns, {
    name: ({ host }) => <HostLink agentId={host.agentId} hostName={host.name} />,
    state: ({ host: { status } }) => <Mark tone={hostTone[status]} word={status} />,
    heard: ({ host }) => <Heard host={host} now={now} />,
    looked: ({ host: { observedAt } }) =>
      observedAt === undefined ? 'never' : <Moment instant={observedAt} now={now} />,
    clock: ({ host }) => clockWords(host.clockSkewSeconds),
    renewability: ({ renewability }) => <Renewable renewability={renewability} />,
  });
}

function Heard({ host: { connected, lastHeardAt, clockSkewSeconds }, now }: { host: HostView; now: Now }) {
  if (lastHeardAt === undefined) return <>never</>;
  return (
    <>
      <Moment instant={lastHeardAt} now={now} />
      {!connected && <span class="quiet below">not connected</span>}
      {clockSkewSeconds !== undefined && clockSkewSeconds !== 0 && (
        <span class="quiet below">clock {clockWords(clockSkewSeconds)}</span>
      )}
    </>
  );
}

/** How many of a host's lineages would renew today, as their rehearsals told. */
export function Renewable({ renewability }: { renewability: Renewability }) {
  const words = renewableWords(renewability);
  const { lineages, good, bad } = renewability;
  if (bad > 0) return <Mark tone="warning" word={words} />;
  return lineages === 0 || good === 0 ? <span class="quiet">{words}</span> : <>{words}</>;
}
