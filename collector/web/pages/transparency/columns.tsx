import type { FindingView } from '../../../serve/estate.ts';
import type { TransparencyView } from '../../../serve/transparency-view.ts';
import { LifeBar } from '../../parts/life-bar.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import type { Column } from '../../parts/table.tsx';
import { severityTone } from '../../../wording/words.ts';

type Logged = TransparencyView['certificates'][number];
type Log = TransparencyView['logs'][number];
type Unlisted = TransparencyView['names'][number];
type Found = (subject: string) => FindingView | undefined;

/** Findings about what logs have and about logs, by what each is about. */
export function foundFor(findings: readonly FindingView[]): Found {
  const codes: readonly string[] = ['unexpected-certificate', 'log-not-read'];
  const about = new Map(findings.filter(({ code }) => codes.includes(code)).map((one) => [one.subject.id, one]));
  return (subject) => about.get(subject);
}

export function keyOf({ issuer, serialNumber }: Logged): string {
  return `${serialNumber} ${issuer}`;
}

/** As unexpected-certificate names it. */
function subjectOf({ names: [name = ''], serialNumber }: Logged): string {
  return `${name} ${serialNumber}`;
}

export function certificateColumns(found: Found, now: Now): readonly Column<Logged>[] {
  return [
    {
      title: 'Names',
      class: 'name',
      names: true,
      cell: ({ names }) => <Raw text={names.join(', ')} limit={200} />,
    },
    {
      title: 'State',
      class: 'state',
      cell: (one) => {
        const finding = found(subjectOf(one));
        if (finding) return <Mark tone={severityTone[finding.severity]} word={finding.code} />;
        if (Date.parse(one.notAfter) <= now.value) return <Mark tone="unknown" word="ended" />;
        return <Mark tone="notice" word="expected" />;
      },
    },
    { title: 'Issuer', class: 'issuer', cell: ({ issuer }) => <Raw text={issuer} limit={120} /> },
    {
      title: 'Serial number',
      class: 'serial',
      cell: ({ serialNumber, fingerprint }) => (
        <>
          <span class="code">
            <Raw text={serialNumber} limit={60} />
          </span>
          {fingerprint === undefined && <span class="quiet"> precertificate</span>}
        </>
      ),
    },
    { title: 'Valid', class: 'valid', cell: (one) => <LifeBar validity={one} now={now} brief /> },
    {
      title: 'Logged',
      class: 'logged-at',
      cell: ({ loggedAt, log, entry }) => (
        <>
          <Moment instant={loggedAt} now={now} />{' '}
          <span class="quiet">
            <Raw text={log} limit={80} /> {entry}
          </span>
        </>
      ),
    },
  ];
}

export function nameColumns(now: Now): readonly Column<Unlisted>[] {
  return [
    { title: 'Name', class: 'name', names: true, cell: ({ name }) => <Raw text={name} limit={200} /> },
    { title: 'Issuer', class: 'issuer', cell: ({ issuer }) => <Raw text={issuer} limit={120} /> },
    { title: 'Valid until', class: 'until', cell: ({ until }) => until.slice(0, 10) },
    { title: 'First logged', class: 'logged-at', cell: ({ loggedAt }) => <Moment instant={loggedAt} now={now} /> },
  ];
}

export function logColumns(found: Found, now: Now): readonly Column<Log>[] {
  return [
    { title: 'Log', class: 'name', names: true, cell: ({ log }) => <Raw text={log} limit={120} /> },
    {
      title: 'State',
      class: 'state',
      cell: ({ log, failure, readAt, size, proved }) => {
        const finding = found(log);
        if (finding) return <Mark tone={severityTone[finding.severity]} word={finding.code} />;
        if (failure) return <Mark tone="warning" word={failure.reason} />;
        const isRead = readAt !== undefined && proved >= size;
        return <Mark tone={isRead ? 'good' : 'notice'} word={isRead ? 'read' : 'being read'} />;
      },
    },
    { title: 'Proved', class: 'proved', cell: ({ proved, size }) => `${proved} of ${size}` },
    {
      title: 'Read to its end',
      class: 'read-at',
      cell: ({ readAt }) => (readAt === undefined ? 'never' : <Moment instant={readAt} now={now} />),
    },
    {
      title: 'Last error',
      class: 'failure',
      cell: ({ failure }) =>
        failure && (
          <>
            <Raw text={failure.detail} limit={300} />{' '}
            <span class="quiet">
              since <Moment instant={failure.since} now={now} />
            </span>
          </>
        ),
    },
  ];
}
