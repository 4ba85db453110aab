import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { freshSecret } from './accounts/secret.ts';
import { type Authority, formatAuthority } from './authority.ts';
import { driveCampaigns } from './campaigns/drive.ts';
import { haltedConcerns } from './campaigns/halted-concerns.ts';
import { operateCampaigns } from './campaigns/operate.ts';
import type { Config } from './config.ts';
import { startFailure } from './failure.ts';
import { makeJoins } from './join-tokens.ts';
import type { Clock, Ports } from './ports.ts';
import { admissionLimits } from './receive/admission.ts';
import { createEndings } from './receive/endings.ts';
import { followElsewhere } from './receive/elsewhere.ts';
import { createFrameReader } from './receive/frames.ts';
import { createRefusals } from './receive/gate.ts';
import { openAgentListener } from './receive/listener.ts';
import { createLiveness } from './receive/liveness.ts';
import type { Changed, Topic } from './receive/records.ts';
import { createSessions } from './receive/sessions.ts';
import { createPartsRoom } from './receive/snapshot-parts.ts';
import { loadTlsIdentity } from './receive/tls-identity.ts';
import { startOutside } from './outside.ts';
import { keepRequests } from './requests.ts';
import { standingProbe } from './scan/standing-probe.ts';
import { linkHash } from './serve/access/sign-in.ts';
import { createEntityTags } from './serve/api/entity-tag.ts';
import { createRateLimit } from './serve/api/rate-limit.ts';
import { openControl } from './serve/control.ts';
import { keepHistory } from './serve/host-histories.ts';
import { keepEstate, type KeptEstateNeeds } from './serve/kept-estate.ts';
import { inventoryNeeds } from './serve/inventory-needs.ts';
import { keepWall } from './serve/keep-wall.ts';
import { createLive } from './serve/live.ts';
import { readPageFiles, type PageFiles } from './serve/page-files.ts';
import { openWebServer } from './serve/web-server.ts';
import { removeLeftovers } from './store/sqlite/backup.ts';
import { lockDirectory, prepareDirectory } from './store/directory.ts';
import { keepBounds, vouchedTime } from './store/retention.ts';
import { openStore } from './store/open.ts';
import { startTelling } from './telling.ts';
import { sqliteFor } from './store/sqlite/sqlite.ts';
import { ownUse } from './system/own-use.ts';
import { readSecret, readText } from './system/secret-files.ts';
import { collectorVersion } from './version.ts';
import { webUrlOf } from './web-url.ts';

/** How long the link for the first user is good. */
const setUpMs = 3_600_000;
/** Of one address: far more than pages and scripts need, and far less than would be felt. */
const apiRate = { perSecond: 100, burst: 1_000 };

/** A collector that serves. Hosts are those that were asked to listen on, ports the real ones. */
export interface Collector {
  agentAddress: Authority;
  webAddress: Authority;
  /** "https://certherd.example:8480": as browsers are to be told it. */
  webUrl: string;
  /** The secret of a link by which the first user is made, once and within an hour; undefined: there is a user. */
  setUp: string | undefined;
  /** Of the page's listener: "GET /api/v1/estate". */
  webRoutes: readonly string[];
  /** No agent was enrolled when it started. */
  isNew: boolean;
  /** Hosts that are enrolled, and those of them that are connected now. */
  hosts: () => Promise<{ enrolled: number; connected: number }>;
  /** Ends connections, keeps what is to be kept, and lets go of the data directory. */
  close: () => Promise<void>;
}

/**
 * Composes every stage: receive, store, evaluate, serve. Rejects with a start failure (failure.ts), one line that
 * says what to do, when a port is taken or the data directory cannot be used; what was opened is closed again.
 */
export async function startCollector(
  config: Config,
  ports: Ports,
  pageFiles: () => Promise<PageFiles> = readPageFiles,
): Promise<Collector> {
  const closers: (() => void | Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    return { ...(await open(config, ports, pageFiles, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  config: Config,
  { clock, log }: Ports,
  pageFiles: () => Promise<PageFiles>,
  closers: (() => void | Promise<void>)[],
): Promise<Omit<Collector, 'close'>> {
  const startedAt = clock.now();
  const directory = orFail(prepareDirectory(config.dataDirectory));
  const sqlite = sqliteFor(directory);
  closers.push(orFail(lockDirectory(directory, orFail(sqlite))));
  removeLeftovers(directory, startedAt);
  const opened = await openStore({ ...config, dataDirectory: directory }, { clock, log }, sqlite);
  if (!opened.ok) throw startFailure(opened.failure.message);
  const store = opened.value;
  closers.push(store.close);
  const vouched = vouchedTime(clock, await store.newestAt());
  closers.push(store.lead(() => keepBounds({ ...store, vouched, clock, log }, config)));
  const identity = orFail(await loadTlsIdentity(directory, startedAt));
  const files = await pageFiles();

  const live = createLive(clock);
  closers.push(live.close);
  const lookers: (() => void)[] = [];
  const look = (): void => {
    for (const looker of lookers) looker();
  };
  // Nobody calls it before there is an estate: all that happens until then is read with it.
  const changed: Changed = (topics, agentIds) => estate.changed(topics, agentIds);
  const silentAfterMs = config.silentAfterSeconds * 1000;
  const heard = await store.lastHeard();
  const liveness = createLiveness({ records: store, heard, clock, log, silentAfterMs, changed });
  closers.push(liveness.close);
  const refusals = createRefusals();
  const sessions = createSessions();
  const endings = createEndings({ records: store, sessions, clock, log });
  closers.push(endings.close);
  const { presence: presenceOf, heardSince } = liveness;
  const publish: KeptEstateNeeds['publish'] = (change, revision) => {
    live.publish(change, revision);
    // That a host was heard once more is nobody's concern.
    if (change !== 'unreadable' && (change.hosts.length > 0 || change.gone.length > 0 || change.hostless)) look();
  };
  const { knownIssuers, transparency } = config;
  const { graceMs } = transparency;
  const estate = keepEstate({ store, presenceOf, heardSince, knownIssuers, graceMs, clock, log, publish });
  closers.push(estate.close);
  const requests = keepRequests({ ...store, hosts: estate.hosts, sessions, clock, log });
  closers.push(requests.close);
  const { current } = estate;
  const campaigns = operateCampaigns({
    campaigns: store.campaigns,
    estate: current,
    changed: look,
    now: () => clock.now(),
  });
  const driven = { campaigns: store.campaigns, estate: current, requests, changed: look };
  closers.push(store.lead(() => driveCampaigns({ ...driven, clock, log })));
  const changedElsewhere = (topics: readonly Topic[]): void => {
    changed(topics);
    requests.wake();
    look();
  };
  // Before anybody can say hello: only then are others asked whether they have the host.
  closers.push(followElsewhere({ records: store, sessions, liveness, clock, log, changed: changedElsewhere }));
  const isWritable = rarely(clock, async () => (await store.checkWritable(clock.now())).ok);
  const listener = await openAgentListener({
    listen: config.agentListen,
    identity,
    isWritable,
    limits: { ...admissionLimits, proxies: config.agentProxies },
    gate: {
      collectorId: store.collectorId,
      heartbeatSeconds: config.heartbeatSeconds,
      readFrame: createFrameReader(),
      records: store,
      sessions,
      endings,
      liveness,
      partsRoom: createPartsRoom(),
      asked: new Map(),
      refusals,
      changed,
      clock,
      log,
    },
  });
  closers.push(listener.close);
  await store.noteAgentAddress(formatAuthority(listener.address));

  const web = await openWebServer({
    listen: config.webListen,
    web: config.web,
    identity,
    accounts: store.accounts,
    pageFiles: files,
    page: config.notify.page,
    clock,
    log,
    live,
    campaigns,
    isWritable,
    estate: estate.current,
    wall: keepWall(estate.current, clock),
    tags: createEntityTags(randomBytes(6).toString('hex')),
    rateLimit: createRateLimit(clock, apiRate),
    collector: { version: collectorVersion, startedAt: new Date(startedAt).toISOString() },
    events: store.events,
    restorations: store.restorations,
    stays: store.stays,
    endpointStays: store.endpointStays,
    history: keepHistory({ hosts: estate.hosts, changes: store.changes, now: () => clock.now() }),
    der: store.der,
    requests: store.requests,
    findRequest: store.findRequest,
    ...inventoryNeeds(store, changed),
    targetStays: store.targets.stays,
    transparency: store.transparency,
    ask: requests.ask,
    async makeJoin(wish) {
      const place = { store, config, ownPin: identity.pin, hostName: hostname() };
      const made = await makeJoins({ ...wish, trust: config.publicTrust, count: 1 }, place);
      return made.ok ? { ok: true, value: made.value[0] ?? '' } : made;
    },
    telling: store.telling,
    answered: look,
    now: () => clock.now(),
    counts: async () => ({
      version: collectorVersion,
      startedAt,
      use: ownUse(),
      eventsTotal: await store.eventsTotal(),
      agentsConnected: liveness.connectedCount(),
      agentsWaiting: listener.waiting(),
      pagesConnected: live.followers(),
      refusals: refusals.totals(),
      channels: await store.telling.channels(),
    }),
  });
  closers.push(web.close);
  const { probe, read } = orFail(standingProbe(config, clock));
  const seen = () => changed(['targets']);
  closers.push(startOutside({ config, store, sessions, probe, read, estate, clock, log, changed: seen }));
  const telling = await startTelling({
    settings: config.notify,
    store,
    isShared: config.store !== undefined,
    async estate() {
      const { parts, hostless } = await estate.current();
      return { hosts: parts.hosts, hostless, campaigns: await haltedConcerns(store.campaigns, parts.hosts) };
    },
    isSilent: (agentId) => presenceOf(agentId).silent,
    isAwaited: liveness.isAwaited,
    isWritable,
    secrets: { readSecret, readText },
    clock,
    log,
  });
  closers.push(telling.close);
  lookers.push(telling.changed);
  const control = await openControl({ directory, log, clock, copyTo: store.copyTo, requests, campaigns });
  closers.push(control.close);
  return {
    agentAddress: listener.address,
    webAddress: web.address,
    webUrl: webUrlOf(config, web.address),
    webRoutes: web.routes,
    setUp: await offerSetUp(),
    // Not from the facts: reading those of a large fleet takes seconds, in which agents that come back would wait.
    isNew: (await store.hostCount()) === 0,
    hosts: async () => ({ enrolled: await store.hostCount(), connected: liveness.connectedCount() }),
  };

  /** Whoever starts it, or reads its log, may make the first user. */
  async function offerSetUp(): Promise<string | undefined> {
    if (await store.accounts.hasUsers()) return undefined;
    const secret = freshSecret();
    const kept = await store.accounts.keepSetUp(linkHash(secret), clock.now() + setUpMs);
    return kept.ok ? secret : undefined;
  }
}

/** Asks at most once a second: whoever may ask often must not cost a write each time. */
function rarely<T>(clock: Clock, ask: () => Promise<T>): () => Promise<T> {
  let last: { at: number; answer: Promise<T> } | undefined;
  return () => {
    const at = clock.monotonic();
    if (!last || at - last.at >= 1_000) last = { at, answer: ask() };
    return last.answer;
  };
}

function orFail<T>(result: { ok: true; value: T } | { ok: false; failure: string }): T {
  if (result.ok) return result.value;
  throw startFailure(result.failure);
}
