import type { Diagnosis } from '@certherd/command-line/diagnosis';
import { failed, success } from '@certherd/protocol/failure';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import type { ActFacts } from '../../../agent/doctor/gather/act.ts';
import type { Installation } from '../../../agent/doctor/gather/installation.ts';
import { judgeAct } from '../../../agent/doctor/judge/act.ts';
import { judgeClock, toleratedMs } from '../../../agent/doctor/judge/clock.ts';
import { judgeCollector } from '../../../agent/doctor/judge/collector.ts';
import { judgeDaemon } from '../../../agent/doctor/judge/daemon.ts';
import { judgeLimits, least } from '../../../agent/doctor/judge/limits.ts';
import { judgeNames } from '../../../agent/doctor/judge/names.ts';
import { judgeProxy } from '../../../agent/doctor/judge/proxy.ts';
import { judgeRights } from '../../../agent/doctor/judge/rights.ts';
import { judgeState, leastBytes, leastFiles } from '../../../agent/doctor/judge/state-directory.ts';
import { readUnit } from '../../../agent/formats/systemd-unit.ts';
import { protocolVersion } from '@certherd/protocol/version';
import { refusalWords } from '../../../agent/report/refusal-words.ts';
import { daemon, installation, service } from '../../helpers/example-installation.ts';

const now = Date.parse('2026-11-27T12:00:00Z');
const wrongs = (told: readonly Diagnosis[]) => told.filter((one) => one.verdict === 'wrong');

test('the state directory is fine exactly when it is its owner’s alone, can be written, and has room', (t) => {
  const facts = fc.record({
    uid: fc.constantFrom(0, 997),
    mode: fc.constantFrom(0o700, 0o750, 0o755, 0o777),
    freeBytes: fc.integer({ min: 0, max: 2 * leastBytes }),
    freeFiles: fc.option(fc.integer({ min: 0, max: 2 * leastFiles }), { nil: undefined }),
    isWritable: fc.boolean(),
    keyMode: fc.constantFrom(0o600, 0o640),
  });
  fc.assert(
    fc.property(facts, ({ uid, mode, freeBytes, freeFiles, isWritable, keyMode }) => {
      const told = judgeState({
        directory: '/var/lib/certherd-agent',
        found: { uid, gid: 0, mode },
        keyPath: '/var/lib/certherd-agent/agent-key.pem',
        key: { uid, gid: 0, mode: keyMode },
        ...(!isWritable && { unwritable: { reason: 'io-error', detail: 'EROFS' } }),
        space: { freeBytes, ...(freeFiles !== undefined && { freeFiles }) },
        owner: { uid: 997, name: 'certherd-agent' },
        ownUid: 0,
      });
      const isFine =
        uid === 997 &&
        mode === 0o700 &&
        keyMode === 0o600 &&
        isWritable &&
        freeBytes >= leastBytes &&
        (freeFiles ?? Infinity) >= leastFiles;
      t.is(
        told.every(({ verdict }) => verdict === 'ok'),
        isFine,
      );
      for (const one of wrongs(told)) t.true(one.verdict === 'wrong' && one.why !== '' && one.fix !== '');
    }),
  );
});

test('what only root may see is asked for with the settings that were named', (t) => {
  const hidden = { directory: '/srv/agent', found: { reason: 'permission-denied' as const, detail: '' }, keyPath: '' };
  const fix = (named?: string) => {
    const [told] = judgeState({ ...hidden, owner: { uid: 997, name: 'a' }, ownUid: 1000 }, named ? { named } : {});
    return told && 'fix' in told && told.fix;
  };
  t.is(fix(), 'sudo certherd-agent doctor');
  t.is(fix('/srv/my agent.toml'), "sudo certherd-agent doctor --config '/srv/my agent.toml'");
});

test('a clock that differs from all others is this one; where it agrees with one of them it is the other', (t) => {
  const keeper = { name: 'chronyd', hidden: false };
  const ahead = fc.integer({ min: -10 * toleratedMs, max: 10 * toleratedMs });
  fc.assert(
    fc.property(fc.array(ahead, { minLength: 1, maxLength: 4 }), (offsets) => {
      const others = offsets.map((aheadMs, index) => ({ whose: `ca-${index}.example`, aheadMs }));
      const off = others.filter(({ aheadMs }) => Math.abs(aheadMs) > toleratedMs);
      const told = wrongs(judgeClock(keeper, others, others.length));
      t.is(told.length, off.length);
      const isTheirs = off.length < others.length;
      for (const one of told) t.is(one.verdict === 'wrong' && one.fix.startsWith('On ca-'), isTheirs);
    }),
  );
  t.deepEqual(
    judgeClock(keeper, [], 0).map(({ verdict }) => verdict),
    ['ok'],
    'a host that asks nobody is not called wrong',
  );
  t.deepEqual(
    judgeClock(keeper, [], 1).map(({ verdict }) => verdict),
    ['not-told', 'ok'],
  );
});

test('limits are told exactly where they are narrow or nearly used up', (t) => {
  const limit = (most: number) =>
    fc.record({ used: fc.integer({ min: 0, max: most }), most: fc.integer({ min: 1, max: most }) });
  fc.assert(
    fc.property(limit(1024), limit(8192), limit(64), (descriptors, watches, instances) => {
      const told = judgeLimits(
        { whose: 'daemon', descriptors, watches, instances, glibc: '2.36', node: '24' },
        service.name,
      );
      const narrow = ({ used, most }: { used: number; most: number }, needed: number) =>
        most < needed || used >= most * 0.9;
      const expected = [
        narrow(watches, least.watches),
        narrow(instances, least.instances),
        narrow(descriptors, least.descriptors),
        false,
      ];
      t.deepEqual(
        told.map(({ verdict }) => verdict === 'wrong'),
        expected,
      );
    }),
  );
  const glibc = (version: string) => judgeLimits({ whose: 'own', glibc: version, node: '24' }).at(-1)?.verdict;
  t.deepEqual(['2.27', '2.28', '2.9', '3.0'].map(glibc), ['wrong', 'ok', 'wrong', 'ok']);
});

test('act: a socket that is missing, that nobody listens at, or that is closed to the agent, and directories that its unit keeps read-only', (t) => {
  const socket = { uid: 0, gid: 997, mode: 0o660 };
  const unit = (text: string) => ({ ...service, name: 'certherd-act@.service', settings: readUnit([text]) });
  const facts: ActFacts = {
    allowed: true,
    socketPath: '/run/certherd-agent/act.sock',
    socket: success(socket),
    listening: true,
    socketUnit: { ...service, name: 'certherd-act.socket' },
    actUnit: unit(
      '[Service]\nProtectSystem=strict\nReadWritePaths=-/etc/letsencrypt -/var/lib/letsencrypt -/var/log/letsencrypt\n',
    ),
    certbotDirectories: ['/etc/letsencrypt', '/var/lib/letsencrypt', '/var/log/letsencrypt'],
  };
  const fixOf = (change: Partial<ActFacts>) => {
    const [one] = judgeAct({ ...facts, ...change }, installation);
    return one?.verdict === 'wrong' ? one.fix : one?.verdict;
  };
  t.is(fixOf({}), 'ok');
  t.is(fixOf({ allowed: false, socket: failed('not-found', '') }), 'ok');
  t.is(fixOf({ socket: failed('not-found', '') }), 'systemctl enable --now certherd-act.socket');
  t.is(fixOf({ listening: false }), 'systemctl restart certherd-act.socket');
  const revert = 'systemctl revert certherd-act.socket && systemctl restart certherd-act.socket';
  t.is(fixOf({ socket: success({ ...socket, gid: 0 }) }), revert, 'another group');
  t.is(fixOf({ socket: success({ ...socket, mode: 0o600 }) }), revert, 'closed to the group');
  t.is(fixOf({ socket: success({ ...socket, mode: 0o666 }) }), revert, 'open to everybody');
  t.is(
    fixOf({ certbotDirectories: ['/etc/letsencrypt', '/srv/acme/work', '/var/log/letsencrypt-2'] }),
    'In "systemctl edit certherd-act@.service" put under [Service]: ReadWritePaths=/srv/acme/work, ReadWritePaths=/var/log/letsencrypt-2',
  );
  const asRoot = { ...installation, daemon: { ...daemon, uid: 0 } };
  t.is(judgeAct({ ...facts, socket: failed('not-found', '') }, asRoot)[0]?.verdict, 'ok', "root's agent needs none");
});

test('a daemon without the right to read, or with its state directory read-only, is told with the lines of a drop-in', (t) => {
  const rights = { ...daemon, capabilities: 0n, processesHidden: false, readOnlyMounts: [] };
  const told = (change: object) =>
    judgeRights({ own: undefined, unread: [], nothing: false }, { ...installation, daemon: { ...daemon, ...change } });
  t.deepEqual(
    told({ rights: { ...rights, capabilities: 4n } }).map(({ verdict }) => verdict),
    ['ok', 'ok'],
  );
  const [, read] = told({ capabilities: 0n, rights });
  t.is(
    read?.verdict === 'wrong' && read.fix,
    'In "systemctl edit certherd-agent.service" put under [Service]: AmbientCapabilities=CAP_DAC_READ_SEARCH, CapabilityBoundingSet=CAP_DAC_READ_SEARCH; then: systemctl restart certherd-agent.service',
  );
  const mount = { point: '/var', readOnly: true, writableElsewhere: true };
  const [, state] = told({ rights: { ...rights, capabilities: 4n }, mounts: [mount] });
  const own = { point: '/var/lib/certherd-agent', readOnly: false, writableElsewhere: true };
  const below = told({ rights: { ...rights, capabilities: 4n }, mounts: [mount, own] });
  t.deepEqual(
    below.map(({ verdict }) => verdict),
    ['ok', 'ok'],
    'a writable mount below a read-only one',
  );
  t.regex(state?.verdict === 'wrong' ? state.fix : '', /ReadWritePaths=\/var\/lib\/certherd-agent; then: /);
  t.is(told({})[1]?.verdict, 'not-told', 'what the mounts of another user’s process are is told to root alone');
});

test('units that are masked, not enabled or dead are told with the command that starts them', (t) => {
  const stopped = { ...installation, daemon: undefined };
  const fixOf = (unit: object, one: object = stopped) => {
    const { daemon: _gone, ...rest } = { ...one, service: { ...service, ...unit } } as Installation;
    return judgeDaemon(rest, now).map((each) => (each.verdict === 'wrong' ? each.fix : each.verdict));
  };
  t.deepEqual(fixOf({ active: false }), ['systemctl enable --now certherd-agent.service']);
  t.deepEqual(fixOf({ masked: true }), ['systemctl unmask certherd-agent.service']);
  t.deepEqual(fixOf({}), ['journalctl -u certherd-agent.service -n 20']);
  const notEnabled = { ...installation, service: { ...service, enabled: false } };
  t.deepEqual(
    wrongs(judgeDaemon(notEnabled, now)).map(({ check }) => check),
    ['daemon-boot'],
  );
});

test('what keeps the collector from this host is told, each with its own remedy', (t) => {
  const enrolment = { authority: 'collector.example:8443', collectorId: 'A' };
  const told = (change: object, status: Installation['status'] = installation.status) =>
    judgeCollector({ enrolment, ...change }, { ...installation, status }, now)[0];
  const greeting = { reached: true as const, collectorId: 'A', minVersion: 1, maxVersion: 2 };
  t.is(told({ answer: greeting })?.verdict, 'ok');
  t.is(
    told({ answer: { ...greeting, minVersion: protocolVersion + 1, maxVersion: protocolVersion + 2 } })?.check,
    'collector-versions',
  );
  t.is(told({ answer: { ...greeting, maxVersion: 0, minVersion: 0 } })?.check, 'collector-versions');
  t.is(told({ answer: { ...greeting, collectorId: 'B' } })?.check, 'collector-identity');
  const status = (why: string): Installation['status'] => ({
    read: {
      version: 1,
      pid: 42,
      host: 'web-1',
      agentVersion: '0.1.0',
      mode: 'deploy',
      startedAt: '2026-11-27T11:00:00.000Z',
      collector: { state: 'waiting', authority: enrolment.authority, why, until: now },
      eventsWaiting: 0,
    },
  });
  t.regex(told({}, status(refusalWords.revoked))?.says ?? '', /has revoked this host/);
  t.regex(told({}, status(refusalWords['identity-in-use']))?.says ?? '', /one of the two is a copy/);
  const full = judgeCollector(
    { enrolment, waiting: { count: 9000, most: 10_000, damaged: 0, oldestAt: '2026-11-27T10:00:00Z' } },
    installation,
    now,
  );
  t.regex(
    wrongs(full).find(({ check }) => check === 'collector-outbox')?.says ?? '',
    /^9000 of at most 10000 events wait for the collector, the oldest for 2 h$/,
  );
});

test('names, and a proxy that certbot would not use, are told with what is not reached', (t) => {
  const [name] = judgeNames({
    lookedUp: [{ name: 'acme.example', what: 'The CA', addresses: success([]) }],
    nameServers: ['192.0.2.53'],
  });
  t.is(name?.says, 'acme.example cannot be looked up: it has no address');
  t.is(
    name?.verdict === 'wrong' && name.fix,
    'getent ahosts acme.example asks once more; the resolvers are 192.0.2.53, from /etc/resolv.conf',
  );
  const facts = {
    whose: 'daemon' as const,
    variable: 'HTTPS_PROXY',
    address: { host: 'proxy.example', port: 3128 },
    reached: success(undefined),
  };
  t.deepEqual(wrongs(judgeProxy(facts, installation, ['shop'])), [], 'in mode deploy the agent runs no certbot');
  const renewing = { ...installation, config: { ...installation.config, mode: 'renew' as const } };
  const [unused] = wrongs(judgeProxy(facts, renewing, ['shop']));
  t.regex(
    unused?.verdict === 'wrong' ? unused.fix : '',
    /mode = "deploy".*Environment=HTTPS_PROXY=http:\/\/proxy\.example:3128$/,
  );
});
