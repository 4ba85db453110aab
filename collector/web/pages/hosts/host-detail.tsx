import { useMemo } from 'preact/hooks';
import type { HostView } from '../../../serve/estate.ts';
import { renewabilityOf } from '../../../present/host-rows.ts';
import type { Needs as AllNeeds } from '../../../present/needs.ts';
import { useHostEvents } from '../../live/host-events.ts';
import type { PageProps } from '../../pages.ts';
import { AskButtons } from '../../parts/ask-buttons.tsx';
import { Endpoints } from '../../parts/endpoints.tsx';
import { Events } from '../../parts/events.tsx';
import { LabelList } from '../../parts/label-list.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { Needs } from '../../parts/needs.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { addressOf } from '../../route/address.ts';
import { clockWords } from '../../../wording/duration.ts';
import { hostTone, modeWords } from '../../../wording/words.ts';
import { Renewable } from './columns.tsx';
import { Lineages } from './lineages.tsx';

/** Everything that is known of one host. */
export function HostDetail({ agentId, ...props }: PageProps & { readonly agentId: string }) {
  const host = props.known.estate.hosts.find((one) => one.agentId === agentId);
  return (
    <>
      <p class="crumb">
        <a href="/hosts">Hosts</a>
      </p>
      {host === undefined ? (
        <>
          <h1>No such host</h1>
          <Nothing>
            No host is enrolled as <Raw text={agentId} limit={100} />.
          </Nothing>
        </>
      ) : (
        <Known host={host} {...props} />
      )}
    </>
  );
}

function Known({ host, known: { estate, needs }, now, me }: PageProps & { readonly host: HostView }) {
  const { agentId, name } = host;
  const own = useMemo(
    () => ({ needs: needsOn(needs, agentId), ...partsOn(estate, agentId) }),
    [estate, needs, agentId],
  );
  const events = useHostEvents(agentId, estate.events);
  const total = own.needs.pressing.length + own.needs.notices.length;
  return (
    <>
      <header class="detail-head">
        <h1>
          <Raw text={name} limit={200} />
        </h1>
        <Mark tone={hostTone[host.status]} word={host.status} />
        <span>
          <Raw text={host.reason} limit={500} />
        </span>
      </header>
      <div class="card">
        <LabelList labels={host.labels ?? {}} />
        <HostFacts host={host} lineages={own.lineages} now={now} />
        <AskButtons
          agentId={agentId}
          hostName={name}
          offers={host.connected ? [{ verb: 'rescan', subject: name, name }] : []}
          reason={`on the page of ${name}`.slice(0, 1000)}
          me={me}
        />
      </div>
      <Section id="findings" title="Findings" count={`${total}`}>
        {total === 0 && <Nothing>Nothing was found that a person should know.</Nothing>}
        <Needs needs={own.needs} now={now} me={me} />
      </Section>
      <Lineages host={host} lineages={own.lineages} me={me} now={now} />
      <Endpoints endpoints={own.endpoints} now={now} />
      <p class="beside">
        <a href={addressOf('certificates', undefined, new URLSearchParams({ q: name }))}>Certificates of this host</a>
      </p>
      <Events events={events} now={now} />
    </>
  );
}

function needsOn({ pressing, notices }: AllNeeds, agentId: string): AllNeeds {
  const isOwn = (need: AllNeeds['pressing'][number]): boolean => need.agentId === agentId;
  return { pressing: pressing.filter(isOwn), notices: notices.filter(isOwn) };
}

function partsOn({ lineages, endpoints }: PageProps['known']['estate'], agentId: string) {
  return {
    lineages: lineages.filter((one) => one.agentId === agentId),
    endpoints: endpoints.filter((one) => one.agentId === agentId),
  };
}

interface HostFactsProps {
  readonly host: HostView;
  readonly lineages: Parameters<typeof renewabilityOf>[0];
  readonly now: Now;
}

function HostFacts({ host, lineages, now }: HostFactsProps) {
  const { agentVersion, platform, mode, connected, enrolledAt, lastHeardAt, observedAt, conflictAt, revokedAt } = host;
  const instants = [
    ['Last heard', lastHeardAt],
    ['Last looked', observedAt],
    ['Enrolled', enrolledAt],
    ['Another machine presented its identity', conflictAt],
    ['Revoked', revokedAt],
  ] as const;
  return (
    <dl class="evidence">
      <div>
        <dt>Agent</dt>
        <dd>
          <Raw text={agentVersion} />, {connected ? 'connected' : 'not connected'}
          {mode !== undefined && `, ${modeWords[mode]}`}
        </dd>
      </div>
      <div>
        <dt>Platform</dt>
        <dd>
          <Raw text={platform === '' ? 'not told' : platform} />
        </dd>
      </div>
      <div>
        <dt>Clock</dt>
        <dd>{clockWords(host.clockSkewSeconds)}</dd>
      </div>
      <div>
        <dt>Renewable</dt>
        <dd>
          <Renewable renewability={renewabilityOf(lineages)} />
        </dd>
      </div>
      {instants.map(
        ([title, instant]) =>
          instant !== undefined && (
            <div key={title}>
              <dt>{title}</dt>
              <dd>
                <Moment instant={instant} now={now} />
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}
