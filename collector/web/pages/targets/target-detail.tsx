import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { FindingView, TargetView } from '../../../serve/estate.ts';
import { mayChange } from '../../../present/may.ts';
import { type TargetPlaceRow, targetRowsOf, vantageOf } from '../../../present/target-rows.ts';
import { sendChange } from '../../live/change.ts';
import type { PageProps } from '../../pages.ts';
import { CopyCommand } from '../../parts/copy-command.tsx';
import { LabelList } from '../../parts/label-list.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import type { Router } from '../../route/router.ts';
import { coarse } from '../../../wording/duration.ts';
import { severityTone } from '../../../wording/words.ts';
import { PlaceCard } from './place-card.tsx';
import { TargetStays } from './target-stays.tsx';

/** Everything that is known of one target from one vantage. */
export function TargetDetail({ id, known: { estate }, now, me, router }: PageProps & { readonly id: number }) {
  const target = estate.targets.find((one) => one.id === id);
  const rows = useMemo(
    () => (target ? targetRowsOf({ targets: [target], findings: estate.findings }) : []),
    [target, estate.findings],
  );
  return (
    <>
      <p class="crumb">
        <a href="/targets">Targets</a>
      </p>
      {target === undefined ? (
        <>
          <h1>No such target</h1>
          <Nothing>It was removed, or never asked.</Nothing>
        </>
      ) : (
        <>
          <header class="detail-head">
            <h1>
              <Raw text={target.target} limit={300} />
            </h1>
            <span>
              seen from <Raw text={vantageOf(target)} limit={120} />
            </span>
          </header>
          <div class="card">
            <LabelList labels={target.labels ?? {}} />
            <Facts target={target} now={now} />
            {mayChange(me) && <Change target={target} router={router} />}
          </div>
          <Findings rows={rows} />
          <Section id="places" title="Addresses" count={`${target.places.length}`}>
            {target.places.length === 0 && (
              <Nothing>
                {target.failure ? <Raw text={rows[0]?.failure ?? ''} limit={1000} /> : 'It has not been asked yet.'}
              </Nothing>
            )}
            <ul class="cards">
              {target.places.map((place) => (
                <li key={`${place.address} ${place.algorithm}`} class="card">
                  <PlaceCard place={place} now={now} isKnown={isKnown(estate.certificates, place.served)} />
                </li>
              ))}
            </ul>
          </Section>
          <TargetStays id={target.id} askedAt={target.askedAt} now={now} />
        </>
      )}
    </>
  );
}

function isKnown(certificates: readonly { fingerprint: string }[], served: string | undefined): boolean {
  return certificates.some(({ fingerprint }) => fingerprint === served);
}

function Facts({ target, now }: { target: TargetView; now: Now }) {
  const { askedAt, wanted, everySeconds, setAt, setBy, leftOut, notTold } = target;
  return (
    <dl class="evidence">
      <div>
        <dt>Last look</dt>
        <dd>
          {askedAt === undefined ? 'never' : <Moment instant={askedAt} now={now} />}
          {wanted && ', asked for now'}
        </dd>
      </div>
      <div>
        <dt>Every</dt>
        <dd>{coarse(everySeconds * 1000)}</dd>
      </div>
      <div>
        <dt>Set by</dt>
        <dd>
          <Raw text={setBy} limit={100} />, <Moment instant={setAt} now={now} />
        </dd>
      </div>
      {leftOut > 0 && (
        <div>
          <dt>Not asked</dt>
          <dd>{leftOut} more addresses of this name</dd>
        </div>
      )}
      {notTold && (
        <div>
          <dt>Not told</dt>
          <dd>
            <Raw text={notTold.detail} limit={300} />
          </dd>
        </div>
      )}
    </dl>
  );
}

/** A look before its time, and the end of all looks. */
function Change({ target, router }: { target: TargetView; router: Router }) {
  const sure = useSignal(false);
  const says = useSignal('');
  const look = async (): Promise<void> => {
    const sent = await sendChange({ method: 'POST', path: `targets/${target.id}/look` });
    says.value = sent.ok ? '' : `Not asked: ${sent.why}`;
  };
  const remove = async (): Promise<void> => {
    const sent = await sendChange({ method: 'DELETE', path: `targets/${target.id}` });
    if (sent.ok) router.go('/targets');
    else says.value = `Not removed: ${sent.why}`;
  };
  return (
    <div class="asking">
      <button type="button" aria-disabled={target.wanted === true} onClick={() => void look()}>
        {target.wanted ? 'Asked for now…' : 'Look now'}
      </button>
      {sure.value ? (
        <span class="sure" role="group" aria-label="Are you sure?">
          <span>Its history goes, too:</span>
          <button type="button" class="firm" onClick={() => void remove()}>
            Remove it now
          </button>
          <button type="button" onClick={() => (sure.value = false)}>
            Leave it
          </button>
        </span>
      ) : (
        <button type="button" onClick={() => (sure.value = true)}>
          Remove…
        </button>
      )}
      <output aria-live="polite">{says.value !== '' && <Raw text={says.value} limit={1000} />}</output>
    </div>
  );
}

function Findings({ rows }: { rows: readonly TargetPlaceRow[] }) {
  const findings = [...new Map(rows.flatMap((row) => row.findings).map((one) => [keyOf(one), one])).values()];
  if (findings.length === 0) return null;
  return (
    <Section id="findings" title="Findings" count={`${findings.length}`}>
      <ul class="cards">
        {findings.map((finding) => (
          <li key={keyOf(finding)} class="card">
            <p class="holder">
              <Mark tone={severityTone[finding.severity]} word={finding.severity} />
              <a class="quiet" href={`/findings#${finding.code}`}>
                {finding.code}
              </a>
              <Raw text={finding.cause} limit={1000} />
            </p>
            {finding.remedy.startsWith('certherd-') ? (
              <CopyCommand command={finding.remedy} label="remedy" />
            ) : (
              <p>
                <span class="quiet">Remedy:</span> <Raw text={finding.remedy} limit={2000} />
              </p>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function keyOf({ agentId, code, subject }: FindingView): string {
  return JSON.stringify([agentId, code, subject.id]);
}
