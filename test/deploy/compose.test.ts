import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse as parseToml } from 'smol-toml';
import { parse } from 'yaml';
import { parseConfig } from '../../collector/config.ts';
import { testDirectory } from '../helpers/directory.ts';
import { top } from '../helpers/packaged-files.ts';

const folder = join(top, 'deploy/container');

interface Service {
  image: string;
  ports?: string[];
  environment?: Record<string, string>;
  secrets: string[];
  volumes: string[];
}

test('in the compose file the collector is led to the database beside it, which is this machine’s alone', (t) => {
  const { services, secrets, volumes } = parse(readFileSync(join(folder, 'compose.yaml'), 'utf8'), {
    strict: true,
  }) as {
    services: { collector: Service & Record<string, unknown>; database: Service };
    secrets: object;
    volumes: object;
  };
  const { collector, database } = services;
  t.like(collector, {
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    network_mode: 'host',
  });
  const text = readFileSync(join(folder, 'collector.toml'), 'utf8');
  const read = parseConfig(text, 'collector.toml', undefined, { env: {}, home: '/nonexistent', isRoot: false });
  t.true(read.ok, read.ok ? '' : read.failure.join('\n'));
  const settings = parseToml(text) as Record<string, string>;
  const store = new URL(settings['store'] ?? '');
  const { POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD_FILE } = database.environment ?? {};
  t.is(store.href, `postgres://${POSTGRES_USER}@127.0.0.1:5432/${POSTGRES_DB}`);
  t.deepEqual(database.ports, ['127.0.0.1:5432:5432']);
  const [secret] = Object.keys(secrets);
  for (const file of [settings['store_password_file'], POSTGRES_PASSWORD_FILE]) t.is(file, `/run/secrets/${secret}`);
  for (const { secrets: own } of [collector, database]) t.deepEqual(own, [secret ?? '']);
  const named = [collector, database].flatMap((service) => service.volumes.map((volume) => volume.split(':')[0] ?? ''));
  for (const name of named)
    t.true(name.startsWith('./') ? existsSync(join(folder, name)) : Object.hasOwn(volumes, name), name);
});

const compose = '/usr/bin/docker-compose';
const isTold = process.env['CERTHERD_FULL'] === '1' && existsSync(compose);
const withCompose = isTold ? test : test.skip;

withCompose(`compose itself understands the file${isTold ? '' : ' (--full, with docker-compose)'}`, (t) => {
  const directory = testDirectory(t);
  for (const name of ['compose.yaml', 'collector.toml']) copyFileSync(join(folder, name), join(directory, name));
  writeFileSync(join(directory, 'database-password'), 'secret\n');
  const read = (name: string) => execFileSync(compose, ['--file', name, 'config'], { cwd: directory, stdio: 'pipe' });
  t.regex(read('compose.yaml').toString(), /network_mode: host/);
  const text = readFileSync(join(directory, 'compose.yaml'), 'utf8');
  writeFileSync(join(directory, 'misspelt.yaml'), text.replace('read_only', 'read_onyl'));
  t.throws(() => read('misspelt.yaml'));
});
