import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useAsked } from '../../live/asked.ts';
import { Moment, type Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { shortFingerprint } from '../../../wording/names.ts';

interface Stay {
  readonly address: string;
  readonly algorithm: string;
  readonly served: string;
  readonly from: string;
  readonly until?: string;
}

interface TargetStaysProps {
  readonly id: number;
  /** After each look there may be more. */
  readonly askedAt: string | undefined;
  readonly now: Now;
}

/** Which leaf each address presented from when until when, newest first. */
export function TargetStays({ id, askedAt, now }: TargetStaysProps) {
  const turn = useSignal(0);
  useEffect(() => {
    turn.value += 1;
  }, [askedAt, turn]);
  const { answer, failed } = useAsked<{ version: 1; items: Stay[] }>(`/api/v1/targets/${id}/history`, turn.value).value;
  const items = answer?.items ?? [];
  return (
    <Section id="stays" title="History" count={answer ? `${items.length}` : ''}>
      {items.length === 0 ? (
        <Nothing>
          {failed ? 'The collector does not answer.' : answer ? 'Nothing was presented yet.' : 'Asking the collector…'}
        </Nothing>
      ) : (
        <Table
          name="stays"
          caption="Which certificate each address presented, newest first"
          columns={columnsAt(now)}
          rows={items}
          keyOf={({ address, algorithm, from }) => `${address} ${algorithm} ${from}`}
        />
      )}
    </Section>
  );
}

function columnsAt(now: Now): Column<Stay>[] {
  return [
    {
      title: 'Address',
      names: true,
      class: 'name plain',
      cell: ({ address, algorithm }) => (
        <>
          <Raw text={address} limit={60} /> <span class="quiet algorithm">{algorithm}</span>
        </>
      ),
    },
    {
      title: 'Presented',
      class: 'served',
      cell: ({ served }) => (
        <span class="code" title={`SHA-256 ${served}`}>
          {shortFingerprint(served)}
        </span>
      ),
    },
    { title: 'From', class: 'from', cell: ({ from }) => <Moment instant={from} now={now} /> },
    {
      title: 'Until',
      class: 'until',
      cell: ({ until }) => (until === undefined ? 'now' : <Moment instant={until} now={now} />),
    },
  ];
}
