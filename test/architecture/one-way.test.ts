import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { type Import, importsOf, loadedBy, root, sources } from './imports.ts';

interface Rule {
  /** What may not be, as a sentence. */
  title: string;
  why: string;
  breaks: (one: Import) => boolean;
}

const folderOf = (file: string, top: string) =>
  file.startsWith(`${top}/`) ? (file.slice(top.length + 1).split('/')[0] ?? '') : '';

/** Position of a file in its sentence; undefined for files that stand beside it (ports, config) or compose it. */
const placeIn = (sentence: readonly string[], top: string) => (file: string) => {
  const place = sentence.indexOf(folderOf(file, top));
  return place < 0 ? undefined : place;
};
const agentPlace = placeIn(['formats', 'watch', 'observe', 'decide', 'act', 'report'], 'agent');
const collectorPlace = placeIn(['receive', 'store', 'evaluate', 'notify', 'scan', 'serve'], 'collector');
const runsForward = (place: (file: string) => number | undefined) => (one: Import) => {
  const from = place(one.from);
  const to = place(one.to);
  return from !== undefined && to !== undefined && to > from;
};

const io =
  /^(?:node:(?:fs|net|tls|http|https|http2|dgram|dns|child_process|worker_threads|cluster|readline|os|process|timers)(?:\/.*)?|chokidar|execa|ws|pino|pino-pretty|better-sqlite3|pg|fastify|esbuild)$/;
const pure =
  /^(?:agent\/(?:formats|decide|doctor\/judge)|collector\/doctor\/judge|collector\/(?:evaluate|inventory|present|wording)|protocol|x509)\//;

const rules: Rule[] = [
  {
    title: "the agent's stages import only backwards: formats, watch, observe, decide, act, report",
    why: 'a stage that knows a later one cannot be tested or replaced without it',
    breaks: runsForward(agentPlace),
  },
  {
    title: "the collector's stages import only backwards: receive, store, evaluate, notify, scan, serve",
    why: 'what is received must not depend on how it is stored, judged or shown',
    breaks: runsForward(collectorPlace),
  },
  {
    title: 'stages import neither the composing files nor the commands nor the real ports',
    why: 'a stage asks for what it needs through ports; only agent.ts, app.ts and the commands see everything',
    breaks: ({ from, to }) =>
      (agentPlace(from) !== undefined &&
        /^agent\/(?:agent|main|status|memory|changes)\.ts$|^agent\/(?:commands|system|doctor)\//.test(to)) ||
      (collectorPlace(from) !== undefined &&
        /^collector\/(?:app|main)\.ts$|^collector\/(?:commands|system|doctor)\//.test(to)),
  },
  {
    title: 'install imports only formats, ports and itself, and only the commands import it; doctor knows its places',
    why: 'it changes the host itself, which neither a stage nor the daemon may be able to',
    breaks: ({ from, to }) =>
      (from.startsWith('agent/install/') && /^agent\/(?!install\/|formats\/|(?:host-)?ports\.ts$)/.test(to)) ||
      (to.startsWith('agent/install/') &&
        !/^agent\/(?:install|commands)\//.test(from) &&
        !(to === 'agent/install/layout.ts' && from.startsWith('agent/doctor/'))),
  },
  {
    title: "install's plans import no IO",
    why: 'what would be done to a host can be told, and tested, without one',
    breaks: ({ from, to }) => from.startsWith('agent/install/') && io.test(to),
  },
  {
    title: 'formats, decide, evaluate, present, x509 and protocol import no IO',
    why: 'bytes, facts and an instant in, values out: so that every verdict can be replayed from its facts',
    breaks: ({ from, to }) => pure.test(from) && io.test(to),
  },
  {
    title: 'what the page and the commands present is in neither of them',
    why: 'a table that both show is made once, and a command line needs no browser',
    breaks: ({ from, to }) =>
      (/^collector\/(?!web\/)/.test(from) && to.startsWith('collector/web/')) ||
      (/^collector\/(?:present|wording)\//.test(from) && /^collector\/(?:web|commands)\//.test(to)),
  },
  {
    title: 'the protocol imports nothing but typebox and itself',
    why: 'it is what crosses the wire: a second agent, or a browser, must be able to use it',
    breaks: ({ from, to }) =>
      from.startsWith('protocol/') && !to.startsWith('protocol/') && !/^typebox(?:\/|$)/.test(to),
  },
  {
    title: "the command lines' shared part knows neither program, and no stage knows it",
    why: 'it words for terminals, which is the outermost layer',
    breaks: ({ from, to }) =>
      (from.startsWith('command-line/') && /^(?:agent|collector)\//.test(to)) ||
      ((agentPlace(from) !== undefined || collectorPlace(from) !== undefined) && to.startsWith('command-line/')),
  },
  {
    title: 'x509 imports nothing but the protocol, itself, and buffers and crypto of Node',
    why: 'agent and collector must read the same facts in a certificate, each for itself',
    breaks: ({ from, to }) => from.startsWith('x509/') && !/^(?:protocol|x509)\/|^node:(?:buffer|crypto)$/.test(to),
  },
  {
    title:
      'handshake imports nothing but the protocol, x509, itself, and what of Node a TLS connection takes; only three places dial',
    why: 'agent and collector must see the same in a handshake, and who may connect anywhere is read in a minute',
    breaks: ({ from, to }) =>
      (from.startsWith('handshake/') &&
        !/^(?:protocol|x509|handshake)\/|^node:(?:buffer|crypto|net|tls|stream|dns)$/.test(to)) ||
      (to === 'handshake/dialer.ts' && !/^(?:agent\/(?:system|commands)|collector\/scan)\//.test(from)),
  },
  {
    title: 'agent and collector do not import each other',
    why: 'they meet only in the protocol, and in what both read the same way',
    breaks: ({ from, to }) =>
      (from.startsWith('agent/') && to.startsWith('collector/')) ||
      (from.startsWith('collector/') && to.startsWith('agent/')),
  },
  {
    title: "programs are run only by the agent's system folder, and by the collector to speak to systemd",
    why: 'one place to look for what may be executed',
    breaks: ({ from, to }) =>
      /^(?:execa|node:child_process)$/.test(to) &&
      /^(?:agent|collector|protocol)\//.test(from) &&
      !(from.startsWith('agent/system/') || from === 'collector/system/sd-notify.ts'),
  },
  {
    title: 'of the agent only two files start a process without execa: act, and what speaks to systemd',
    why: 'what the service at rest may execute is read in a minute',
    breaks: ({ from, to }) =>
      to === 'node:child_process' &&
      from.startsWith('agent/') &&
      !['agent/system/actor.ts', 'agent/system/sd-notify.ts'].includes(from),
  },
  {
    title: 'only store/ talks to databases',
    why: 'store/ is the only place that knows SQL',
    breaks: ({ from, to }) =>
      /^(?:better-sqlite3|pg)$/.test(to) && from.startsWith('collector/') && !from.startsWith('collector/store/'),
  },
];

const all = ['agent', 'collector', 'command-line', 'protocol', 'x509', 'handshake'].flatMap(sources).flatMap(importsOf);

for (const { title, why, breaks } of rules) {
  test(title, (t) => {
    const broken = all.filter(breaks).map(({ from, to }) => `${from} imports ${to}`);
    t.deepEqual(broken, [], `because ${why}`);
  });
}

test('the daemon loads neither execa nor node-forge, and nothing that installs', (t) => {
  const loaded = ['agent/main.ts', 'agent/commands/run.ts'].flatMap((entry) => [...loadedBy(entry)]);
  t.true(loaded.includes('chokidar') && loaded.includes('ws'), 'the walk sees what the daemon does load');
  t.deepEqual(
    loaded.filter((name) => name === 'execa' || name === 'node-forge' || name.startsWith('agent/install/')),
    [],
    'because they cost 10 MB that an idle agent does not need',
  );
});

test('neither the daemon nor the serving collector loads anything of doctor', (t) => {
  const entries = ['agent/main.ts', 'agent/commands/run.ts', 'collector/main.ts', 'collector/commands/serve.ts'];
  const loaded = entries.flatMap((entry) => [...loadedBy(entry)]);
  t.deepEqual(
    loaded.filter((name) => /\/doctor\/|diagnos/.test(name)),
    [],
    'because what is asked once in a while must not be carried for years',
  );
  for (const program of ['agent', 'collector']) {
    const doctor = loadedBy(`${program}/commands/doctor.ts`);
    t.true(doctor.has(`${program}/doctor/doctor.ts`), 'the walk sees what the command loads');
  }
});

test('only main.ts ends the process, and the clock is read only at the edges', (t) => {
  const edges = /^(?:agent|collector)\/(?:main\.ts|system\/|commands\/|web\/)|^handshake\/dialer\.ts$/;
  for (const file of ['agent', 'collector', 'command-line', 'protocol', 'x509', 'handshake'].flatMap(sources)) {
    const text = fs.readFileSync(path.join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    if (!/^(?:agent|collector)\/main\.ts$/.test(file)) t.notRegex(text, /process\.exit\(/, file);
    if (!edges.test(file)) t.notRegex(text, /Date\.now\(|new Date\(\)|performance\.now\(|Math\.random\(/, file);
  }
});

test('no file or folder has a name that says nothing', (t) => {
  const names = ['agent', 'collector', 'command-line', 'protocol', 'x509', 'handshake', 'scripts', 'test'].flatMap(
    sources,
  );
  const banned = /(?:^|[/-])(?:utils?|helpers?|managers?|handlers?|misc|common|info|data)(?:[-./]|$)/;
  t.deepEqual(
    names.filter((name) => banned.test(name.replace(/^test\/helpers\/|^test\/[^/]+\/helpers\//, ''))),
    [],
  );
});

test('properties are drawn through test/helpers/properties, so that CI can draw the same ones again', (t) => {
  const drawing = ['test', 'scripts']
    .flatMap(sources)
    .filter((file) => /from 'fast-check'/.test(fs.readFileSync(path.join(root, file), 'utf8')));
  t.deepEqual(
    drawing.filter((file) => file !== 'test/helpers/properties.ts' && file !== 'test/architecture/one-way.test.ts'),
    [],
  );
});
